// SPDX-License-Identifier: Apache-2.0
// What a new passkey is asked to answer: whose it is to be, and where. It is the same whenever the person asks, so no
// challenge is kept: whoever sends an old answer again asks for the same key of the same person, and others decide.
import { canonicalBytes, sha256 } from '../crypto/hashing.ts';

/** SHA-256 of RFC 8785 JSON. @param person immutable id */
export function enrollChallenge(stage: string, rpId: string, person: string): Uint8Array {
  return sha256(canonicalBytes({ type: 'keyturn-passkey/1', stage, rpId, person }));
}
