// SPDX-License-Identifier: Apache-2.0
// What uses of a key are no use that anybody planned (requirement V6): rules as data, judged on the record of key use.
import type { IncidentType } from '../contract/incidents.ts';
import type { SchedulePolicy } from './schedule.ts';

export const DETECTION_NAMES = [
  /** A revoked, suspended or leaving version is used, or tried, behind the proof that it is stopped. */
  'stopped-key-used',
  /** Something was encrypted under a version that was replaced: its policy is not what it should be. */
  'replaced-version-encrypts',
  /** A principal that nobody registered uses the key. */
  'unknown-principal',
  /** Calls under the key are refused again and again. */
  'repeated-denials',
  /** A key is used far more in an hour than in any of the days before. */
  'volume-spike',
  /** A key is used outside of the hours that its class is used in. */
  'off-hours',
  /** Somebody opens data under a key that has consumers, and is registered as none of them. */
  'decrypt-without-consumer',
] as const;
export type DetectionName = (typeof DETECTION_NAMES)[number];

export interface DetectionRule {
  /** The incident that it opens, with its playbook; null: nobody is told. */
  readonly incident: IncidentType | null;
  /** In words, for the title of the incident. */
  readonly means: string;
  /** Classes whose keys a finding suspends, within the cap; absent: it suspends none. */
  readonly suspends?: readonly string[];
}

/** From when on many calls are odd. */
export interface SpikeRule {
  /** As many times the busiest hour of the days before. */
  readonly factor: number;
  /** Fewer calls an hour are never odd. */
  readonly floor: number;
  /** Days that are looked back at, 1 to 13: hours are kept for two weeks. */
  readonly days: number;
  /** A key that was used for fewer days has nothing that is usual. */
  readonly knownDays: number;
}

export interface DetectionRules {
  readonly rules: Readonly<Record<DetectionName, DetectionRule>>;
  /** So many refused calls under a version within so many seconds. */
  readonly denials: number;
  readonly denialSeconds: number;
  /** KMS shows a change everywhere after minutes at most (AWS KMS developer guide, eventual consistency). */
  readonly settledSeconds: number;
  readonly spike: SpikeRule;
  /** When keys of a class are used, in local time; a class that is not listed is used at any time. */
  readonly hours: Readonly<Record<string, SchedulePolicy>>;
  /** So many keys are suspended by findings in one clock hour, all classes together; beyond it people decide. */
  readonly maxSuspensionsPerHour: number;
}
