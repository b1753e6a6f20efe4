// SPDX-License-Identifier: Apache-2.0
// RSA inside the token (RFC 8017). Padding is the token's own, but for OAEP with SHA-256, which SoftHSM does
// not know: there the token does the modular exponentiation and this process the padding (§7.1).
import { createHash, timingSafeEqual } from 'node:crypto';
import pkcs11, { type Mechanism, type RsaOAEP, type RsaPSS } from 'pkcs11js';
import { Pkcs11Failure } from './errors.ts';
import type { KeyHandle, Token } from './token.ts';
import { verifyWith } from './verification.ts';

// PKCS#11 §2.1.8: the label is given as bytes. The addon does not name it.
const CKZ_DATA_SPECIFIED = 1;

/** Hashes of the RSA schemes here. */
export type RsaHash = 'sha256' | 'sha384' | 'sha512';
export type RsaPadding = 'pss' | 'pkcs1';

/** Digest mechanism, mask generation function, size, and the DigestInfo header of §9.2 note 1. */
const HASHES: Readonly<Record<RsaHash, { ckm: number; mgf: number; bytes: number; head: Buffer }>> =
  {
    sha256: {
      ckm: pkcs11.CKM_SHA256,
      mgf: pkcs11.CKG_MGF1_SHA256,
      bytes: 32,
      head: Buffer.from('3031300d060960864801650304020105000420', 'hex'),
    },
    sha384: {
      ckm: pkcs11.CKM_SHA384,
      mgf: pkcs11.CKG_MGF1_SHA384,
      bytes: 48,
      head: Buffer.from('3041300d060960864801650304020205000430', 'hex'),
    },
    sha512: {
      ckm: pkcs11.CKM_SHA512,
      mgf: pkcs11.CKG_MGF1_SHA512,
      bytes: 64,
      head: Buffer.from('3051300d060960864801650304020305000440', 'hex'),
    },
  };

function signature(padding: RsaPadding, hash: RsaHash): Mechanism {
  if (padding === 'pkcs1') return { mechanism: pkcs11.CKM_RSA_PKCS };
  const { ckm, mgf, bytes } = HASHES[hash];
  const parameter: RsaPSS = {
    type: pkcs11.CK_PARAMS_RSA_PSS,
    hashAlg: ckm,
    mgf,
    saltLen: bytes,
  };
  return { mechanism: pkcs11.CKM_RSA_PKCS_PSS, parameter };
}

/** How to sign. */
export interface RsaScheme {
  readonly padding: RsaPadding;
  readonly hash: RsaHash;
  /** Bytes of the modulus. */
  readonly size: number;
}

function input({ padding, hash }: RsaScheme, digest: Buffer): Buffer {
  return padding === 'pss' ? digest : Buffer.concat([HASHES[hash].head, digest]);
}

/** Signs a digest. The salt of PSS is as long as the digest. @throws Pkcs11Failure */
export function rsaSign(token: Token, key: KeyHandle, scheme: RsaScheme, digest: Buffer): Buffer {
  return token.sessions.run('C_Sign', (session) => {
    token.library.C_SignInit(session, signature(scheme.padding, scheme.hash), key);
    return token.library.C_Sign(session, input(scheme, digest), Buffer.alloc(scheme.size));
  });
}

/** True when the signature is the digest's under this public key. */
export function rsaVerify(
  token: Token,
  key: KeyHandle,
  scheme: RsaScheme,
  digest: Buffer,
  signed: Buffer,
): boolean {
  const mechanism = signature(scheme.padding, scheme.hash);
  return verifyWith(token, { mechanism, key }, input(scheme, digest), signed);
}

/** Hash of OAEP and bytes of the modulus. */
export interface OaepScheme {
  readonly hash: 'sha1' | 'sha256';
  readonly size: number;
}

/** The longest plaintext (RFC 8017 §7.1.1). */
export function oaepLimit({ hash, size }: OaepScheme): number {
  return size - 2 * (hash === 'sha1' ? 20 : 32) - 2;
}

const OAEP_SHA_1: Mechanism = {
  mechanism: pkcs11.CKM_RSA_PKCS_OAEP,
  parameter: {
    type: pkcs11.CK_PARAMS_RSA_OAEP,
    hashAlg: pkcs11.CKM_SHA_1,
    mgf: pkcs11.CKG_MGF1_SHA1,
    source: CKZ_DATA_SPECIFIED,
  } as RsaOAEP,
};
const RAW: Mechanism = { mechanism: pkcs11.CKM_RSA_X_509 };

/** Encrypts at most {@link oaepLimit} bytes to a public key. @throws Pkcs11Failure */
export function oaepEncrypt(token: Token, key: KeyHandle, scheme: OaepScheme, plaintext: Buffer) {
  const isOwn = scheme.hash === 'sha256';
  const block = isOwn ? pad(scheme, plaintext, token.random(32)) : plaintext;
  return token.sessions.run('C_Encrypt', (session) => {
    token.library.C_EncryptInit(session, isOwn ? RAW : OAEP_SHA_1, key);
    return token.library.C_Encrypt(session, block, Buffer.alloc(scheme.size));
  });
}

/** Decrypts; undefined when the bytes were not encrypted so. */
export function oaepDecrypt(
  token: Token,
  key: KeyHandle,
  scheme: OaepScheme,
  ciphertext: Buffer,
): Buffer | undefined {
  if (ciphertext.length !== scheme.size) return undefined;
  const isOwn = scheme.hash === 'sha256';
  try {
    const opened = token.sessions.run('C_Decrypt', (session) => {
      token.library.C_DecryptInit(session, isOwn ? RAW : OAEP_SHA_1, key);
      return token.library.C_Decrypt(session, ciphertext, Buffer.alloc(scheme.size));
    });
    return isOwn ? unpad(scheme, opened) : opened;
  } catch (error) {
    // SoftHSM reports wrong padding, and a number not below the modulus, as CKR_GENERAL_ERROR.
    const wrong = ['CKR_GENERAL_ERROR', 'CKR_ENCRYPTED_DATA_INVALID', 'CKR_DATA_INVALID'];
    if (error instanceof Pkcs11Failure && wrong.includes(error.code)) return undefined;
    throw error;
  }
}

const LABEL_HASH = createHash('sha256').digest();

function mask(seed: Buffer, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, index) => {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(index);
    return createHash('sha256').update(seed).update(counter).digest();
  });
  return Buffer.concat(blocks).subarray(0, length);
}

function xor(left: Buffer, right: Buffer): Buffer {
  return Buffer.from(left.map((byte, index) => byte ^ (right[index] ?? 0)));
}

function pad({ size }: OaepScheme, plaintext: Buffer, seed: Buffer): Buffer {
  const zeros = Buffer.alloc(size - plaintext.length - 2 * 32 - 2);
  const block = Buffer.concat([LABEL_HASH, zeros, Buffer.from([1]), plaintext]);
  const masked = xor(block, mask(seed, block.length));
  return Buffer.concat([Buffer.alloc(1), xor(seed, mask(masked, 32)), masked]);
}

/** Takes the padding off; one answer for every defect, found without leaving early (§7.1.2 note). */
function unpad({ size }: OaepScheme, opened: Buffer): Buffer | undefined {
  const encoded = Buffer.concat([Buffer.alloc(size - opened.length), opened]);
  const masked = encoded.subarray(33);
  const seed = xor(encoded.subarray(1, 33), mask(masked, 32));
  const block = xor(masked, mask(seed, masked.length));
  let start = -1;
  let bad = encoded[0] ?? 1;
  for (let at = 32; at < block.length; at += 1) {
    const byte = block[at] ?? 0;
    if (start === -1 && byte === 1) start = at + 1;
    else if (start === -1 && byte !== 0) bad |= 1;
  }
  const isLabel = timingSafeEqual(block.subarray(0, 32), LABEL_HASH);
  return bad === 0 && isLabel && start !== -1 ? block.subarray(start) : undefined;
}
