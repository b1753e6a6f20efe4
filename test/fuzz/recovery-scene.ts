// SPDX-License-Identifier: Apache-2.0
// A recovery that stopped, and a drill of one that runs, for the routes that need them.
import { actOf } from '#core/approvals/acts/all.ts';
import { EXAMPLES } from '#core/contract/examples.ts';
import { executeApproved } from '#core/operations/execute-approved.ts';
import { parkRecovery } from '#core/recovery/key-store-recovery.ts';
import { ask, vote } from '#test/support/approvals.ts';
import { KEY_STORE, type World } from '#test/support/world.ts';
import { drillScene } from './drill-scene.ts';

const NEEDED = ['getRecovery', 'resumeRecovery'];

/** Bodies, paths and callers by route. */
export async function recoveryScene(world: World, route: string) {
  const drill = await drillScene(world, route);
  return {
    ...drill,
    bodies: { ...drill.bodies, startRecovery: EXAMPLES['StartRecoveryRequest'] },
    paths: { ...drill.paths, ...(await recoveryPaths(world, route)) },
  };
}

async function recoveryPaths(world: World, route: string) {
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
