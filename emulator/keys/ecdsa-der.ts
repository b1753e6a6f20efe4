// SPDX-License-Identifier: Apache-2.0
// ECDSA signatures between PKCS#11's r || s and KMS's DER (RFC 3279 §2.2.3).
import { derInteger, derSequence } from '#adapters/pkcs11/der.ts';

/** DER of a raw signature. */
export function derOfSignature(raw: Buffer): Buffer {
  const half = raw.length / 2;
  return derSequence(derInteger(raw.subarray(0, half)), derInteger(raw.subarray(half)));
}

/** Raw r || s of a DER signature; undefined unless it is the one DER encoding of two such integers. */
export function signatureOfDer(der: Buffer, coordinateBytes: number): Buffer | undefined {
  const start = (der[1] ?? 0) < 0x80 ? 2 : 3;
  const rLength = der[start + 1] ?? 0;
  const r = der.subarray(start + 2, start + 2 + rLength);
  const s = der.subarray(start + 2 + rLength + 2);
  const raw = Buffer.concat([fixed(r, coordinateBytes), fixed(s, coordinateBytes)]);
  return raw.length === 2 * coordinateBytes && derOfSignature(raw).equals(der) ? raw : undefined;
}

function fixed(integer: Buffer, size: number): Buffer {
  const trimmed = integer.length > size ? integer.subarray(1) : integer;
  return Buffer.concat([Buffer.alloc(Math.max(0, size - trimmed.length)), trimmed]);
}
