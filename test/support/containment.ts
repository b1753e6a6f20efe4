// SPDX-License-Identifier: Apache-2.0
// A key that is stopped, with the proof.
import { containKey } from '#core/operations/contain-key.ts';
import type { Simulation } from './simulation.ts';
import { ALICE, PERMIT } from './world.ts';

/** Suspends `orders`, as proven. @returns the operation that did it */
export async function suspended(simulation: Simulation): Promise<string> {
  const { operationId } = await containKey(simulation.world.deps, {
    key: 'orders',
    version: null,
    kind: 'suspension',
    mode: 'locked',
    reason: 'odd use',
    occurredAt: null,
    isEmergency: false,
    by: ALICE.id,
    decision: PERMIT,
    claim: { scope: 'suspended', bodyHash: 'body' },
  });
  await simulation.run('revoke-key', operationId, 1);
  return operationId;
}
