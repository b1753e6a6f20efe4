// SPDX-License-Identifier: Apache-2.0
// A version that was found ready to be destroyed is so only for as long as nothing speaks against it.
import type { Instant, VersionRecord } from '../keys/records.ts';
import type { KeySnapshot } from '../ports/ledger.ts';

/**
 * Whether a use that CloudTrail tells of speaks against the mark of a version. Its events come minutes late: one of a use no
 * later than the last one that the mark was judged on says nothing new. In the second of the judgement every use
 * counts, because CloudTrail tells whole seconds and the use may have come behind it.
 */
export function isNews({ retirement }: VersionRecord, usedAt: Instant): boolean {
  const known = retirement?.lastUseAt;
  if (!retirement || known == null) return true;
  return usedAt > known || usedAt >= `${retirement.at.slice(0, 19)}.000Z`;
}

/** The versions that are ready no more, as they are to be written; empty when none was. */
export function withdrawn(
  snapshot: KeySnapshot,
  concerns: (version: VersionRecord) => boolean = () => true,
): readonly VersionRecord[] {
  return snapshot.versions
    .filter((version) => version.substate === 'ready-to-destroy' && concerns(version))
    .map((version) => ({ ...version, substate: null, retirement: null }));
}
