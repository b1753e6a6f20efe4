// SPDX-License-Identifier: Apache-2.0
// What uses of a key are no use that anybody planned (requirement V6): rules as data, judged on the record of key use.
import type { IncidentType } from '../contract/incidents.ts';

export const DETECTION_NAMES = [
  /** A revoked, suspended or leaving version is used, or tried, behind the proof that it is stopped. */
  'stopped-key-used',
  /** Something was encrypted under a version that was replaced: its policy is not what it should be. */
  'replaced-version-encrypts',
  /** A principal that nobody registered uses the key. */
  'unknown-principal',
  /** Calls under the key are refused again and again. */
  'repeated-denials',
] as const;
export type DetectionName = (typeof DETECTION_NAMES)[number];

export interface DetectionRule {
  /** The incident that it opens, with its playbook; null: nobody is told. */
  readonly incident: IncidentType | null;
  /** In words, for the title of the incident. */
  readonly means: string;
}

export interface DetectionRules {
  readonly rules: Readonly<Record<DetectionName, DetectionRule>>;
  /** So many refused calls under a version within so many seconds. */
  readonly denials: number;
  readonly denialSeconds: number;
  /** KMS shows a change everywhere after minutes at most (AWS KMS developer guide, eventual consistency). */
  readonly settledSeconds: number;
}
