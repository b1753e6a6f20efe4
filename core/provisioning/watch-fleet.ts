// SPDX-License-Identifier: Apache-2.0
// Use case: one look at the HSMs of a key store. It judges them, and goes on with the change that is open.
import { isError } from '../errors.ts';
import type { HsmFleet } from '../ports/hsm-fleet.ts';
import { advanceFleetChange, type FleetDeps } from './change-fleet.ts';
import { type FleetFinding, judgeFleet, occupiedBy } from './judge-fleet.ts';
import type { FleetChange } from './records.ts';

export interface WatchedFleet {
  readonly findings: readonly FleetFinding[];
  /** The change that was open before this look, as it is after it. */
  readonly change: FleetChange | null;
  /** The change failed with this look: the next one does not say so again. */
  readonly hasFailed: boolean;
}

/**
 * @returns null for a key store that is not provisioned yet: it has nothing to watch
 * @throws KeyturnError `KeyStoreUnavailable` for a cluster that is gone, `DependencyUnavailable`
 */
export async function watchFleet(
  deps: FleetDeps & { readonly fleet: HsmFleet },
  name: string,
): Promise<WatchedFleet | null> {
  const record = await deps.ledger.readKeyStore(name);
  if (record?.state !== 'done' || record.clusterId === null) return null;
  const view = await deps.fleet.view(record.clusterId);
  const occupied = occupiedBy(await deps.ledger.readOccupancy(name));
  const { findings } = judgeFleet(view, occupied, deps.clock.now());
  try {
    const change = await advanceFleetChange(deps, name, view);
    return { findings, change, hasFailed: change?.state === 'failed' };
  } catch (error) {
    // Another look was faster; or the answer of CloudHSM was lost, and the next look sees what it did.
    if (!isError(error, 'RevisionConflict', 'DependencyUnavailable')) throw error;
    return { findings, change: record.fleet ?? null, hasFailed: false };
  }
}
