// SPDX-License-Identifier: Apache-2.0
// Judges signatures of votes, by the keys that are the voter's now: a key that was taken away proves nothing any more.
import type { VoteSignature } from '../contract/approvals.ts';
import { isSameKey, sshSignatureFault } from '../crypto/sshsig.ts';
import type { Signers, VoteVerifier } from '../ports/approvals.ts';
import { VOTE_NAMESPACE, type VoteStatement, voteStatement } from './vote-statement.ts';

/**
 * @param keys the voter's own, as lines `ssh-ed25519 AAAA…`
 * @returns what is wrong with the signature; null: it holds
 */
export function voteSignatureFault(
  statement: VoteStatement,
  signature: VoteSignature,
  keys: readonly string[],
): string | null {
  if (keys.length === 0) return 'the voter has no key registered';
  // Fails closed: nobody can register a passkey yet.
  if (signature.kind === 'webauthn') return 'the voter has no passkey registered';
  // The key that the vote names must be the one that signed: everybody who counts keys reads it there.
  const named = keys.filter((line) => isSameKey(line, signature.publicKey));
  return sshSignatureFault(signature.signature, voteStatement(statement), VOTE_NAMESPACE, named);
}

/** The verifier that knows the keys of the directory. */
export function voteVerifierOf(signers: Signers): VoteVerifier {
  return {
    async fault({ id, digest }, { by, decision, signature }) {
      if (!signature) return 'it is not signed';
      const statement = { requestId: id, digest, decision, voter: by };
      return voteSignatureFault(statement, signature, await signers.keysOf(by));
    },
  };
}
