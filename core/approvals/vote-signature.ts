// SPDX-License-Identifier: Apache-2.0
// Judges signatures of votes, by the keys that are the voter's now: a key that was taken away proves nothing any more.
import type { PasskeySignature, VoteSignature } from '../contract/approvals.ts';
import { sha256 } from '../crypto/hashing.ts';
import { isSameKey, sshSignatureFault } from '../crypto/sshsig.ts';
import { assertionFault, signCountOf } from '../crypto/webauthn.ts';
import type { SignerPasskey, Signers, VoterKeys, VoteVerifier } from '../ports/approvals.ts';
import { VOTE_NAMESPACE, type VoteStatement, voteStatement } from './vote-statement.ts';

/** The passkey that a vote names, if it is the voter's. */
export function passkeyOf(
  { passkeys }: VoterKeys,
  { credentialId }: PasskeySignature,
): SignerPasskey | undefined {
  return passkeys.find((one) => one.credentialId === credentialId);
}

/** What a passkey signs in a vote's place: browsers sign a challenge, and it is the statement's SHA-256. */
export function voteChallenge(statement: VoteStatement): Uint8Array {
  return sha256(voteStatement(statement));
}

function passkeyFault(
  statement: VoteStatement,
  signature: PasskeySignature,
  keys: VoterKeys,
): string | null {
  if (keys.passkeys.length === 0) return 'the voter has no passkey registered';
  const passkey = passkeyOf(keys, signature);
  if (!passkey) return 'its passkey is not registered for the voter';
  const { publicKey, rpId } = passkey;
  const site = { rpId, origins: keys.origins };
  return assertionFault(signature, voteChallenge(statement), publicKey, site);
}

/** @returns what is wrong with the signature; null: it holds */
export function voteSignatureFault(
  statement: VoteStatement,
  signature: VoteSignature,
  keys: VoterKeys,
): string | null {
  if (signature.kind === 'webauthn') return passkeyFault(statement, signature, keys);
  if (keys.sshKeys.length === 0) return 'the voter has no key registered';
  // The key that the vote names must be the one that signed: everybody who counts keys reads it there.
  const named = keys.sshKeys.filter((line) => isSameKey(line, signature.publicKey));
  return sshSignatureFault(signature.signature, voteStatement(statement), VOTE_NAMESPACE, named);
}

/** A vote on record moved the counter: one that states more than the record was never taken. */
function recordedFault(signature: VoteSignature, keys: VoterKeys): string | null {
  if (signature.kind !== 'webauthn') return null;
  const known = passkeyOf(keys, signature)?.signCount ?? 0;
  return signCountOf(signature) > known ? 'its count of uses was never recorded' : null;
}

/** The verifier that knows the keys of the directory and the passkeys that were let in. */
export function voteVerifierOf(signers: Signers): VoteVerifier {
  return {
    async fault({ id, digest }, { by, decision, signature }, moment) {
      if (!signature) return 'it is not signed';
      const statement = { requestId: id, digest, decision, voter: by };
      const keys = await signers.keysOf(by);
      const fault = voteSignatureFault(statement, signature, keys);
      if (fault !== null || moment === 'cast') return fault;
      return recordedFault(signature, keys);
    },
  };
}
