// SPDX-License-Identifier: Apache-2.0
// Use case: look again, once a day, whether replaced versions may be retired. Time passes, consumers move on, copies expire: nobody
// should have to ask again and again. What the records rule out is decided on them alone; only a version that nothing
// else keeps is asked about at KMS. Marks that no longer hold are taken back in the same way.
import type { VersionRecord } from '../keys/records.ts';
import { speaksForKey } from '../keys/sharing.ts';
import type { EvidenceStore } from '../ports/evidence-store.ts';
import type { KeySnapshot } from '../ports/ledger.ts';
import { activePause, type PauseDeps } from './pauses.ts';
import { conditionsOnRecord, type RetirementDeps, retireVersion } from './retire-version.ts';

export type ReviewRetirementsDeps = RetirementDeps &
  PauseDeps & { readonly evidence: EvidenceStore };

export interface RetirementReview {
  /** Versions that KMS was asked about, or whose mark was looked at. */
  readonly judged: number;
  /** Versions that are ready to be destroyed after it. */
  readonly ready: number;
}

const BY = 'schedule/retirement-review';
const DECISION = { effect: 'permit', rule: 'retire-on-evidence' } as const;

/** True where a judgement can change anything: nothing on record keeps the version, or it is marked. */
function isWorthJudging(
  deps: RetirementDeps,
  snapshot: KeySnapshot,
  version: VersionRecord,
): boolean {
  if (version.keyId === null || version.state !== 'deactivated') return false;
  if (version.substate === 'ready-to-destroy') return true;
  if (version.substate !== null || !speaksForKey(snapshot.versions, version)) return false;
  return conditionsOnRecord(deps, snapshot, version.version).every(
    ({ name, isMet }) => isMet || name === 'not-used',
  );
}

/**
 * Judges the versions of some keys; a key that is gone meanwhile is left out, and in a pause all are.
 * @param names of one page of the review, which is bounded
 */
export async function reviewRetirements(
  deps: ReviewRetirementsDeps,
  names: readonly string[],
): Promise<RetirementReview> {
  if (await activePause(deps)) return { judged: 0, ready: 0 };
  let judged = 0;
  let ready = 0;
  for (const key of names) {
    const snapshot = await deps.ledger.readKey(key);
    if (!snapshot || snapshot.key.releasedAt) continue;
    const versions = snapshot.versions.filter((version) => isWorthJudging(deps, snapshot, version));
    for (const { version } of versions) {
      const verdict = await retireVersion(deps, { key, version, by: BY, decision: DECISION });
      judged += 1;
      if (verdict.isReady) ready += 1;
    }
  }
  return { judged, ready };
}
