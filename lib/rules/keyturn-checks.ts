// SPDX-License-Identifier: Apache-2.0
// Our own rules beside AwsSolutions: KMS and Step Functions actions are always named, and `*` as a resource is for
// actions to which AWS gives no resource level, which are listed here.
import { type CfnResource, Stack } from 'aws-cdk-lib';
import { CfnManagedPolicy, CfnPolicy, CfnRole } from 'aws-cdk-lib/aws-iam';
import { CfnKey } from 'aws-cdk-lib/aws-kms';
import { NagMessageLevel, NagPack, NagRuleCompliance, type NagRuleResult } from 'cdk-nag';

/** Actions without resource-level permissions (AWS service authorization reference), as far as Keyturn needs them. */
const WITHOUT_RESOURCE_LEVEL: ReadonlySet<string> = new Set([
  'cloudhsm:CreateCluster',
  'cloudhsm:DescribeBackups',
  'cloudhsm:DescribeClusters',
  'ec2:DescribeNetworkInterfaceAttribute',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeSubnets',
  'ec2:DescribeVpcs',
  'kms:ConnectCustomKeyStore',
  'kms:CreateCustomKeyStore',
  'kms:CreateKey',
  'kms:DescribeCustomKeyStores',
  'kms:DisconnectCustomKeyStore',
  'kms:ListAliases',
  'kms:ListKeys',
  'kms:UpdateCustomKeyStore',
  'logs:CreateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:DescribeLogGroups',
  'logs:DescribeResourcePolicies',
  'logs:GetLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:UpdateLogDelivery',
  'xray:GetSamplingRules',
  'xray:GetSamplingTargets',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
]);

const NAMED_SERVICES = ['kms:', 'states:', 'cloudhsm:', 'dynamodb:', 'iam:'];

interface Statement {
  readonly Effect: string;
  readonly Action?: string | readonly string[];
  readonly Resource?: unknown;
}

const asList = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value as T];

/** Allow statements of a role, policy or key, as they are deployed. */
function allowed(node: CfnResource): readonly Statement[] {
  const documents: unknown[] = [];
  if (node instanceof CfnPolicy || node instanceof CfnManagedPolicy) {
    documents.push(node.policyDocument);
  } else if (node instanceof CfnKey) {
    documents.push(node.keyPolicy);
  } else if (node instanceof CfnRole) {
    const inline: unknown = Stack.of(node).resolve(node.policies);
    for (const policy of asList(inline as { policyDocument: unknown }[])) {
      documents.push(policy.policyDocument);
    }
  }
  return documents.flatMap((document) => {
    const resolved = Stack.of(node).resolve(document) as { Statement?: Statement[] } | undefined;
    return (resolved?.Statement ?? []).filter(({ Effect }) => Effect === 'Allow');
  });
}

function compliance(findings: readonly string[]): NagRuleResult {
  return findings.length === 0 ? NagRuleCompliance.COMPLIANT : [...new Set(findings)];
}

/** Wildcards in actions of services where one action too many matters. */
function wildcardActions(node: CfnResource): NagRuleResult {
  const actions = allowed(node).flatMap(({ Action }) => asList(Action));
  return compliance(
    actions.filter(
      (action) =>
        action === '*' ||
        (action.includes('*') && NAMED_SERVICES.some((service) => action.startsWith(service))),
    ),
  );
}

/** `*` as a resource of an action that could name one. Key policies say `*` for the key itself. */
function wildcardResources(node: CfnResource): NagRuleResult {
  if (node instanceof CfnKey) return NagRuleCompliance.NOT_APPLICABLE;
  const open = allowed(node).filter(({ Resource }) => asList(Resource).includes('*'));
  const actions = open.flatMap(({ Action }) => asList(Action));
  return compliance(actions.filter((action) => !WITHOUT_RESOURCE_LEVEL.has(action)));
}

/** The rule pack `Keyturn`. */
export class KeyturnChecks extends NagPack {
  readonly name = 'Keyturn';

  constructor() {
    super();
    this.packName = 'Keyturn';
  }

  protected checkResource(node: CfnResource): void {
    const level = NagMessageLevel.ERROR;
    this.applyRule({
      node,
      level,
      ruleSuffixOverride: 'NamedActions',
      info: 'A sensitive action is granted by wildcard.',
      explanation: 'A new action of the service would be granted without anybody deciding so.',
      rule: wildcardActions,
    });
    this.applyRule({
      node,
      level,
      ruleSuffixOverride: 'NamedResources',
      info: 'An action that has a resource level is granted on every resource.',
      explanation: 'Name the resource, or add the action to the list if AWS has no level for it.',
      rule: wildcardResources,
    });
  }
}
