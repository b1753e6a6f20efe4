// SPDX-License-Identifier: Apache-2.0
// Published vectors through the PKCS#11 path: keys are put into SoftHSM, answers are those of the documents.
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pkcs11, { type Template } from 'pkcs11js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open } from '#adapters/pkcs11/aes-gcm.ts';
import { sharedSecret } from '#adapters/pkcs11/ecdh.ts';
import { verifyDigest, verifyEd25519 } from '#adapters/pkcs11/ecdsa.ts';
import { hmac, verifyHmac } from '#adapters/pkcs11/hmac.ts';
import { unwrapKey, wrapKey } from '#adapters/pkcs11/key-wrap.ts';
import { Pkcs11Module } from '#adapters/pkcs11/module.ts';
import { importPublicKey } from '#adapters/pkcs11/pair-generation.ts';
import { ensureSoftHsm, writeSoftHsmConfig } from '#adapters/pkcs11/softhsm.ts';
import type { Token } from '#adapters/pkcs11/token.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

let folder: string;
let module: Pkcs11Module;
let token: Token;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
  const { modulePath } = await ensureSoftHsm(folder);
  module = new Pkcs11Module({ modulePath, softHsmConfigPath: writeSoftHsmConfig(folder) });
  module.initialiseToken({ label: 'vectors', securityOfficerPin: '12345678', userPin: '87654321' });
  token = module.openToken('vectors', '87654321');
});
afterAll(() => {
  module.close();
  rmSync(folder, { recursive: true, force: true });
});

function secretKey(keyType: number, value: Buffer, use: Template) {
  return token.library.C_CreateObject(token.holder, [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
    { type: pkcs11.CKA_KEY_TYPE, value: keyType },
    { type: pkcs11.CKA_TOKEN, value: false },
    ...use,
    { type: pkcs11.CKA_VALUE, value },
  ]);
}

it('AES-256-GCM: test case 16 of the GCM specification', () => {
  const key = secretKey(pkcs11.CKK_AES, hex('feffe9928665731c6d6a8f9467308308'.repeat(2)), [
    { type: pkcs11.CKA_DECRYPT, value: true },
  ]);
  const iv = hex('cafebabefacedbaddecaf888');
  const ciphertext = hex(
    `522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa
     8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662`,
  );
  const tag = hex('76fc6ece0f4e1768cddf8853bb2d551b');
  const additionalData = hex('feedfacedeadbeeffeedfacedeadbeefabaddad2');

  const opened = open(token, key, Buffer.concat([iv, ciphertext, tag]), additionalData);

  expect(opened).toEqual(
    hex(
      `d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
       1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39`,
    ),
  );
});

describe('AES key wrap with padding', () => {
  const wrappingKey = hex('5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8');
  const wrapping = () =>
    secretKey(pkcs11.CKK_AES, wrappingKey, [
      { type: pkcs11.CKA_WRAP, value: true },
      { type: pkcs11.CKA_UNWRAP, value: true },
    ]);
  const hmacKey = (value: Buffer) =>
    secretKey(pkcs11.CKK_GENERIC_SECRET, value, [
      { type: pkcs11.CKA_EXTRACTABLE, value: true },
      { type: pkcs11.CKA_SIGN, value: true },
    ]);
  const message = Buffer.from('the same key');

  // The RFC's own vectors are of 20 and 7 bytes: lengths that SoftHSM fills up (below), and too short for its HMAC.
  it('unwraps what another implementation of RFC 5649 wrapped', () => {
    const value = Buffer.alloc(32, 0x5a);
    const cipher = createCipheriv('id-aes192-wrap-pad', wrappingKey, hex('a65959a6'));
    const blob = Buffer.concat([cipher.update(value), cipher.final()]);

    const named = { label: 'unwrapped', id: Buffer.from('1') };
    const key = unwrapKey(token, wrapping(), { kind: 'hmac', blob, ...named });

    const original = hmacKey(value);
    expect(hmac(token, key, 'sha256', message)).toEqual(hmac(token, original, 'sha256', message));
  });

  // SoftHSM fills other lengths up with zeros before it wraps, and says so in the length that it wraps.
  it.each([
    ['24', ''],
    ['20', '00000000'],
  ])('wraps %s bytes as another implementation unwraps them', (size, filling) => {
    const value = Buffer.alloc(Number(size), 0x5a);

    const blob = wrapKey(token, wrapping(), hmacKey(value));

    const decipher = createDecipheriv('id-aes192-wrap-pad', wrappingKey, hex('a65959a6'));
    const unwrapped = Buffer.concat([decipher.update(blob), decipher.final()]);
    expect(unwrapped).toEqual(Buffer.concat([value, hex(filling)]));
  });
});

it('ECDH: RFC 5903 section 8.1, P-256', () => {
  const own = hex('c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433');
  const privateKey = token.library.C_CreateObject(token.holder, [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_PRIVATE_KEY },
    { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_EC },
    { type: pkcs11.CKA_TOKEN, value: false },
    { type: pkcs11.CKA_DERIVE, value: true },
    { type: pkcs11.CKA_EC_PARAMS, value: hex('06082a8648ce3d030107') },
    { type: pkcs11.CKA_VALUE, value: own },
  ]);
  const theirs = hex(
    `04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63
     56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab`,
  );

  expect(sharedSecret(token, privateKey, theirs)).toEqual(
    hex('d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de'),
  );
});

describe('HMAC: RFC 4231 test case 6, a key larger than a block', () => {
  it.each([
    ['sha256', '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54'],
    [
      'sha384',
      '4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952',
    ],
  ] as const)('with %s', (hash, expected) => {
    const key = secretKey(pkcs11.CKK_GENERIC_SECRET, Buffer.alloc(131, 0xaa), [
      { type: pkcs11.CKA_SIGN, value: true },
      { type: pkcs11.CKA_VERIFY, value: true },
    ]);
    const message = Buffer.from('Test Using Larger Than Block-Size Key - Hash Key First');

    const mac = hmac(token, key, hash, message);

    expect(mac.toString('hex')).toBe(expected);
    expect(verifyHmac(token, { key, hash }, message, mac)).toBe(true);
  });
});

it('ECDSA: RFC 6979 A.2.5, P-256 with SHA-256, message "sample"', () => {
  const publicKeyInfo = hex(
    `3059301306072a8648ce3d020106082a8648ce3d03010703420004
     60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6
     7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299`,
  );
  const signature = hex(
    `efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716
     f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8`,
  );
  const key = importPublicKey(token, 'p-256', publicKeyInfo);
  const digest = (text: string) => createHash('sha256').update(text).digest();

  expect(verifyDigest(token, key, digest('sample'), signature)).toBe(true);
  expect(verifyDigest(token, key, digest('test'), signature)).toBe(false);
});

it('Ed25519: RFC 8032 §7.1 test 2', () => {
  const point = '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c';
  const key = importPublicKey(token, 'ed25519', hex(`302a300506032b6570032100${point}`));
  const signature = hex(
    `92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da
     085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00`,
  );

  expect(verifyEd25519(token, key, hex('72'), signature)).toBe(true);
  expect(verifyEd25519(token, key, hex('73'), signature)).toBe(false);
});
