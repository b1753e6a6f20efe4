// SPDX-License-Identifier: Apache-2.0
// What of drills somebody has to know, and the figures of a report. Pure.
import type { Instant } from '../keys/records.ts';
import { later } from '../operations/admit-operation.ts';
import type { KeyStoreRecord } from '../provisioning/records.ts';
import { phaseStart } from './advance-drill.ts';
import type { DrillRecord } from './records.ts';

/** A quarter, and a week to do one that failed again (requirement: drills are quarterly). */
const MOST_DAYS_BETWEEN = 100;
const DAY_SECONDS = 86_400;
/** What a drill made should be gone by then: CloudHSM takes minutes. */
const REMOVAL_SECONDS = 6 * 3600;

export interface DrillJudgement {
  /** No drill has passed for longer than a quarter, or ever, in a key store that is older. */
  readonly isOverdue: boolean;
  /** Clusters or backups of a drill are still there, and cost. */
  readonly isStuck: boolean;
}

/** @param keyStore null, or not provisioned: there is nothing to drill */
export function judgeDrills(
  drills: readonly DrillRecord[],
  keyStore: KeyStoreRecord | null,
  now: Instant,
): DrillJudgement {
  const passed = drills.filter(({ state }) => state === 'passed').map(({ startedAt }) => startedAt);
  const since = passed.sort().at(-1) ?? keyStore?.startedAt ?? now;
  const isDrillable = keyStore !== null && keyStore.clusterId !== null;
  return {
    isOverdue: isDrillable && later(since, MOST_DAYS_BETWEEN * DAY_SECONDS) <= now,
    isStuck: drills.some(
      (drill) => drill.phase === 'remove' && later(phaseStart(drill), REMOVAL_SECONDS) <= now,
    ),
  };
}

const seconds = (from: Instant, to: Instant) => (Date.parse(to) - Date.parse(from)) / 1000;

export interface DrillTimes {
  readonly restoreSeconds: number | null;
  readonly quorumSeconds: number | null;
  /** The later of when keys were listed, and of when a quorum had answered; null when either never was. */
  readonly recoverySeconds: number | null;
}

/** How long a recovery would have taken, from the drill's start. */
export function drillTimes(drill: DrillRecord): DrillTimes {
  const { startedAt, phases, custodians, required, keys } = drill;
  const since = (at: Instant | null | undefined) => (at ? seconds(startedAt, at) : null);
  const answers = custodians.flatMap(({ answeredAt }) => answeredAt ?? []).sort();
  const restoreSeconds = since(phases.find(({ name }) => name === 'list-keys')?.startedAt);
  const quorumSeconds = since(answers[required - 1]);
  const listed = since(keys?.reportedAt);
  const recoverySeconds =
    listed === null || quorumSeconds === null ? null : Math.max(listed, quorumSeconds);
  return { restoreSeconds, quorumSeconds, recoverySeconds };
}
