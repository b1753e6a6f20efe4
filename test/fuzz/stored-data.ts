// SPDX-License-Identifier: Apache-2.0
// What routes of re-encryption and retirement are asked about.
import { placeHold } from '#core/operations/place-hold.ts';
import { register } from '#test/support/reencryption.ts';
import { PERMIT, type World } from '#test/support/world.ts';

/** What re-encryption and retirement are asked about. */
export async function withStoredData(world: World): Promise<void> {
  await register(world);
  await placeHold(world.deps, {
    key: 'orders',
    name: 'audit-2026',
    reason: 'asked',
    until: null,
    by: 'usr_alice',
    decision: PERMIT,
  });
}
