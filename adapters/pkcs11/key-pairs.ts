// SPDX-License-Identifier: Apache-2.0
// Kinds of key pairs: how the token makes them, how their halves are described, and their public half as
// SubjectPublicKeyInfo (RFC 5480 for curves, RFC 8017 for RSA, RFC 8410 for Edwards).
import { createPublicKey } from 'node:crypto';
import pkcs11, { type Handle, type Template } from 'pkcs11js';
import { derBits, derInteger, derOctets, derSequence, octetsInside } from './der.ts';
import { type KeyPlacement, placed } from './templates.ts';

/** Key pairs that the token makes. */
export type PairKind =
  | 'p-256'
  | 'p-384'
  | 'p-521'
  | 'secp256k1'
  | 'ed25519'
  | 'rsa-2048'
  | 'rsa-3072'
  | 'rsa-4096';

/** What the private key may do. */
export type PairUse = 'sign' | 'decrypt' | 'derive';

// PKCS#11 v3.0 values that the addon does not name.
const CKK_EC_EDWARDS = 0x40;
const CKM_EC_EDWARDS_KEY_PAIR_GEN = 0x1055;

const RSA_EXPONENT = Buffer.from([1, 0, 1]);
const RSA_ALGORITHM = Buffer.from('300d06092a864886f70d0101010500', 'hex');
const EC_PUBLIC_KEY = Buffer.from('06072a8648ce3d0201', 'hex');

interface Curve {
  /** DER of the object identifier, for CKA_EC_PARAMS. */
  readonly parameters: Buffer;
  readonly coordinateBytes: number;
}

const CURVES: Readonly<Record<string, Curve>> = {
  'p-256': { parameters: Buffer.from('06082a8648ce3d030107', 'hex'), coordinateBytes: 32 },
  'p-384': { parameters: Buffer.from('06052b81040022', 'hex'), coordinateBytes: 48 },
  'p-521': { parameters: Buffer.from('06052b81040023', 'hex'), coordinateBytes: 66 },
  secp256k1: { parameters: Buffer.from('06052b8104000a', 'hex'), coordinateBytes: 32 },
  ed25519: { parameters: Buffer.from('06032b6570', 'hex'), coordinateBytes: 32 },
};

function curveOf(kind: PairKind): Curve | undefined {
  return CURVES[kind];
}

/** Bytes of a coordinate, of an integer of a signature, and of a shared secret; 0 for RSA. */
export function coordinateBytes(kind: PairKind): number {
  return curveOf(kind)?.coordinateBytes ?? 0;
}

/** Bits of an RSA modulus; 0 for curves. */
export function modulusBits(kind: PairKind): number {
  return kind.startsWith('rsa-') ? Number(kind.slice('rsa-'.length)) : 0;
}

function keyType(kind: PairKind): number {
  if (kind === 'ed25519') return CKK_EC_EDWARDS;
  return curveOf(kind) === undefined ? pkcs11.CKK_RSA : pkcs11.CKK_EC;
}

/** The mechanism that makes a pair. */
export function pairGeneration(kind: PairKind): { mechanism: number } {
  if (kind === 'ed25519') return { mechanism: CKM_EC_EDWARDS_KEY_PAIR_GEN };
  const isRsa = curveOf(kind) === undefined;
  return { mechanism: isRsa ? pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN : pkcs11.CKM_EC_KEY_PAIR_GEN };
}

function publicUse(kind: PairKind): Template {
  return [
    { type: pkcs11.CKA_TOKEN, value: false },
    { type: pkcs11.CKA_VERIFY, value: true },
    { type: pkcs11.CKA_ENCRYPT, value: modulusBits(kind) > 0 },
  ];
}

/** The public half of a new pair; always a session object, its SubjectPublicKeyInfo is what is kept. */
export function publicTemplate(kind: PairKind): Template {
  const curve = curveOf(kind);
  if (curve !== undefined) {
    return [...publicUse(kind), { type: pkcs11.CKA_EC_PARAMS, value: curve.parameters }];
  }
  return [
    ...publicUse(kind),
    { type: pkcs11.CKA_MODULUS_BITS, value: modulusBits(kind) },
    { type: pkcs11.CKA_PUBLIC_EXPONENT, value: RSA_EXPONENT },
  ];
}

/** The private half of a new pair. */
export function privateTemplate(placement: KeyPlacement, use: PairUse): Template {
  return [
    ...placed(placement),
    { type: pkcs11.CKA_SIGN, value: use === 'sign' },
    { type: pkcs11.CKA_DECRYPT, value: use === 'decrypt' },
    { type: pkcs11.CKA_DERIVE, value: use === 'derive' },
  ];
}

/** A private key coming out of C_UnwrapKey. */
export function unwrappedPrivateTemplate(
  kind: PairKind,
  placement: KeyPlacement,
  use: PairUse,
): Template {
  return [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_PRIVATE_KEY },
    { type: pkcs11.CKA_KEY_TYPE, value: keyType(kind) },
    ...privateTemplate(placement, use),
  ];
}

/** A public key object made of a SubjectPublicKeyInfo. @throws Error when it is not one of this kind */
export function publicImportTemplate(kind: PairKind, publicKeyInfo: Buffer): Template {
  const head: Template = [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_PUBLIC_KEY },
    { type: pkcs11.CKA_KEY_TYPE, value: keyType(kind) },
    ...publicUse(kind),
  ];
  const curve = curveOf(kind);
  if (curve === undefined) {
    const key = createPublicKey({ key: publicKeyInfo, format: 'der', type: 'spki' });
    const { n = '', e = '' } = key.export({ format: 'jwk' });
    return [
      ...head,
      { type: pkcs11.CKA_MODULUS, value: Buffer.from(n, 'base64url') },
      { type: pkcs11.CKA_PUBLIC_EXPONENT, value: Buffer.from(e, 'base64url') },
    ];
  }
  return [
    ...head,
    { type: pkcs11.CKA_EC_PARAMS, value: curve.parameters },
    { type: pkcs11.CKA_EC_POINT, value: derOctets(publicPoint(kind, publicKeyInfo)) },
  ];
}

/** The point at the end of a curve's SubjectPublicKeyInfo. */
export function publicPoint(kind: PairKind, publicKeyInfo: Buffer): Buffer {
  const size = coordinateBytes(kind);
  return publicKeyInfo.subarray(kind === 'ed25519' ? -size : -(1 + 2 * size));
}

/** Builds the SubjectPublicKeyInfo of a public key object, whose attributes `read` gives. */
export function publicKeyInfoOf(
  kind: PairKind,
  publicKey: Handle,
  read: (handle: Handle, type: number) => Buffer,
): Buffer {
  const curve = curveOf(kind);
  if (curve === undefined) {
    const modulus = derInteger(read(publicKey, pkcs11.CKA_MODULUS));
    const exponent = derInteger(read(publicKey, pkcs11.CKA_PUBLIC_EXPONENT));
    return derSequence(RSA_ALGORITHM, derBits(derSequence(modulus, exponent)));
  }
  const point = octetsInside(read(publicKey, pkcs11.CKA_EC_POINT));
  const algorithm =
    kind === 'ed25519'
      ? derSequence(curve.parameters)
      : derSequence(EC_PUBLIC_KEY, curve.parameters);
  return derSequence(algorithm, derBits(point));
}
