// SPDX-License-Identifier: Apache-2.0
// Versions that are one KMS key: those rotated in place, and the one they began with (decision 18). What is done to the
// KMS key, a policy, a disabling, a deletion, is done to all of them.
import type { VersionRecord } from './records.ts';

/** All versions whose KMS key is that of `version`, itself included; it alone where it has none yet. */
export function sharingKey(
  versions: readonly VersionRecord[],
  version: Pick<VersionRecord, 'version' | 'keyId'>,
): readonly VersionRecord[] {
  return versions.filter(
    (one) =>
      one.version === version.version || (version.keyId !== null && one.keyId === version.keyId),
  );
}

/** True for the newest of the versions that are one KMS key: the one under which KMS encrypts, and that speaks for it. */
export function speaksForKey(versions: readonly VersionRecord[], version: VersionRecord): boolean {
  return sharingKey(versions, version).every((one) => one.version <= version.version);
}
