// SPDX-License-Identifier: Apache-2.0
// The little DER (X.690 §10) that keys and signatures are made of: definite lengths, minimal integers.

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;

function encode(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), body]);
  const long = Buffer.from(length.toString(16).padStart(length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | long.length]), long, body]);
}

/** A SEQUENCE of encoded parts of less than 64 KiB. */
export const derSequence = (...parts: readonly Buffer[]): Buffer => encode(SEQUENCE, ...parts);

/** An OCTET STRING. */
export const derOctets = (bytes: Buffer): Buffer => encode(OCTET_STRING, bytes);

/** A BIT STRING of whole bytes. */
export const derBits = (bytes: Buffer): Buffer => encode(BIT_STRING, Buffer.alloc(1), bytes);

/** A non-negative INTEGER of big-endian bytes. */
export function derInteger(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const trimmed = bytes.subarray(start);
  const isNegative = (trimmed[0] ?? 0) >= 0x80;
  return encode(INTEGER, isNegative ? Buffer.concat([Buffer.alloc(1), trimmed]) : trimmed);
}

/** The first element alone, without what comes after it. */
export function firstElement(bytes: Buffer): Buffer {
  const first = bytes[1] ?? 0;
  if (first < 0x80) return bytes.subarray(0, 2 + first);
  const count = first & 0x7f;
  return bytes.subarray(0, 2 + count + bytes.readUIntBE(2, count));
}

/** What is inside an OCTET STRING. */
export function octetsInside(encoded: Buffer): Buffer {
  const first = encoded[1] ?? 0;
  return encoded.subarray(first < 0x80 ? 2 : 2 + (first & 0x7f));
}
