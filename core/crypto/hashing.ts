// SPDX-License-Identifier: Apache-2.0
// Hashing, once: SHA-256 (FIPS 180-4), of bytes or of the canonical form of a value (RFC 8785). Randomness is not
// here; it comes through ports.
import { createHash, timingSafeEqual } from 'node:crypto';
import canonicalize from 'canonicalize';

export function sha256(data: Uint8Array | string): Uint8Array {
  return createHash('sha256').update(data).digest();
}

/** SHA-256 as 64 lower-case hexadecimal digits. */
export function sha256Hex(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The one form of a JSON value (RFC 8785) as bytes, whatever the order of its members. */
export function canonicalBytes(value: unknown): Uint8Array {
  return Buffer.from(canonicalize(value) ?? '');
}

/** The one form of a JSON value (RFC 8785) as text. */
export function canonicalText(value: unknown): string {
  return canonicalize(value) ?? '';
}

/** Hash of a JSON value, the same whatever the order of its members. */
export function canonicalHash(value: unknown): string {
  return sha256Hex(canonicalize(value) ?? '');
}

/** Compares digests in constant time. Both must come from the same hash. */
export function equalDigests(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
