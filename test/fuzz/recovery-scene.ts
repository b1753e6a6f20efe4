// SPDX-License-Identifier: Apache-2.0
// A recovery that stopped, for the routes that need one.
import { actOf } from '#core/approvals/acts/all.ts';
import { executeApproved } from '#core/operations/execute-approved.ts';
import { parkRecovery } from '#core/recovery/key-store-recovery.ts';
import { ask, vote } from '#test/support/approvals.ts';
import { KEY_STORE, type World } from '#test/support/world.ts';

const NEEDED = ['getRecovery', 'resumeRecovery'];

/** Paths by route. */
export async function recoveryPaths(world: World, route: string) {
  if (!NEEDED.includes(route)) return {};
  const parameters = { keyStore: KEY_STORE, kind: 'key-store.restore', backupId: null };
  const approval = await ask(world, 'key-store.recover', { parameters });
  for (const user of ['bob', 'carol', 'dan']) await vote(world, approval, user);
  const { executedAs } = await executeApproved(world.deps, actOf, approval.id);
  const id = executedAs ?? '';
  const at = { keyStore: KEY_STORE, operationId: id, attempt: 1 };
  await parkRecovery(world.deps, at, 'stopped');
  return Object.fromEntries(NEEDED.map((one) => [one, { id }]));
}
