// SPDX-License-Identifier: Apache-2.0
// What a signature of a vote covers, as bytes: who decides what on which request. Anybody can write them down again
// from an exported approval, and check with `ssh-keygen -Y verify` (docs/approvals.md).
import type { VoteDecision } from '../contract/approvals.ts';
import { canonicalBytes } from '../crypto/hashing.ts';

/** Namespace of SSH signatures over votes: a signature over a file or a commit is none over a vote. */
export const VOTE_NAMESPACE = 'keyturn-vote';

export interface VoteStatement {
  readonly requestId: string;
  /** Of the canonical request, 64 hexadecimal digits. */
  readonly digest: string;
  readonly decision: VoteDecision;
  /** Immutable id of the person. */
  readonly voter: string;
}

/** RFC 8785 JSON, UTF-8, without a line end. */
export function voteStatement({ requestId, digest, decision, voter }: VoteStatement): Uint8Array {
  return canonicalBytes({ type: 'keyturn-vote/1', requestId, digest, decision, voter });
}
