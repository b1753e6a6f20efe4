// SPDX-License-Identifier: Apache-2.0
// What the functions may do that stop keys, and the one that lets a scope of them be used again. None that stops can let a
// key be used again: no EnableKey, no start of `resume-key`; the one that can has no right at KMS.
import { LIST_INDEX, OWNER_INDEX } from '../../core/contract/table.ts';
import { brakeGrants } from './brake-policy.ts';
import type { Grant } from './grant.ts';
import type { Duties, GrantContext } from './grant-context.ts';
import { readTable, writeTable } from './table-grants.ts';

export type ContainmentFunction =
  | 'contain-keys'
  | 'enforce-containment'
  | 'lift-scopes'
  | 'manage-brakes'
  | 'apply-brakes'
  | 'serve-status';

/** The control plane's own keys carry no tag of a managed key: they are out of reach. */
export function containmentGrants({
  names,
  keys,
  table,
  noticeKeyArn,
  protectedRoles,
}: GrantContext): Pick<Duties, ContainmentFunction> {
  const stop: Grant = keys.onKeys([
    'kms:DisableKey',
    'kms:ListGrants',
    'kms:PutKeyPolicy',
    'kms:RevokeGrant',
  ]);
  return {
    'contain-keys': [
      ...writeTable(table, LIST_INDEX.name, OWNER_INDEX.name),
      stop,
      {
        actions: ['states:StartExecution'],
        resources: [
          names.stateMachineArn('revoke-key'),
          names.stateMachineArn('contain-scope'),
          names.stateMachineArn('approve'),
        ],
      },
    ],
    // Signs lists alone: its code gives the signature a type of its own.
    'serve-status': [
      ...readTable(table, LIST_INDEX.name, OWNER_INDEX.name),
      { actions: ['kms:Sign'], resources: [noticeKeyArn] },
    ],
    // Asks and shows. What it admits, the other one carries out, which takes nothing in.
    'manage-brakes': [
      ...writeTable(table, LIST_INDEX.name, OWNER_INDEX.name),
      { actions: ['states:StartExecution'], resources: [names.stateMachineArn('approve')] },
    ],
    'apply-brakes': [
      ...writeTable(table, LIST_INDEX.name, OWNER_INDEX.name),
      ...brakeGrants(names, protectedRoles),
    ],
    'lift-scopes': [
      ...writeTable(table, LIST_INDEX.name, OWNER_INDEX.name),
      { actions: ['states:StartExecution'], resources: [names.stateMachineArn('resume-key')] },
    ],
    // Of a scope it contains the keys one by one, and each is confirmed by a workflow of its own.
    'enforce-containment': [
      ...writeTable(table, LIST_INDEX.name, OWNER_INDEX.name),
      stop,
      keys.onKeys(['kms:DescribeKey', 'kms:GetKeyPolicy']),
      {
        actions: ['states:StartExecution'],
        resources: [names.stateMachineArn('revoke-key'), names.stateMachineArn('contain-scope')],
      },
    ],
  };
}
