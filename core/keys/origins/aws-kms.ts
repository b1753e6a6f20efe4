// SPDX-License-Identifier: Apache-2.0
// Keys in KMS's own key store: KMS rotates the symmetric ones in place, and no others (AWS KMS developer guide,
// rotation): the next version of a key that signs or authenticates is a KMS key of its own. The budget of that is finite; behind it the next
// version is a KMS key of its own, which has a fresh one, so that a key never ends up without a way to rotate.
import { encrypts } from '../key-specs.ts';
import { IN_PLACE_LIMIT, inPlaceRotations, type OriginStrategy } from './strategy.ts';

export const AWS_KMS: OriginStrategy = {
  origin: 'AWS_KMS',
  keyStore: 'aws-kms',
  importsMaterial: false,
  nextVersion: (snapshot) => {
    if (!encrypts(snapshot.key)) return 'new-key';
    const { currentVersion } = snapshot.key;
    const current = snapshot.versions.find(({ version }) => version === currentVersion);
    // New material of a KMS key that was revoked would be as closed as the old.
    return !current || current.containment || inPlaceRotations(snapshot) >= IN_PLACE_LIMIT
      ? 'new-key'
      : 'in-place';
  },
};
