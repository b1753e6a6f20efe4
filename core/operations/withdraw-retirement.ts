// SPDX-License-Identifier: Apache-2.0
// A version that was found ready to be destroyed is so only for as long as nothing speaks against it.
import type { VersionRecord } from '../keys/records.ts';
import type { KeySnapshot } from '../ports/ledger.ts';

/** The versions that are ready no more, as they are to be written; empty when none was. */
export function withdrawn(
  snapshot: KeySnapshot,
  concerns: (version: VersionRecord) => boolean = () => true,
): readonly VersionRecord[] {
  return snapshot.versions
    .filter((version) => version.substate === 'ready-to-destroy' && concerns(version))
    .map((version) => ({ ...version, substate: null, retirement: null }));
}
