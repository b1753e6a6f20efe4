// SPDX-License-Identifier: Apache-2.0
// What the functions of recovery may do. Who is asked for a recovery carries none out, and who carries it out opens no
// key: canaries are opened by the verifier's role alone (`verify-version`).
import type { Names } from '../names.ts';
import { type Grant, NO_RESOURCE_LEVEL } from './grant.ts';
import type { Duties, GrantContext } from './grant-context.ts';
import { writeTable } from './table-grants.ts';
import { networkGrants } from './workflow-grants.ts';

export type RecoveryFunction = 'manage-recoveries' | 'recover-key-store';

/** Machines whose executions wait for an HSM administrator. */
export const hsmAdminMachines = (names: Names) => [
  names.stateMachineArn('provision-key-store'),
  names.stateMachineArn('recover-key-store'),
];

/** Reads the password that `kmsuser` is given. */
export function passwordGrants(context: GrantContext): readonly Grant[] {
  return [
    { actions: ['secretsmanager:GetSecretValue'], resources: [context.keyStoreSecretArn] },
    {
      actions: ['kms:Decrypt'],
      resources: [context.tokenKeyArn],
      conditions: {
        StringEquals: { 'kms:ViaService': `secretsmanager.${context.table.region}.amazonaws.com` },
      },
    },
  ];
}

export const AT_RUN_TIME = 'clusters and backups exist only at run time';

/** Makes a cluster of a backup, with HSMs. */
export function restoreGrants({ names, cluster }: GrantContext): readonly Grant[] {
  return [
    ...networkGrants(names, cluster),
    {
      actions: ['cloudhsm:CreateCluster', 'cloudhsm:DescribeBackups', 'cloudhsm:DescribeClusters'],
      resources: ['*'],
      wildcardReason: NO_RESOURCE_LEVEL,
    },
    {
      actions: ['cloudhsm:CreateHsm', 'cloudhsm:TagResource'],
      resources: [names.arn('cloudhsm', 'cluster/*'), names.arn('cloudhsm', 'backup/*')],
      wildcardReason: AT_RUN_TIME,
    },
  ];
}

export function recoveryGrants(context: GrantContext): Pick<Duties, RecoveryFunction> {
  const { names, table } = context;
  return {
    'manage-recoveries': [
      ...writeTable(table),
      {
        actions: ['states:StartExecution'],
        resources: [names.stateMachineArn('approve'), names.stateMachineArn('recover-key-store')],
      },
    ],
    'recover-key-store': [
      ...writeTable(table),
      ...passwordGrants(context),
      ...restoreGrants(context),
      {
        actions: [
          'kms:ConnectCustomKeyStore',
          'kms:DescribeCustomKeyStores',
          'kms:DisconnectCustomKeyStore',
          'kms:UpdateCustomKeyStore',
        ],
        resources: ['*'],
        wildcardReason: NO_RESOURCE_LEVEL,
      },
    ],
  };
}
