// SPDX-License-Identifier: Apache-2.0
// The project's Lambda function: fixed name and role, exactly the grants and variables it is given, own log group.
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  Function as Lambda,
  LoggingFormat,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { environmentSchema, type FunctionName } from '../../core/contract/environment.ts';
import { FUNCTION_SIZES } from '../config/function-sizes.ts';
import type { Settings } from '../config/settings.ts';
import type { Names } from '../names.ts';
import {
  acceptWildcards,
  complete,
  type Grant,
  NO_RESOURCE_LEVEL,
  toPolicy,
} from '../permissions/grant.ts';

export interface LambdaFunctionProps {
  readonly name: FunctionName;
  readonly settings: Settings;
  readonly names: Names;
  /** Folder with the bundled `index.mjs`. */
  readonly codeFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly grants: readonly Grant[];
}

/** See the file's head. */
export class LambdaFunction extends Construct {
  readonly lambda: Lambda;

  constructor(scope: Construct, id: string, props: LambdaFunctionProps) {
    super(scope, id);
    checkEnvironment(props.name, props.environment);
    const { settings, name } = props;
    const size = FUNCTION_SIZES[name];
    const concurrency = settings.functions.reservedConcurrency[name];
    const functionName = props.names.of(name);
    const logGroup = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: settings.retention.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.lambda = new Lambda(this, 'Function', {
      functionName,
      runtime: Runtime.NODEJS_24_X,
      architecture:
        settings.functions.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
      handler: 'index.handler',
      code: Code.fromAsset(props.codeFolder),
      role: complete(this, this.#role(props)),
      environment: { ...props.environment },
      memorySize: size.memoryMb,
      timeout: Duration.seconds(size.timeoutSeconds),
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      tracing: settings.functions.tracing ? Tracing.ACTIVE : Tracing.DISABLED,
      ...(concurrency == null ? {} : { reservedConcurrentExecutions: concurrency }),
    });
  }

  #role({ name, names, grants, settings }: LambdaFunctionProps): Role {
    const all = [...grants, ...runtimeGrants(names, name, settings.functions.tracing)];
    const role = new Role(this, 'Role', {
      roleName: names.role(name),
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: { duty: toPolicy(all) },
    });
    acceptWildcards(role, all);
    return role;
  }
}

/** Own log streams, and traces where they are on. */
function runtimeGrants(names: Names, name: FunctionName, tracing: boolean): readonly Grant[] {
  const logs: Grant = {
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [names.arn('logs', `log-group:/aws/lambda/${names.of(name)}:log-stream:*`)],
    wildcardReason: 'Lambda names the log streams',
  };
  if (!tracing) return [logs];
  const traces = ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'];
  return [logs, { actions: traces, resources: ['*'], wildcardReason: NO_RESOURCE_LEVEL }];
}

/** @throws Error naming each variable that is missing, wrong or unknown to the function's schema. */
function checkEnvironment(name: FunctionName, environment: Readonly<Record<string, string>>): void {
  const parsed = environmentSchema(name).strict().safeParse(environment);
  if (parsed.success) return;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Error(`environment of function ${name} is not valid: ${issues.join('; ')}`);
}
