// SPDX-License-Identifier: Apache-2.0
// The ways in which imported material is wrapped for its journey: RSA-OAEP alone, or RSA-OAEP around an AES key
// around the material. What comes out is in this process only until the HSM has it.
// @see RFC 8017 section 7.1.2 (OAEP), RFC 5649 (AES key wrap with padding)
import { createDecipheriv, createHash } from 'node:crypto';
import { AwsError } from '../protocol/errors.ts';

/** Hash and form of each wrapping algorithm that is accepted. */
const ALGORITHMS = new Map([
  ['RSAES_OAEP_SHA_1', { hash: 'sha1', viaAes: false }],
  ['RSAES_OAEP_SHA_256', { hash: 'sha256', viaAes: false }],
  ['RSA_AES_KEY_WRAP_SHA_1', { hash: 'sha1', viaAes: true }],
  ['RSA_AES_KEY_WRAP_SHA_256', { hash: 'sha256', viaAes: true }],
]);

/** RFC 5649 section 3: the alternative initial value of key wrap with padding. */
const WRAP_PAD_IV = Buffer.from('a65959a6', 'hex');

/** Whether material may be wrapped so. */
export function isWrappingAlgorithm(algorithm: string): boolean {
  return ALGORITHMS.has(algorithm);
}

function invalid(): AwsError {
  return new AwsError('InvalidCiphertextException');
}

function mask(seed: Buffer, length: number, hash: string): Buffer {
  const blocks: Buffer[] = [];
  for (let size = 0, counter = 0; size < length; counter += 1) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(counter);
    const block = createHash(hash).update(seed).update(number).digest();
    blocks.push(block);
    size += block.length;
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function exclusiveOr(left: Buffer, right: Buffer): Buffer {
  return Buffer.from(left.map((byte, index) => byte ^ (right[index] ?? 0)));
}

/** Takes OAEP padding off. @throws AwsError InvalidCiphertextException */
export function decodeOaep(encoded: Buffer, hash: string): Buffer {
  const label = createHash(hash).digest();
  const size = label.length;
  if (encoded.length < 2 * size + 2) throw invalid();
  const maskedSeed = encoded.subarray(1, 1 + size);
  const maskedBlock = encoded.subarray(1 + size);
  const seed = exclusiveOr(maskedSeed, mask(maskedBlock, size, hash));
  const block = exclusiveOr(maskedBlock, mask(seed, maskedBlock.length, hash));
  const end = block.indexOf(1, size);
  const isPadded = end >= 0 && block.subarray(size, end).every((byte) => byte === 0);
  if (encoded[0] !== 0 || !isPadded || !block.subarray(0, size).equals(label)) throw invalid();
  const message = Buffer.from(block.subarray(end + 1));
  block.fill(0);
  return message;
}

function unwrapWithAes(key: Buffer, wrapped: Buffer): Buffer {
  const cipher = { 16: 'id-aes128-wrap-pad', 24: 'id-aes192-wrap-pad', 32: 'id-aes256-wrap-pad' }[
    key.length
  ];
  if (cipher === undefined) throw invalid();
  try {
    const decipher = createDecipheriv(cipher, key, WRAP_PAD_IV);
    return Buffer.concat([decipher.update(wrapped), decipher.final()]);
  } catch {
    throw invalid();
  } finally {
    key.fill(0);
  }
}

/**
 * The material inside, given the private operation of the wrapping key.
 * @throws AwsError InvalidCiphertextException when it was not wrapped so, or for another key
 */
export function unwrapImported(
  algorithm: string,
  encrypted: Buffer,
  modulusBytes: number,
  rsaPrivate: (input: Buffer) => Buffer,
): Buffer {
  const form = ALGORITHMS.get(algorithm);
  if (form === undefined || encrypted.length < modulusBytes) throw invalid();
  if (!form.viaAes && encrypted.length !== modulusBytes) throw invalid();
  const encoded = rsaPrivate(Buffer.from(encrypted.subarray(0, modulusBytes)));
  const message = decodeOaep(encoded, form.hash);
  encoded.fill(0);
  return form.viaAes ? unwrapWithAes(message, encrypted.subarray(modulusBytes)) : message;
}
