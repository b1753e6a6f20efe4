// SPDX-License-Identifier: Apache-2.0
// What the functions of destruction may do. Who decides reaches no key; who takes keys away decides nothing and cannot
// give them back; who certifies only looks, and signs.
import { DUE_INDEX, LIST_INDEX } from '../../core/contract/table.ts';
import type { Duties, GrantContext } from './grant-context.ts';
import { writeTable } from './table-grants.ts';

export type DestructionFunction =
  | 'manage-destruction'
  | 'tend-destruction'
  | 'remove-version'
  | 'restore-version'
  | 'certify-destruction';

/** A key whose record was never written is the sweep's; these touch recorded ones. */
const RECORDED = { 'aws:ResourceTag/keyturn:recorded': 'true' };

export function destructionGrants({
  names,
  keys,
  table,
  noticeKeyArn,
}: GrantContext): Pick<Duties, DestructionFunction> {
  const rows = writeTable(table);
  const destroy = names.stateMachineArn('destroy-key');
  return {
    'manage-destruction': [
      ...writeTable(table, LIST_INDEX.name),
      keys.onKeys(['kms:GetKeyLastUsage']),
      {
        actions: ['states:StartExecution'],
        resources: [names.stateMachineArn('approve'), destroy],
      },
    ],
    'tend-destruction': [
      ...writeTable(table, DUE_INDEX.name),
      { actions: ['states:StartExecution'], resources: [destroy] },
    ],
    'remove-version': [
      ...rows,
      keys.onKeys(['kms:DisableKey', 'kms:DescribeKey'], { StringEquals: RECORDED }),
      // No window shorter than KMS's own least, and no key that somebody else made.
      keys.remove({
        StringEquals: RECORDED,
        NumericGreaterThanEquals: { 'kms:ScheduleKeyDeletionPendingWindowInDays': '7' },
      }),
    ],
    'restore-version': [
      ...rows,
      keys.onKeys(['kms:CancelKeyDeletion', 'kms:EnableKey', 'kms:DescribeKey'], {
        StringEquals: RECORDED,
      }),
    ],
    'certify-destruction': [
      ...rows,
      ...keys.look(),
      { actions: ['kms:Sign'], resources: [noticeKeyArn] },
    ],
  };
}
