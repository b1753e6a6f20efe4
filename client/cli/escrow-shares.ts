// SPDX-License-Identifier: Apache-2.0
// A custodian's side of escrow, on their own machine: their share is opened with their own age key here, checked, and
// sealed again. Their key and the open share go nowhere; what is sent is a sealed share, or a proof.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Decrypter, Encrypter } from 'age-encryption';
import type { ResponseOf } from '../sdk/index.ts';
import { UsageError } from './failures.ts';

export type SealedShare = ResponseOf<'listShares'>['items'][number];

const sha256 = (...parts: readonly (string | Uint8Array)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');

/** Digits of the call-back code: 48 bits, in groups that can be read out. */
const CODE_DIGITS = 12;

/**
 * What requester and custodian read to each other over a second channel: each side computes it of the session and the
 * key that it sees, so a key that was swapped on the way gives another code.
 */
export function callBackCode(session: { readonly id: string; readonly recipient: string }): string {
  const digits = sha256(`keyturn-call-back/1\n${session.id}\n${session.recipient}`);
  return digits.slice(0, CODE_DIGITS).replace(/(.{4})(?=.)/g, '$1-');
}

/** The identities of a file as `age-keygen` writes it. @throws UsageError */
function identitiesIn(path: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new UsageError(`cannot read ${path}`, 'name the file with your age identity: --identity');
  }
  const found = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^AGE-SECRET-KEY-/.test(line));
  if (found.length > 0) return found;
  throw new UsageError(`${path} holds no age identity`, 'age-keygen writes one: AGE-SECRET-KEY-1…');
}

/** What proves that a share can be opened (`docs/escrow.md`). */
export function holdingProof(open: Uint8Array): string {
  return sha256('keyturn-holding/1\n', open);
}

/**
 * Opens a share with the custodian's own key; the caller overwrites it.
 * @throws UsageError when the key is not the one it was sealed to, or the share is not as it was made
 */
export async function openShare(share: SealedShare, identityFile: string): Promise<Uint8Array> {
  const decrypter = new Decrypter();
  try {
    for (const identity of identitiesIn(identityFile)) decrypter.addIdentity(identity);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${identityFile} holds an age identity that is damaged`);
  }
  const where = `share ${share.index} of ${share.key} v${share.version}, generation ${share.generation}`;
  let open: Uint8Array;
  try {
    open = await decrypter.decrypt(Buffer.from(share.sealed, 'base64'));
  } catch {
    throw new UsageError(
      `${where} does not open with ${identityFile}`,
      `it was sealed to ${share.recipient}; "age-keygen -y FILE" shows whose key a file holds`,
    );
  }
  if (sha256(holdingProof(open)) === share.shareDigest) return open;
  open.fill(0);
  throw new UsageError(`${where} is not as it was made`, 'tell the operators: it cannot be used');
}

/** Base64 of the age file. */
export async function sealTo(open: Uint8Array, recipient: string): Promise<string> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return Buffer.from(await encrypter.encrypt(open)).toString('base64');
}
