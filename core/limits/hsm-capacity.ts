// SPDX-License-Identifier: Apache-2.0
// The arithmetic of HSM capacity. A class keeps, for every key, the current version and those whose retention has not
// ended; a cluster that cannot hold that many will be full one day, so such a policy is refused with its numbers.
import { clusterCapacity } from '../contract/hsm-capacity.ts';
import { KeyturnError } from '../errors.ts';
import type { Instant } from '../keys/records.ts';
import type { ClassPolicy } from '../policies/classes.ts';
import type { Occupancy } from '../ports/ledger.ts';

const DAY_MS = 86_400_000;
/** Beyond, a forecast says nothing. */
const HORIZON_DAYS = 3650;

/** Versions that a class keeps of one key: the current one, and those replaced within the retention. */
export function versionsKept({ retentionDays, rotationDays }: ClassPolicy): number {
  return 1 + Math.ceil(retentionDays / rotationDays);
}

export interface ClassDemand extends Occupancy {
  readonly versionsKeptPerKey: number;
  readonly versionsWhenSteady: number;
  readonly versionsPerDay: number;
}

function demandOf(occupancy: Occupancy, policy: ClassPolicy | undefined): ClassDemand {
  const { keys, versions } = occupancy;
  // Keys of a class that is gone do not rotate by schedule: they stay as many as they are.
  const kept = policy ? versionsKept(policy) : 0;
  return {
    ...occupancy,
    versionsKeptPerKey: kept,
    versionsWhenSteady: policy ? keys * kept : versions,
    versionsPerDay: policy ? keys / policy.rotationDays : 0,
  };
}

export interface Forecast {
  readonly holds: number;
  readonly versions: number;
  readonly free: number;
  readonly classes: readonly ClassDemand[];
  readonly versionsWhenSteady: number;
  readonly isFeasible: boolean;
  readonly fullAt: Instant | null;
}

const total = <T>(items: readonly T[], of: (item: T) => number) =>
  items.reduce((sum, item) => sum + of(item), 0);

/** How full a cluster is and becomes. `fullAt` supposes that nothing is destroyed. */
export function forecast(
  hsmType: string,
  occupancies: readonly Occupancy[],
  policies: readonly ClassPolicy[],
  now: Instant,
): Forecast {
  const holds = clusterCapacity(hsmType);
  const classes = occupancies.map((one) =>
    demandOf(
      one,
      policies.find(({ name }) => name === one.class),
    ),
  );
  const versions = total(classes, (one) => one.versions);
  const versionsWhenSteady = total(classes, (one) => one.versionsWhenSteady);
  const perDay = total(classes, (one) => one.versionsPerDay);
  const days = perDay > 0 ? Math.max(0, holds - versions) / perDay : Number.POSITIVE_INFINITY;
  const isFar = days > HORIZON_DAYS;
  return {
    holds,
    versions,
    free: holds - versions,
    classes,
    versionsWhenSteady,
    isFeasible: versionsWhenSteady <= holds,
    fullAt: isFar ? null : new Date(Date.parse(now) + days * DAY_MS).toISOString(),
  };
}

/**
 * Refuses one more key of a class when the cluster could not hold what the classes then keep.
 * @throws KeyturnError `InfeasiblePolicy` with the arithmetic
 */
export function requireRoomForKey(
  hsmType: string,
  occupancies: readonly Occupancy[],
  policies: readonly ClassPolicy[],
  policy: ClassPolicy,
): void {
  const holds = clusterCapacity(hsmType);
  const classes = occupancies.map((one) =>
    demandOf(
      one,
      policies.find(({ name }) => name === one.class),
    ),
  );
  const already = total(classes, (one) => one.versionsWhenSteady);
  const kept = versionsKept(policy);
  if (already + kept <= holds) return;
  throw infeasible(
    `class ${policy.name} keeps 1 + ⌈${policy.retentionDays} d retention / ${policy.rotationDays} d rotation⌉ = ${kept} versions of a key; the keys there are keep ${already}; ${already} + ${kept} = ${already + kept} is more than the ${holds} keys that an ${hsmType} cluster holds. Rotate less often, retain for a shorter time, or use another cluster`,
    { kept, already, holds },
  );
}

/** @throws KeyturnError `InfeasiblePolicy` when not one more version finds a place */
export function requireRoomForVersion(hsmType: string, versions: number): void {
  const holds = clusterCapacity(hsmType);
  if (versions + 1 <= holds) return;
  throw infeasible(
    `the rotation makes one version: ${versions} + 1 = ${versions + 1} is more than the ${holds} keys that an ${hsmType} cluster holds. Destroy versions that nothing needs, or use another cluster`,
    { versions, holds },
  );
}

function infeasible(message: string, details: Readonly<Record<string, number>>): KeyturnError {
  return new KeyturnError('InfeasiblePolicy', message, { details });
}
