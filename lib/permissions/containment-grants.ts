// SPDX-License-Identifier: Apache-2.0
// What the functions may do that stop keys. Neither can let a key be used again: no EnableKey, no start of `resume-key`.
import type { Grant } from './grant.ts';
import type { Duties, GrantContext } from './grant-context.ts';
import { writeTable } from './table-grants.ts';

export type ContainmentFunction = 'contain-keys' | 'enforce-containment';

/** The control plane's own keys carry no tag of a managed key: they are out of reach. */
export function containmentGrants({
  names,
  keys,
  table,
}: GrantContext): Pick<Duties, ContainmentFunction> {
  const stop: Grant = keys.onKeys([
    'kms:DisableKey',
    'kms:ListGrants',
    'kms:PutKeyPolicy',
    'kms:RevokeGrant',
  ]);
  return {
    'contain-keys': [
      ...writeTable(table),
      stop,
      {
        actions: ['states:StartExecution'],
        resources: [names.stateMachineArn('revoke-key'), names.stateMachineArn('approve')],
      },
    ],
    'enforce-containment': [...writeTable(table), stop],
  };
}
