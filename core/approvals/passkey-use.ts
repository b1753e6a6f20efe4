// SPDX-License-Identifier: Apache-2.0
// A passkey's counter: it moves in the transaction of the vote that states it, and never back, so that of an
// authenticator and its copy only one can go on (Web Authentication Level 3, section 6.1.1).
import type { PasskeySignature } from '../contract/approvals.ts';
import { type Assertion, signCountOf, WebauthnFormatError } from '../crypto/webauthn.ts';
import { KeyturnError } from '../errors.ts';
import type { Instant } from '../keys/records.ts';
import type { PasskeyRecord } from '../ports/passkeys.ts';

/** @returns why a count cannot follow the one on record; null: it can */
export function counterFault(known: number, stated: number): string | null {
  if (stated > known || (stated === 0 && known === 0)) return null;
  return `its passkey counted ${stated} uses, and ${known} before: there may be a copy of it`;
}

const invalid = (fault: string) =>
  new KeyturnError('SignatureInvalid', `the signature does not prove your vote: ${fault}`);

function statedCount(assertion: Assertion): number {
  try {
    return signCountOf(assertion);
  } catch (error) {
    if (error instanceof WebauthnFormatError) throw invalid(error.message);
    throw error;
  }
}

/**
 * All passkeys once one was used for a vote.
 * @throws KeyturnError `SignatureInvalid` when it is not the voter's now, or its counter went back
 */
export function withUse(
  items: readonly PasskeyRecord[],
  { sub, signature, at }: { sub: string; signature: PasskeySignature; at: Instant },
): readonly PasskeyRecord[] {
  const used = items.find(
    (one) =>
      one.sub === sub && one.credentialId === signature.credentialId && one.removedAt === null,
  );
  if (!used) throw invalid('its passkey is not registered for the voter');
  const signCount = statedCount(signature);
  const fault = counterFault(used.signCount, signCount);
  if (fault) throw invalid(fault);
  return items.map((one) => (one === used ? { ...used, signCount, lastUsedAt: at } : one));
}
