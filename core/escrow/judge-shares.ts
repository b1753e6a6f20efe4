// SPDX-License-Identifier: Apache-2.0
// Looks at every share that came in, by itself. Shamir's arithmetic tells nothing: of a bent share, too few, or shares
// of two splits it makes a wrong secret without a word. So a share counts only when what was signed of it holds.
import type { ShareVerifier } from '../ports/escrow.ts';
import { digestOf, headOf, openShareBytes, type ShareHead } from './open-share.ts';
import type { EscrowSetRecord, ShareEnvelope, ShareFault } from './records.ts';
import { signedBytes } from './seal-shares.ts';

/** A share that somebody handed in; null: what they sent could not be opened. */
export interface Submission {
  readonly custodian: string;
  readonly share: Uint8Array | null;
}

export interface JudgedShare extends Submission {
  /** Index of the custodian's share; null for somebody who has none. */
  readonly index: number | null;
  readonly fault: ShareFault | null;
}

/** The set that shares are held against. */
export type ExpectedSet = Pick<
  EscrowSetRecord,
  'setId' | 'key' | 'version' | 'generation' | 'required' | 'total' | 'bytes' | 'checkValue'
>;

function belongs(set: ExpectedSet, envelope: ShareEnvelope): ShareFault | null {
  if (envelope.setId !== set.setId || envelope.key !== set.key || envelope.version !== set.version)
    return 'foreign-set';
  if (envelope.generation !== set.generation) return 'other-generation';
  if (envelope.required !== set.required || envelope.total !== set.total) return 'other-quorum';
  if (envelope.bytes !== set.bytes) return 'wrong-length';
  if (envelope.checkValue !== set.checkValue) return 'foreign-set';
  return inRange(envelope.index, set.total) ? null : 'index-out-of-range';
}

const inRange = (index: number, total: number) => index >= 1 && index <= total;

/** @returns what is wrong with a stored envelope; null: it is the set's, unchanged since it was signed */
export async function envelopeFault(
  set: ExpectedSet,
  envelope: ShareEnvelope,
  verifier: ShareVerifier,
): Promise<ShareFault | null> {
  if (!(await verifier.verify(signedBytes(envelope), envelope.signature))) return 'bad-signature';
  return belongs(set, envelope);
}

function headFault(set: ExpectedSet, envelope: ShareEnvelope, head: ShareHead): ShareFault | null {
  if (head.setId !== set.setId) return 'foreign-set';
  if (head.generation !== set.generation) return 'other-generation';
  if (head.required !== set.required || head.total !== set.total) return 'other-quorum';
  if (!inRange(head.index, set.total)) return 'index-out-of-range';
  return head.index === envelope.index ? null : 'another-custodians';
}

function shareFault(
  set: ExpectedSet,
  envelope: ShareEnvelope,
  share: Uint8Array | null,
): ShareFault | null {
  if (!share) return 'unreadable';
  const head = headOf(share);
  if (!head) return 'no-share';
  const fault = headFault(set, envelope, head);
  if (fault) return fault;
  if (share.length !== openShareBytes(set.bytes)) return 'wrong-length';
  return digestOf(share) === envelope.shareDigest ? null : 'bent';
}

/**
 * Judges each submission, in their order: the first of two that are the same share counts.
 * @param envelopes the stored ones; each custodian's own says what their share must be
 */
export async function judgeShares(
  set: ExpectedSet,
  envelopes: readonly ShareEnvelope[],
  submissions: readonly Submission[],
  verifier: ShareVerifier,
): Promise<readonly JudgedShare[]> {
  const seen = new Set<number>();
  const judged: JudgedShare[] = [];
  for (const submission of submissions) {
    const envelope = envelopes.find(({ custodian }) => custodian === submission.custodian);
    const fault = envelope
      ? ((await envelopeFault(set, envelope, verifier)) ??
        shareFault(set, envelope, submission.share) ??
        (seen.has(envelope.index) ? 'duplicate' : null))
      : 'no-custodian';
    if (envelope && !fault) seen.add(envelope.index);
    judged.push({ ...submission, index: envelope?.index ?? null, fault });
  }
  return judged;
}
