// SPDX-License-Identifier: Apache-2.0
// An open share, as it lies in the age file of its custodian:
//   `KTS1` | set id, 30 bytes | generation, 4 bytes big-endian | index | required | total | share
// It says itself what it is of, so that an old or foreign one is named and not only found to be wrong. Bytes, not text:
// text cannot be overwritten.
import { wipe } from '../crypto/check-value.ts';
import { sha256Hex } from '../crypto/hashing.ts';
import { precondition } from '../errors.ts';

const HOLDING_LABEL = 'keyturn-holding/1\n';
const MAGIC = Buffer.from('KTS1');
const SET_AT = MAGIC.length;
/** `esc_` and a ULID. */
const SET_BYTES = 30;
const GENERATION_AT = SET_AT + SET_BYTES;
const INDEX_AT = GENERATION_AT + 4;
const SHARE_AT = INDEX_AT + 3;

export interface ShareHead {
  readonly setId: string;
  readonly generation: number;
  readonly index: number;
  readonly required: number;
  readonly total: number;
}

/** Bytes of an open share of a secret: Shamir's share is the secret's length and one byte, its x-coordinate. */
export function openShareBytes(secretBytes: number): number {
  return SHARE_AT + secretBytes + 1;
}

/** Copies the share behind its head; both are the caller's to wipe. */
export function toOpenShare(head: ShareHead, share: Uint8Array): Uint8Array {
  precondition(Buffer.byteLength(head.setId) === SET_BYTES, 'the id of a set has 30 characters');
  const open = Buffer.alloc(SHARE_AT + share.length);
  MAGIC.copy(open);
  open.write(head.setId, SET_AT, 'latin1');
  open.writeUInt32BE(head.generation, GENERATION_AT);
  open.set([head.index, head.required, head.total], INDEX_AT);
  open.set(share, SHARE_AT);
  return open;
}

/** What an open share says of itself; null: it is none. Nothing of it is proven before its digest is compared. */
export function headOf(open: Uint8Array): ShareHead | null {
  const bytes = Buffer.from(open.buffer, open.byteOffset, open.length);
  if (bytes.length <= SHARE_AT || !bytes.subarray(0, SET_AT).equals(MAGIC)) return null;
  const [index = 0, required = 0, total = 0] = bytes.subarray(INDEX_AT);
  return {
    setId: bytes.subarray(SET_AT, GENERATION_AT).toString('latin1'),
    generation: bytes.readUInt32BE(GENERATION_AT),
    index,
    required,
    total,
  };
}

/** The share itself, as a view: wiping the open share wipes it. */
export function shareIn(open: Uint8Array): Uint8Array {
  return new Uint8Array(open.buffer, open.byteOffset + SHARE_AT, open.length - SHARE_AT);
}

/**
 * What a custodian answers to prove that they can open their share. Only its digest is stored, so who reads all that is
 * stored cannot answer it; a custodian computes it with their own tools (`docs/escrow.md`).
 */
export function holdingProof(open: Uint8Array): string {
  const labelled = Buffer.concat([Buffer.from(HOLDING_LABEL), open]);
  try {
    return sha256Hex(labelled);
  } finally {
    wipe(labelled);
  }
}

/** Digest of a proof: by it a bent share is found. A share is as random as the secret, so it does not give it away. */
export function digestOfProof(proof: string): string {
  return sha256Hex(proof);
}

export function digestOf(open: Uint8Array): string {
  return digestOfProof(holdingProof(open));
}
