// SPDX-License-Identifier: Apache-2.0
// What of a key store's HSMs somebody has to know. Pure: what CloudHSM shows, and how many keys are recorded.
import { clusterCapacity } from '../contract/hsm-capacity.ts';
import type { Instant } from '../keys/records.ts';
import type { FleetView, HsmView } from '../ports/hsm-fleet.ts';
import type { Occupancy } from '../ports/ledger.ts';

/** KMS creates keys only with active HSMs in two zones (KMS developer guide, "Create a CloudHSM key store"). */
export const ZONES_NEEDED = 2;
/** From here on a larger HSM type, or a second key store, has to be planned. */
export const NEARLY_FULL_PERCENT = 80;
/** CloudHSM takes a backup at least once a day (CloudHSM user guide, "Cluster backups"); two missed ones are no chance. */
export const MAX_BACKUP_AGE_HOURS = 48;

const HOUR = 3_600_000;

export type FleetFinding = 'one-zone' | 'nearly-full' | 'backup-missing';

export interface FleetJudgement {
  /** Zones with an active HSM. */
  readonly activeZones: number;
  readonly occupied: number;
  readonly capacity: number;
  readonly findings: readonly FleetFinding[];
}

/** Zones in which an HSM works. */
export function activeZonesOf(hsms: readonly HsmView[]): ReadonlySet<string> {
  return new Set(hsms.filter(({ state }) => state === 'ACTIVE').map(({ zone }) => zone));
}

/** Key versions that take a place in the cluster. */
export function occupiedBy(occupancies: readonly Occupancy[]): number {
  return occupancies.reduce((sum, { versions }) => sum + versions, 0);
}

/** @param occupied key versions recorded in the key store */
export function judgeFleet(view: FleetView, occupied: number, now: Instant): FleetJudgement {
  const activeZones = activeZonesOf(view.hsms).size;
  const capacity = clusterCapacity(view.hsmType);
  const { newestBackupAt } = view;
  const isOld =
    newestBackupAt === null ||
    Date.parse(now) - Date.parse(newestBackupAt) > MAX_BACKUP_AGE_HOURS * HOUR;
  const findings: FleetFinding[] = [
    ...(activeZones < ZONES_NEEDED ? (['one-zone'] as const) : []),
    ...(occupied * 100 >= capacity * NEARLY_FULL_PERCENT ? (['nearly-full'] as const) : []),
    ...(isOld ? (['backup-missing'] as const) : []),
  ];
  return { activeZones, occupied, capacity, findings };
}
