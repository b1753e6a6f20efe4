// SPDX-License-Identifier: Apache-2.0
// Put-, Get- and DeleteResourcePolicy: the policy that shares a backup with other accounts. It is kept and
// shown; there is one account here, so that nobody's access follows from it.
import { findBackup, requireBackupState } from '../../clusters/backups.ts';
import { invalidClusterRequest } from '../../clusters/find-cluster.ts';
import { text } from '../../protocol/members.ts';
import { type Call, operation } from '../../protocol/operation.ts';
import { optional } from '../../protocol/shape.ts';

const arnText = text(1, 256, {
  pattern:
    /^arn:aws(-us-gov)?:cloudhsm:[a-z0-9-]+:[0-9]{12}:(backup\/backup|cluster\/cluster|hsm\/hsm)-[2-7a-zA-Z]{11,16}$/,
});

function sharedBackup(call: Call, arn: string | undefined) {
  if (arn?.includes(':backup/') !== true) {
    throw invalidClusterRequest('ResourceArn must be the ARN of a backup.');
  }
  return findBackup(call, arn);
}

function requireDocument(policy: string | undefined): string {
  try {
    const document: unknown = JSON.parse(policy ?? '');
    if (typeof document === 'object' && document !== null && 'Statement' in document) {
      return policy ?? '';
    }
  } catch {
    throw invalidClusterRequest('Policy is not valid JSON.');
  }
  throw invalidClusterRequest('Policy has no Statement.');
}

/** @see https://docs.aws.amazon.com/cloudhsm/latest/APIReference/API_PutResourcePolicy.html */
export const putResourcePolicy = operation(
  'PutResourcePolicy',
  { ResourceArn: optional(arnText), Policy: optional(text(1, 20_000)) },
  (call, input) => {
    const backup = sharedBackup(call, input.ResourceArn);
    requireBackupState(backup, 'READY');
    const policy = requireDocument(input.Policy);
    call.emulator.store.backups.put({ ...backup, policy });
    return { ResourceArn: input.ResourceArn, Policy: policy };
  },
);

/** @see https://docs.aws.amazon.com/cloudhsm/latest/APIReference/API_GetResourcePolicy.html */
export const getResourcePolicy = operation(
  'GetResourcePolicy',
  { ResourceArn: optional(arnText) },
  (call, input) => {
    const { policy } = sharedBackup(call, input.ResourceArn);
    return policy === null ? {} : { Policy: policy };
  },
);

/** @see https://docs.aws.amazon.com/cloudhsm/latest/APIReference/API_DeleteResourcePolicy.html */
export const deleteResourcePolicy = operation(
  'DeleteResourcePolicy',
  { ResourceArn: optional(arnText) },
  (call, input) => {
    const backup = sharedBackup(call, input.ResourceArn);
    call.emulator.store.backups.put({ ...backup, policy: null });
    const shown = backup.policy === null ? {} : { Policy: backup.policy };
    return { ResourceArn: input.ResourceArn, ...shown };
  },
);
