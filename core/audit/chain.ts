// SPDX-License-Identifier: Apache-2.0
// The hash chain of one stream of audit records. Pure: the control plane links with it, and anybody can verify with
// it, trusting neither the database nor us. A chain shows edits, gaps, swaps and foreign rows; that its tail was cut
// shows only against a head kept elsewhere, which is why the head is compared too.
import { canonicalHash, sha256Hex } from '../crypto/hashing.ts';

/** Value of a detail: ids, states, counts. Never key material, tokens or request bodies. */
export type AuditValue = string | number | boolean | null;

/** An audit record before it is linked. */
export interface AuditEntry {
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly decision: { readonly effect: 'permit' | 'forbid'; readonly rule: string };
  readonly operationId: string | null;
  readonly detail: Readonly<Record<string, AuditValue>>;
}

/** A linked audit record. `hash` covers all other members; `previousHash` is the hash of `sequence - 1`. */
export interface AuditRecord extends AuditEntry {
  readonly stream: string;
  readonly sequence: number;
  readonly previousHash: string;
  readonly hash: string;
}

/** Last record of a stream: its number and hash. */
export interface AuditHead {
  readonly sequence: number;
  readonly hash: string;
}

/** The hash before the first record of a stream; it names the stream, so records cannot move between streams. */
export function genesisHash(stream: string): string {
  return sha256Hex(`keyturn-audit-v1:${stream}`);
}

/** SHA-256 over the RFC 8785 form of a record without its `hash`: a member more is as visible as a member less. */
export function recordHash(record: Omit<AuditRecord, 'hash'> & { hash?: string }): string {
  const { hash: _stored, ...covered } = record;
  return canonicalHash(covered);
}

/** Links an entry behind the head of its stream. */
export function link(stream: string, head: AuditHead, entry: AuditEntry): AuditRecord {
  const unhashed = { ...entry, stream, sequence: head.sequence + 1, previousHash: head.hash };
  return { ...unhashed, hash: recordHash(unhashed) };
}

/** What is wrong with a stream, and where. */
export interface AuditFinding {
  readonly sequence: number;
  readonly kind: 'gap-or-order' | 'foreign-stream' | 'broken-link' | 'altered' | 'rolled-back';
  readonly detail: string;
}

function findingOf(stream: string, expected: AuditHead, record: AuditRecord): AuditFinding | null {
  const sequence = expected.sequence + 1;
  if (record.stream !== stream)
    return { sequence, kind: 'foreign-stream', detail: `record belongs to ${record.stream}` };
  if (record.sequence !== sequence)
    return {
      sequence,
      kind: 'gap-or-order',
      detail: `found record ${record.sequence} in its place`,
    };
  if (record.previousHash !== expected.hash)
    return {
      sequence,
      kind: 'broken-link',
      detail: 'previousHash is not the hash of the record before',
    };
  // The recomputed hash is compared, so chaining never rests on stored values alone.
  if (recordHash(record) !== record.hash)
    return { sequence, kind: 'altered', detail: 'the content does not have the stored hash' };
  return null;
}

/**
 * Checks a whole stream from its first record.
 * @param head the head kept with the key; a chain that ends elsewhere was cut or rolled back.
 * @returns the first finding, or null when the chain holds.
 */
export function verifyChain(
  stream: string,
  records: readonly AuditRecord[],
  head: AuditHead,
): AuditFinding | null {
  let expected: AuditHead = { sequence: 0, hash: genesisHash(stream) };
  for (const record of records) {
    const finding = findingOf(stream, expected, record);
    if (finding) return finding;
    expected = { sequence: record.sequence, hash: record.hash };
  }
  if (expected.sequence === head.sequence && expected.hash === head.hash) return null;
  return {
    sequence: expected.sequence + 1,
    kind: 'rolled-back',
    detail: `the chain ends at ${expected.sequence}, the key's head is ${head.sequence}`,
  };
}
