// SPDX-License-Identifier: Apache-2.0
// Asymmetric keys: every spec and algorithm, checked against OpenSSL, and AWS's refusals.
import {
  constants,
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  publicEncrypt,
  verify as verifyOutside,
} from 'node:crypto';
import {
  CreateKeyCommand,
  type CreateKeyCommandInput,
  DecryptCommand,
  DeriveSharedSecretCommand,
  DescribeKeyCommand,
  EncryptCommand,
  type EncryptionAlgorithmSpec,
  GenerateDataKeyCommand,
  GetPublicKeyCommand,
  type KMSClient,
  ReEncryptCommand,
  SignCommand,
  type SigningAlgorithmSpec,
  VerifyCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal, startEmulator, type TestEmulator } from './support.ts';

let emulator: TestEmulator;
let kms: KMSClient;
const known = new Map<string, string>();

beforeAll(async () => {
  emulator = await startEmulator();
  kms = emulator.kms();
});
afterAll(() => emulator.stop());

type Usage = NonNullable<CreateKeyCommandInput['KeyUsage']>;
type Spec = NonNullable<CreateKeyCommandInput['KeySpec']>;

async function keyOf(KeySpec: Spec, KeyUsage: Usage): Promise<string> {
  const name = `${KeySpec} ${KeyUsage}`;
  const present = known.get(name);
  if (present !== undefined) return present;
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ KeySpec, KeyUsage }));
  known.set(name, KeyMetadata?.KeyId ?? '');
  return known.get(name) ?? '';
}

async function publicKeyOf(KeyId: string): Promise<KeyObject> {
  const { PublicKey = new Uint8Array() } = await kms.send(new GetPublicKeyCommand({ KeyId }));
  return createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
}

function verifiesOutside(
  algorithm: SigningAlgorithmSpec,
  message: Buffer,
  key: KeyObject,
  signature: Uint8Array,
): boolean {
  if (algorithm === 'ED25519_SHA_512') return verifyOutside(null, message, key, signature);
  const hash = `sha${algorithm.slice(-3)}`;
  if (!algorithm.startsWith('RSASSA_PSS')) return verifyOutside(hash, message, key, signature);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
  return verifyOutside(hash, message, { key, padding, saltLength }, signature);
}

const RSA_SIGNING: SigningAlgorithmSpec[] = [
  'RSASSA_PKCS1_V1_5_SHA_256',
  'RSASSA_PKCS1_V1_5_SHA_384',
  'RSASSA_PKCS1_V1_5_SHA_512',
  'RSASSA_PSS_SHA_256',
  'RSASSA_PSS_SHA_384',
  'RSASSA_PSS_SHA_512',
];
const SIGNING: [Spec, SigningAlgorithmSpec[]][] = [
  ['RSA_2048', RSA_SIGNING],
  ['RSA_3072', RSA_SIGNING],
  ['RSA_4096', RSA_SIGNING],
  ['ECC_NIST_P256', ['ECDSA_SHA_256']],
  ['ECC_NIST_P384', ['ECDSA_SHA_384']],
  ['ECC_NIST_P521', ['ECDSA_SHA_512']],
  ['ECC_SECG_P256K1', ['ECDSA_SHA_256']],
  ['ECC_NIST_EDWARDS25519', ['ED25519_SHA_512']],
];

describe.each(SIGNING)('a signing key of spec %s', (spec, algorithms) => {
  it('lists its algorithms in DescribeKey and GetPublicKey', async () => {
    const KeyId = await keyOf(spec, 'SIGN_VERIFY');

    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
    const published = await kms.send(new GetPublicKeyCommand({ KeyId }));

    expect(KeyMetadata).toMatchObject({ KeySpec: spec, SigningAlgorithms: algorithms });
    expect(KeyMetadata).not.toHaveProperty('CurrentKeyMaterialId');
    expect(published).toMatchObject({ KeySpec: spec, SigningAlgorithms: algorithms });
  });

  it.each(algorithms)('signs with %s what OpenSSL and Verify accept', async (SigningAlgorithm) => {
    const KeyId = await keyOf(spec, 'SIGN_VERIFY');
    const publicKey = await publicKeyOf(KeyId);
    const Message = Buffer.alloc(4096, 0x61);

    const { Signature = new Uint8Array() } = await kms.send(
      new SignCommand({ KeyId, Message, SigningAlgorithm }),
    );

    expect(verifiesOutside(SigningAlgorithm, Message, publicKey, Signature)).toBe(true);
    const verify = { KeyId, Message, SigningAlgorithm, Signature };
    expect((await kms.send(new VerifyCommand(verify))).SignatureValid).toBe(true);
    const wrong = { name: 'KMSInvalidSignatureException', message: '' };
    const changed = Buffer.from(Signature);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    for (const attempt of [
      { Message: Buffer.from('another') },
      { Signature: Buffer.from('none') },
      { Signature: changed },
    ]) {
      const error = await refusal(kms.send(new VerifyCommand({ ...verify, ...attempt })));
      expect({ ...error, message: error.message.replace('UnknownError', '') }).toEqual(wrong);
    }
  });
});

describe('digests', () => {
  it.each([
    ['ECC_NIST_P384', 'ECDSA_SHA_384', 'sha384'],
    ['RSA_2048', 'RSASSA_PSS_SHA_512', 'sha512'],
    ['RSA_2048', 'RSASSA_PKCS1_V1_5_SHA_256', 'sha256'],
  ] as const)('of %s are signed with %s like their message', async (spec, algorithm, hash) => {
    const KeyId = await keyOf(spec, 'SIGN_VERIFY');
    const message = Buffer.from('a message');
    const digest = createHash(hash).update(message).digest();
    const common = { KeyId, SigningAlgorithm: algorithm } as const;

    const { Signature = new Uint8Array() } = await kms.send(
      new SignCommand({ ...common, Message: digest, MessageType: 'DIGEST' }),
    );

    expect(verifiesOutside(algorithm, message, await publicKeyOf(KeyId), Signature)).toBe(true);
    const short = { ...common, Message: digest.subarray(1), MessageType: 'DIGEST' } as const;
    expect(await refusal(kms.send(new SignCommand(short)))).toEqual({
      name: 'ValidationException',
      message: `Digest is invalid length for algorithm ${algorithm}.`,
    });
  });

  it('are not for Ed25519, nor is its prehashed form there', async () => {
    const KeyId = await keyOf('ECC_NIST_EDWARDS25519', 'SIGN_VERIFY');
    const digest = { KeyId, Message: Buffer.alloc(64), MessageType: 'DIGEST' } as const;

    const plain = new SignCommand({ ...digest, SigningAlgorithm: 'ED25519_SHA_512' });
    const prehashed = new SignCommand({ ...digest, SigningAlgorithm: 'ED25519_PH_SHA_512' });

    expect((await refusal(kms.send(plain))).name).toBe('ValidationException');
    expect((await refusal(kms.send(prehashed))).name).toBe('UnsupportedOperationException');
  });
});

const OAEP: [Spec, EncryptionAlgorithmSpec, number][] = [
  ['RSA_2048', 'RSAES_OAEP_SHA_1', 214],
  ['RSA_2048', 'RSAES_OAEP_SHA_256', 190],
  ['RSA_3072', 'RSAES_OAEP_SHA_1', 342],
  ['RSA_3072', 'RSAES_OAEP_SHA_256', 318],
  ['RSA_4096', 'RSAES_OAEP_SHA_1', 470],
  ['RSA_4096', 'RSAES_OAEP_SHA_256', 446],
];

describe.each(OAEP)('%s with %s', (spec, EncryptionAlgorithm, limit) => {
  it('opens what OpenSSL sealed and what Encrypt sealed, up to its limit', async () => {
    const KeyId = await keyOf(spec, 'ENCRYPT_DECRYPT');
    const key = await publicKeyOf(KeyId);
    const oaepHash = EncryptionAlgorithm === 'RSAES_OAEP_SHA_1' ? 'sha1' : 'sha256';
    const Plaintext = Buffer.alloc(limit, 7);

    const { CiphertextBlob } = await kms.send(
      new EncryptCommand({ KeyId, Plaintext, EncryptionAlgorithm }),
    );
    const outside = publicEncrypt({ key, oaepHash }, Buffer.from('from outside'));

    const open = async (blob: Uint8Array | undefined) => {
      const command = new DecryptCommand({ KeyId, CiphertextBlob: blob, EncryptionAlgorithm });
      return Buffer.from((await kms.send(command)).Plaintext ?? []);
    };
    expect(await open(CiphertextBlob)).toEqual(Plaintext);
    expect((await open(outside)).toString()).toBe('from outside');
    const tooLong = { KeyId, Plaintext: Buffer.alloc(limit + 1), EncryptionAlgorithm };
    expect(await refusal(kms.send(new EncryptCommand(tooLong)))).toEqual({
      name: 'ValidationException',
      message: `Algorithm ${EncryptionAlgorithm} and key spec ${spec} cannot encrypt data larger than ${limit} bytes.`,
    });
    for (const bad of [Buffer.alloc(outside.length, 0xff), Buffer.alloc(outside.length, 1)]) {
      expect((await refusal(open(bad))).name).toBe('InvalidCiphertextException');
    }
  });
});

describe('RSA encryption keys', () => {
  const EncryptionAlgorithm = 'RSAES_OAEP_SHA_256';
  const Plaintext = Buffer.from('x');

  it('take no context, need KeyId to decrypt, and their own algorithms', async () => {
    const KeyId = await keyOf('RSA_2048', 'ENCRYPT_DECRYPT');
    const sealed = await kms.send(new EncryptCommand({ KeyId, Plaintext, EncryptionAlgorithm }));
    const { CiphertextBlob } = sealed;
    const EncryptionContext = { a: 'b' };

    const withContext = { KeyId, Plaintext, EncryptionAlgorithm, EncryptionContext } as const;
    const names = await Promise.all([
      refusal(kms.send(new EncryptCommand(withContext))),
      refusal(kms.send(new DecryptCommand({ CiphertextBlob, EncryptionAlgorithm }))),
      refusal(kms.send(new EncryptCommand({ KeyId, Plaintext }))),
      refusal(kms.send(new DecryptCommand({ KeyId, CiphertextBlob }))),
      refusal(kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }))),
    ]);

    const symmetric = 'Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.';
    expect(names.map(({ name }) => name)).toEqual([
      'ValidationException',
      'ValidationException',
      'InvalidKeyUsageException',
      // Without an algorithm it is read as a symmetric ciphertext, which it is not.
      'InvalidCiphertextException',
      'InvalidKeyUsageException',
    ]);
    expect(names[2]?.message).toBe(symmetric);
    const dry = { KeyId, Plaintext, EncryptionAlgorithm, DryRun: true } as const;
    expect((await refusal(kms.send(new EncryptCommand(dry)))).name).toBe(
      'DryRunOperationException',
    );
  });

  it('are re-encrypted from and to symmetric keys', async () => {
    const KeyId = await keyOf('RSA_2048', 'ENCRYPT_DECRYPT');
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    const sealed = await kms.send(new EncryptCommand({ KeyId, Plaintext, EncryptionAlgorithm }));

    const moved = await kms.send(
      new ReEncryptCommand({
        CiphertextBlob: sealed.CiphertextBlob,
        SourceKeyId: KeyId,
        SourceEncryptionAlgorithm: EncryptionAlgorithm,
        DestinationKeyId: KeyMetadata?.KeyId,
      }),
    );

    const { CiphertextBlob } = moved;
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob }));
    expect(Buffer.from(opened.Plaintext ?? [])).toEqual(Plaintext);
    expect(moved).not.toHaveProperty('SourceKeyMaterialId');
    const back = await kms.send(
      new ReEncryptCommand({
        CiphertextBlob,
        DestinationKeyId: KeyId,
        DestinationEncryptionAlgorithm: EncryptionAlgorithm,
      }),
    );
    expect(back.CiphertextBlob?.length).toBe(256);
  });
});

describe('key agreement', () => {
  it.each([
    ['ECC_NIST_P256', 'P-256'],
    ['ECC_NIST_P384', 'P-384'],
    ['ECC_NIST_P521', 'P-521'],
  ] as const)('on %s gives both sides the same secret', async (spec, namedCurve) => {
    const KeyId = await keyOf(spec, 'KEY_AGREEMENT');
    const peer = generateKeyPairSync('ec', { namedCurve });
    const derive = {
      KeyId,
      KeyAgreementAlgorithm: 'ECDH',
      PublicKey: peer.publicKey.export({ format: 'der', type: 'spki' }),
    } as const;

    const { SharedSecret, KeyOrigin } = await kms.send(new DeriveSharedSecretCommand(derive));

    const outside = diffieHellman({
      privateKey: peer.privateKey,
      publicKey: await publicKeyOf(KeyId),
    });
    expect(Buffer.from(SharedSecret ?? [])).toEqual(outside);
    expect(KeyOrigin).toBe('AWS_KMS');
    const wrongCurve = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey;
    for (const PublicKey of [
      Buffer.from('none'),
      wrongCurve.export({ format: 'der', type: 'spki' }),
    ]) {
      const attempt = new DeriveSharedSecretCommand({ ...derive, PublicKey });
      expect((await refusal(kms.send(attempt))).name).toBe('ValidationException');
    }
  });
});

describe('CreateKey', () => {
  it.each([
    ['SM2', 'SIGN_VERIFY', 'UnsupportedOperationException'],
    ['ML_DSA_44', 'KEY_AGREEMENT', 'ValidationException'],
    ['ML_KEM_768', 'ENCAPSULATE_DECAPSULATE', 'UnsupportedOperationException'],
    ['ECC_NIST_P256', 'ENCRYPT_DECRYPT', 'ValidationException'],
    ['ECC_SECG_P256K1', 'KEY_AGREEMENT', 'ValidationException'],
    ['ECC_NIST_EDWARDS25519', 'KEY_AGREEMENT', 'ValidationException'],
    ['RSA_2048', 'GENERATE_VERIFY_MAC', 'ValidationException'],
    ['HMAC_256', undefined, 'ValidationException'],
  ] as const)('refuses %s for %s', async (KeySpec, KeyUsage, expected) => {
    const error = await refusal(kms.send(new CreateKeyCommand({ KeySpec, KeyUsage })));

    expect(error.name).toBe(expected);
  });
});
