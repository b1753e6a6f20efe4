// SPDX-License-Identifier: Apache-2.0
// The typed layer over PKCS#11 against a real SoftHSM: keys, sealing, signing, wrapping, sessions.
import { createDecipheriv, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pkcs11 from 'pkcs11js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, SEAL_OVERHEAD_BYTES, seal } from '#adapters/pkcs11/aes-gcm.ts';
import { signDigest, verifyDigest } from '#adapters/pkcs11/ecdsa.ts';
import { unwrapKey, wrapKey } from '#adapters/pkcs11/key-wrap.ts';
import { Pkcs11Module } from '#adapters/pkcs11/module.ts';
import { generateWrappedPair, importPublicKey } from '#adapters/pkcs11/pair-generation.ts';
import { ensureSoftHsm, writeSoftHsmConfig } from '#adapters/pkcs11/softhsm.ts';
import type { KeyHandle, Token } from '#adapters/pkcs11/token.ts';

const pins = { securityOfficerPin: '12345678', userPin: '87654321' };
const additionalData = Buffer.from('context');

let folder: string;
let module: Pkcs11Module;
let token: Token;
let wrappingKey: KeyHandle;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
  const { modulePath } = await ensureSoftHsm(folder);
  module = new Pkcs11Module({ modulePath, softHsmConfigPath: writeSoftHsmConfig(folder) });
  module.initialiseToken({ label: 'first', ...pins });
  module.initialiseToken({ label: 'second', ...pins });
  token = module.openToken('first', pins.userPin);
  wrappingKey = await token.generateTokenKey({ label: 'wrap', id: Buffer.from('w') }, 'wrap');
});
afterAll(() => {
  module.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a module', () => {
  it('lists tokens by label and keeps them apart', async () => {
    expect(module.tokenLabels().sort()).toEqual(['first', 'second']);
    const second = module.openToken('second', pins.userPin);
    await second.generateTokenKey({ label: 'only here', id: Buffer.from('s') }, 'encrypt');

    const labels = token.findSecretKeys().map((handle) => token.describe(handle).label);
    expect(labels).not.toContain('only here');
  });

  it('refuses a wrong PIN and an unknown token', () => {
    module.initialiseToken({ label: 'third', ...pins });

    expect(() => module.openToken('third', 'wrong')).toThrow(/CKR_PIN_INCORRECT/);
    expect(() => module.openToken('fourth', pins.userPin)).toThrow(/no token labelled/);
  });

  it('is held once in a process', async () => {
    const { modulePath } = await ensureSoftHsm(folder);

    expect(() => new Pkcs11Module({ modulePath })).toThrow(/already holds/);
  });
});

describe('a token key', () => {
  it('is found by its id, sensitive and never extractable, until it is destroyed', async () => {
    const id = Buffer.from('found');
    const handle = await token.generateTokenKey({ label: 'arn', id }, 'encrypt');

    const [found] = token.findSecretKeys(id);

    expect(found).toEqual(handle);
    expect(token.describe(handle)).toMatchObject({
      label: 'arn',
      sensitive: true,
      extractable: false,
      neverExtractable: true,
    });
    expect(() => token.attemptExtraction(handle)).toThrow(/CKR_ATTRIBUTE/);
    expect(() => wrapKey(token, wrappingKey, handle)).toThrow(/CKR_KEY/);
    token.destroy(handle);
    expect(token.findSecretKeys(id)).toEqual([]);
  });

  it('can be made by many callers at once', async () => {
    const handles = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        token.generateTokenKey({ label: `k${index}`, id: Buffer.from(`k${index}`) }, 'encrypt'),
      ),
    );

    const labels = handles.map((handle) => token.describe(handle).label);
    expect(new Set(labels).size).toBe(12);
  });
});

describe('sealing', () => {
  let key: KeyHandle;
  beforeAll(async () => {
    key = await token.generateTokenKey({ label: 'seal', id: Buffer.from('seal') }, 'encrypt');
  });

  it('opens what it sealed, with a fresh IV each time', () => {
    const plaintext = Buffer.from('plaintext');
    const [first, second] = [0, 1].map(() => seal(token, key, plaintext, additionalData));

    expect(first?.length).toBe(plaintext.length + SEAL_OVERHEAD_BYTES);
    expect(first?.subarray(0, 12)).not.toEqual(second?.subarray(0, 12));
    expect(open(token, key, first ?? Buffer.alloc(0), additionalData)).toEqual(plaintext);
  });

  it('refuses changed bytes and other data, and works on after it', () => {
    const sealed = seal(token, key, Buffer.from('x'), additionalData);
    const changed = Buffer.from(sealed);
    changed[12] = (changed[12] ?? 0) ^ 1;

    expect(() => open(token, key, changed, additionalData)).toThrow(/C_Decrypt failed/);
    expect(() => open(token, key, sealed, Buffer.from('other'))).toThrow(/C_Decrypt failed/);
    expect(open(token, key, sealed, additionalData).toString()).toBe('x');
  });

  it('is AES-256-GCM as OpenSSL knows it', () => {
    const keyBytes = randomBytes(32);
    const known = token.library.C_CreateObject(token.holder, [
      { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
      { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_AES },
      { type: pkcs11.CKA_TOKEN, value: false },
      { type: pkcs11.CKA_ENCRYPT, value: true },
      { type: pkcs11.CKA_VALUE, value: keyBytes },
    ]);
    const sealed = seal(token, known, Buffer.from('known plaintext'), additionalData);

    const decipher = createDecipheriv('aes-256-gcm', keyBytes, sealed.subarray(0, 12));
    decipher.setAAD(additionalData);
    decipher.setAuthTag(sealed.subarray(-16));
    const opened = Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);

    expect(opened.toString()).toBe('known plaintext');
  });
});

describe('wrapping', () => {
  it('brings an AES key back, not extractable any more', () => {
    const id = Buffer.from('aes');
    const original = token.generateWrappableKey({ label: 'aes', id });
    const blob = wrapKey(token, wrappingKey, original);
    const sealed = seal(token, original, Buffer.from('before'), additionalData);
    token.destroy(original);

    const again = unwrapKey(token, wrappingKey, { kind: 'aes-256', blob, label: 'aes', id });

    expect(open(token, again, sealed, additionalData).toString()).toBe('before');
    expect(token.describe(again)).toMatchObject({ sensitive: true, extractable: false });
    expect(() => wrapKey(token, wrappingKey, again)).toThrow(/CKR_KEY/);
  });

  it('brings a P-256 key back whose signatures verify', async () => {
    const id = Buffer.from('ec');
    const wanted = { kind: 'p-256', use: 'sign', label: 'ec', id } as const;
    const { blob, publicKeyInfo } = await generateWrappedPair(token, wrappingKey, wanted);

    const privateKey = unwrapKey(token, wrappingKey, { ...wanted, blob });

    const digest = Buffer.alloc(32, 7);
    const signature = signDigest(token, privateKey, digest);
    const publicKey = importPublicKey(token, 'p-256', publicKeyInfo);
    expect(verifyDigest(token, publicKey, digest, signature)).toBe(true);
    expect(verifyDigest(token, publicKey, Buffer.alloc(32, 8), signature)).toBe(false);
    expect(verifyDigest(token, publicKey, digest, Buffer.alloc(3))).toBe(false);
  });

  it('refuses a damaged blob', () => {
    const id = Buffer.from('bad');
    const wrapped = { kind: 'aes-256' as const, blob: Buffer.alloc(40, 1), label: 'bad', id };

    expect(() => unwrapKey(token, wrappingKey, wrapped)).toThrow(/C_UnwrapKey failed/);
  });
});
