// SPDX-License-Identifier: Apache-2.0
// Key pairs made in the token, off the event loop: an RSA-4096 pair takes up to seconds. A pair is kept
// wrapped, kept on the token, or handed out as PKCS#8, which is what a data key pair is for.
import { createDecipheriv } from 'node:crypto';
import pkcs11, { type Handle, type Template } from 'pkcs11js';
import { firstElement } from './der.ts';
import { guarded } from './errors.ts';
import {
  type PairKind,
  type PairUse,
  pairGeneration,
  privateTemplate,
  publicImportTemplate,
  publicKeyInfoOf,
  publicTemplate,
} from './key-pairs.ts';
import { wrapKey } from './key-wrap.ts';
import type { KeyPlacement } from './templates.ts';
import type { KeyHandle, Token } from './token.ts';

/** What a pair is and does. */
export interface PairWanted {
  readonly kind: PairKind;
  readonly use: PairUse;
  readonly label: string;
  readonly id: Buffer;
}

type Made<Kept> = { readonly publicKeyInfo: Buffer; readonly kept: Kept };

/** Makes a pair, lets `keep` take the private half, and forgets the public object. */
async function makePair<Kept>(
  token: Token,
  kind: PairKind,
  hidden: Template,
  keep: (privateKey: Handle) => Kept,
): Promise<Made<Kept>> {
  // The session lives at least as long as its objects are needed: it is not given back before.
  return token.sessions.runAsync('C_GenerateKeyPair', async (session) => {
    const pair = await token.library.C_GenerateKeyPairAsync(
      session,
      pairGeneration(kind),
      publicTemplate(kind),
      hidden,
    );
    try {
      const read = (handle: Handle, type: number) => token.bytesOf(handle, type);
      return {
        publicKeyInfo: publicKeyInfoOf(kind, pair.publicKey, read),
        kept: keep(pair.privateKey),
      };
    } finally {
      token.destroy(pair.publicKey);
    }
  });
}

function placement(wanted: PairWanted, where: 'wrapped' | 'token'): KeyPlacement {
  const { label, id } = wanted;
  return { label, id, onToken: where === 'token', extractable: where === 'wrapped' };
}

/** Makes a pair whose private half leaves the token only under the wrapping key. @throws Pkcs11Failure */
export async function generateWrappedPair(
  token: Token,
  wrappingKey: KeyHandle,
  wanted: PairWanted,
): Promise<{ readonly blob: Buffer; readonly publicKeyInfo: Buffer }> {
  const hidden = privateTemplate(placement(wanted, 'wrapped'), wanted.use);
  const { publicKeyInfo, kept } = await makePair(token, wanted.kind, hidden, (privateKey) =>
    taking(token, privateKey, () => wrapKey(token, wrappingKey, privateKey)),
  );
  return { blob: kept, publicKeyInfo };
}

/** Makes a pair whose private half stays on the token, never extractable. @throws Pkcs11Failure */
export async function generateTokenPair(
  token: Token,
  wanted: PairWanted,
): Promise<{ readonly privateKey: KeyHandle; readonly publicKeyInfo: Buffer }> {
  const hidden = privateTemplate(placement(wanted, 'token'), wanted.use);
  const { publicKeyInfo, kept } = await makePair(token, wanted.kind, hidden, (key) => key);
  return { privateKey: kept, publicKeyInfo };
}

/** Makes a pair for the caller to keep: PKCS#8 and SubjectPublicKeyInfo, in DER. @throws Pkcs11Failure */
export async function generateLoosePair(
  token: Token,
  kind: PairKind,
): Promise<{ readonly privateKeyInfo: Buffer; readonly publicKeyInfo: Buffer }> {
  const hidden: Template = [
    { type: pkcs11.CKA_TOKEN, value: false },
    { type: pkcs11.CKA_SENSITIVE, value: false },
    { type: pkcs11.CKA_EXTRACTABLE, value: true },
  ];
  const { publicKeyInfo, kept } = await makePair(token, kind, hidden, (privateKey) =>
    taking(token, privateKey, () =>
      kind === 'ed25519' ? ed25519Info(token, privateKey) : exported(token, privateKey),
    ),
  );
  return { privateKeyInfo: kept, publicKeyInfo };
}

/** Makes a public key object for verification or encryption in the token. @throws Pkcs11Failure */
export function importPublicKey(token: Token, kind: PairKind, publicKeyInfo: Buffer): KeyHandle {
  const template = publicImportTemplate(kind, publicKeyInfo);
  return guarded('C_CreateObject', () => token.library.C_CreateObject(token.holder, template));
}

function taking<Result>(token: Token, privateKey: Handle, take: () => Result): Result {
  try {
    return take();
  } finally {
    token.destroy(privateKey);
  }
}

/** PKCS#8 of an Ed25519 key (RFC 8410 §7), which SoftHSM does not wrap. */
function ed25519Info(token: Token, privateKey: Handle): Buffer {
  const head = Buffer.from('302e020100300506032b657004220420', 'hex');
  return Buffer.concat([head, token.bytesOf(privateKey, pkcs11.CKA_VALUE).subarray(-32)]);
}

/** PKCS#8 as the token writes it: wrapped under a key made for this once, and unwrapped here. */
function exported(token: Token, privateKey: Handle): Buffer {
  const once = token.random(32);
  const wrappingKey = guarded('C_CreateObject', () =>
    token.library.C_CreateObject(token.holder, [
      { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
      { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_AES },
      { type: pkcs11.CKA_TOKEN, value: false },
      { type: pkcs11.CKA_WRAP, value: true },
      { type: pkcs11.CKA_VALUE, value: once },
    ]),
  );
  try {
    const blob = wrapKey(token, wrappingKey, privateKey);
    // RFC 5649 with its alternative initial value; Node takes it as the IV.
    const iv = Buffer.from('a65959a6', 'hex');
    const unwrapping = createDecipheriv('id-aes256-wrap-pad', once, iv);
    // Node leaves the padding on, and strict readers refuse zeros after the key.
    return firstElement(Buffer.concat([unwrapping.update(blob), unwrapping.final()]));
  } finally {
    token.destroy(wrappingKey);
    once.fill(0);
  }
}
