// SPDX-License-Identifier: Apache-2.0
// A state machine from an ASL file. The file's placeholders and what the stack binds must be the same set, in both
// directions: a placeholder without a value, or a value that no state uses any more, ends the synth.
import { existsSync, readFileSync } from 'node:fs';
import { RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Settings } from '../config/settings.ts';
import type { Names, WorkflowName } from '../names.ts';
import {
  acceptWildcards,
  complete,
  type Grant,
  NO_RESOURCE_LEVEL,
  toPolicy,
} from '../permissions/grant.ts';

export interface WorkflowProps {
  readonly name: WorkflowName;
  /** The ASL file. */
  readonly file: string;
  readonly settings: Settings;
  readonly names: Names;
  /** Functions by placeholder, such as `CreateVersionFn`; the machine may invoke exactly these. */
  readonly functions: Readonly<Record<string, IFunction>>;
  /** Other values by placeholder, such as `RotateKeyArn`. */
  readonly values: Readonly<Record<string, string>>;
  /** What the machine may do beside invoking its functions. */
  readonly grants: readonly Grant[];
}

/** See the file's head. */
export class Workflow extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, props: WorkflowProps) {
    super(scope, id);
    const definition = readDefinition(props.file);
    checkPlaceholders(props, definition);
    const arns = Object.entries(props.functions).map(([placeholder, lambda]) => [
      placeholder,
      lambda.functionArn,
    ]);
    const stateMachineName = props.names.of(props.name);
    this.stateMachine = new StateMachine(this, 'StateMachine', {
      stateMachineName,
      definitionBody: DefinitionBody.fromString(definition),
      definitionSubstitutions: { ...Object.fromEntries(arns), ...props.values },
      role: complete(this, this.#role(props, definition)),
      logs: {
        level: LogLevel.ALL,
        // Input and output of states stay out of the logs.
        includeExecutionData: false,
        destination: new LogGroup(this, 'Logs', {
          // The prefix keeps the account's log resource policy from growing with each machine.
          logGroupName: `/aws/vendedlogs/states/${stateMachineName}`,
          retention: props.settings.retention.logDays,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
      },
      tracingEnabled: props.settings.functions.tracing,
    });
  }

  #role(props: WorkflowProps, definition: string): Role {
    const grants = [
      ...invokeGrants(Object.values(props.functions)),
      ...props.grants,
      ...distributedMapGrants(props, definition),
      ...runtimeGrants(props.settings.functions.tracing),
    ];
    const role = new Role(this, 'Role', {
      roleName: props.names.of(`workflow-${props.name}`),
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': props.settings.account } },
      }),
      inlinePolicies: { duty: toPolicy(grants) },
    });
    acceptWildcards(role, grants);
    return role;
  }
}

/** Names of `${Placeholder}` in an ASL document, each once. */
export function placeholdersOf(definition: string): readonly string[] {
  const found = definition.matchAll(/\$\{([A-Za-z0-9]+)\}/g);
  return [...new Set([...found].map(([, name]) => name ?? ''))].sort();
}

/** @throws Error when the file is missing or is not JSON. */
export function readDefinition(file: string): string {
  if (!existsSync(file)) throw new Error(`no workflow file ${file}`);
  const definition = readFileSync(file, 'utf8');
  JSON.parse(definition);
  return definition;
}

function checkPlaceholders(props: WorkflowProps, definition: string): void {
  const inFile = new Set(placeholdersOf(definition));
  const bound = new Set([...Object.keys(props.functions), ...Object.keys(props.values)]);
  const unbound = [...inFile]
    .filter((one) => !bound.has(one))
    .map((name) => `\${${name}} has no value`);
  const unused = [...bound]
    .filter((one) => !inFile.has(one))
    .map((name) => `${name} is bound but not in the file`);
  if (unbound.length + unused.length === 0) return;
  throw new Error(`${props.file}: ${[...unbound, ...unused].join('; ')}`);
}

function invokeGrants(functions: readonly IFunction[]): readonly Grant[] {
  if (functions.length === 0) return [];
  const resources = functions.map(({ functionArn }) => functionArn);
  return [{ actions: ['lambda:InvokeFunction'], resources }];
}

/** A Distributed Map runs its items as child executions of the machine itself. */
function distributedMapGrants(
  { names, name }: WorkflowProps,
  definition: string,
): readonly Grant[] {
  if (!/"Mode"\s*:\s*"DISTRIBUTED"/.test(definition)) return [];
  const machine = names.of(name);
  return [
    { actions: ['states:StartExecution'], resources: [names.stateMachineArn(name)] },
    {
      actions: ['states:DescribeExecution', 'states:StopExecution'],
      resources: [names.arn('states', `execution:${machine}/*`)],
      wildcardReason: 'child executions of the map are named at run time',
    },
  ];
}

/** Delivery of logs and traces; AWS gives none of these actions a resource level. */
function runtimeGrants(tracing: boolean): readonly Grant[] {
  const logs: Grant = {
    actions: [
      'logs:CreateLogDelivery',
      'logs:DeleteLogDelivery',
      'logs:DescribeLogGroups',
      'logs:DescribeResourcePolicies',
      'logs:GetLogDelivery',
      'logs:ListLogDeliveries',
      'logs:PutResourcePolicy',
      'logs:UpdateLogDelivery',
    ],
    resources: ['*'],
    wildcardReason: NO_RESOURCE_LEVEL,
  };
  if (!tracing) return [logs];
  const traces: Grant = {
    actions: [
      'xray:GetSamplingRules',
      'xray:GetSamplingTargets',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ],
    resources: ['*'],
    wildcardReason: NO_RESOURCE_LEVEL,
  };
  return [logs, traces];
}
