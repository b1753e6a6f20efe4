// SPDX-License-Identifier: Apache-2.0
// The role of a workload that uses keys, through the API and directly against KMS. It may try any key of the stage;
// which keys open is said by their policies alone (`access` of the key).
import { CfnOutput } from 'aws-cdk-lib';
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { type Action, isPageRoute, ROUTES } from '../../core/contract/routes.ts';
import type { Settings } from '../config/settings.ts';
import { type Names, pascalCase } from '../names.ts';
import { acceptWildcards, type Grant, toPolicy } from '../permissions/grant.ts';
import { KeyGrants } from '../permissions/key-grants.ts';

/** What a workload calls; null are the public routes. */
const WORKLOAD_ACTIONS: readonly (Action | null)[] = [
  'key:read',
  'key:encrypt',
  'key:decrypt',
  'key:fetch-data-key',
  'rotation:acknowledge',
  'consumer:acknowledge-purge',
  null,
];

/** KMS operations of consumers and of the encryption libraries they use; no grants, no key management. */
const USE_OF_KEYS = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:GenerateMac',
  'kms:GetPublicKey',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
  'kms:Sign',
  'kms:Verify',
  'kms:VerifyMac',
];

export interface WorkloadRoleProps {
  readonly name: string;
  readonly settings: Settings;
  readonly names: Names;
  readonly api: RestApi;
}

/** See the file's head. */
export class WorkloadRole extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, props: WorkloadRoleProps) {
    super(scope, id);
    const { name, names, settings } = props;
    const grants = [
      ...invokeGrants(props),
      new KeyGrants(names, settings.stage).onKeys(USE_OF_KEYS),
    ];
    this.role = new Role(this, 'Role', {
      roleName: names.of(`workload-${name}`),
      description: `Consumer of keys: ${name}`,
      assumedBy: new AccountRootPrincipal(),
      inlinePolicies: { use: toPolicy(grants) },
    });
    acceptWildcards(this.role, grants);
    new CfnOutput(scope, `WorkloadRole${pascalCase(name)}Arn`, { value: this.role.roleArn });
  }
}

function invokeGrants({ api, settings }: WorkloadRoleProps): readonly Grant[] {
  const routes = Object.entries(ROUTES)
    .filter(([id, { action }]) => WORKLOAD_ACTIONS.includes(action) && !isPageRoute(id))
    .map(([, route]) => route);
  const resources = routes.map(({ method, path }) =>
    api.arnForExecuteApi(method, path.replace(/\{\w+\}/g, '*'), settings.stage),
  );
  return [
    {
      actions: ['execute-api:Invoke'],
      resources,
      wildcardReason: 'keys are named in the path; the function decides on each of them',
    },
  ];
}
