// SPDX-License-Identifier: Apache-2.0
// Imported material of keys that are not symmetric, and of multi-Region keys: what it must look like, how it may
// be wrapped, and that the key then works like the one outside.
import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  publicEncrypt,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import {
  type AlgorithmSpec,
  CreateKeyCommand,
  type CreateKeyCommandInput,
  DecryptCommand,
  DeleteImportedKeyMaterialCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateMacCommand,
  GetParametersForImportCommand,
  GetPublicKeyCommand,
  ImportKeyMaterialCommand,
  type ImportKeyMaterialCommandInput,
  type KMSClient,
  ListKeyRotationsCommand,
  ReplicateKeyCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  SignCommand,
  VerifyCommand,
  type WrappingKeySpec,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal, startEmulator, type TestEmulator, until } from './support.ts';
import { wrap } from './wrapping.ts';

let emulator: TestEmulator;
let kms: KMSClient;
let there: KMSClient;
beforeAll(async () => {
  emulator = await startEmulator();
  kms = emulator.kms();
  there = emulator.kms({ region: 'eu-west-1' });
});
afterAll(() => emulator.stop());

const Message = Buffer.from('message');
async function newKey(input: CreateKeyCommandInput): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Origin: 'EXTERNAL', ...input }));
  return KeyMetadata?.KeyId ?? '';
}
const stateOf = async (client: KMSClient, KeyId: string) =>
  (await client.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyState;

interface Way {
  readonly algorithm: AlgorithmSpec;
  readonly spec: WrappingKeySpec;
}
const VIA_AES: Way = { algorithm: 'RSA_AES_KEY_WRAP_SHA_256', spec: 'RSA_2048' };
const DIRECT: Way = { algorithm: 'RSAES_OAEP_SHA_256', spec: 'RSA_2048' };
const parameters = (client: KMSClient, KeyId: string, { algorithm, spec }: Way) =>
  client.send(
    new GetParametersForImportCommand({
      KeyId,
      WrappingAlgorithm: algorithm,
      WrappingKeySpec: spec,
    }),
  );

async function importInto(
  KeyId: string,
  material: Buffer,
  way: Way = VIA_AES,
  { client = kms, ...more }: { client?: KMSClient } & Partial<ImportKeyMaterialCommandInput> = {},
) {
  const { ImportToken, PublicKey = new Uint8Array() } = await parameters(client, KeyId, way);
  return client.send(
    new ImportKeyMaterialCommand({
      KeyId,
      ImportToken,
      EncryptedKeyMaterial: wrap(material, PublicKey, way.algorithm),
      ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
      ...more,
    }),
  );
}

const pkcs8 = (key: KeyObject) => key.export({ format: 'der', type: 'pkcs8' });
const curve = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });

describe('a curve key', () => {
  it.each<
    [
      CreateKeyCommandInput['KeySpec'],
      string,
      'ECDSA_SHA_256' | 'ECDSA_SHA_384' | 'ECDSA_SHA_512',
      Way,
    ]
  >([
    ['ECC_NIST_P256', 'P-256', 'ECDSA_SHA_256', DIRECT],
    ['ECC_NIST_P384', 'P-384', 'ECDSA_SHA_384', VIA_AES],
    ['ECC_NIST_P521', 'P-521', 'ECDSA_SHA_512', { ...DIRECT, spec: 'RSA_3072' }],
    ['ECC_SECG_P256K1', 'secp256k1', 'ECDSA_SHA_256', { ...DIRECT, algorithm: 'RSAES_OAEP_SHA_1' }],
  ])(
    '%s signs as the key outside, and verifies it',
    async (KeySpec, name, SigningAlgorithm, way) => {
      const KeyId = await newKey({ KeySpec, KeyUsage: 'SIGN_VERIFY' });
      expect(await stateOf(kms, KeyId)).toBe('PendingImport');
      const { privateKey, publicKey } = curve(name);

      const answer = await importInto(KeyId, pkcs8(privateKey), way);

      expect(answer.KeyMaterialId).toBeUndefined();
      expect(await stateOf(kms, KeyId)).toBe('Enabled');
      const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId }));
      expect(Buffer.from(PublicKey ?? [])).toEqual(
        publicKey.export({ format: 'der', type: 'spki' }),
      );
      const hash = SigningAlgorithm.replace('ECDSA_SHA_', 'sha');
      const { Signature = new Uint8Array() } = await kms.send(
        new SignCommand({ KeyId, Message, SigningAlgorithm }),
      );
      expect(verify(hash, Message, publicKey, Signature)).toBe(true);
      const verifying = {
        KeyId,
        Message,
        SigningAlgorithm,
        Signature: sign(hash, Message, privateKey),
      };
      expect((await kms.send(new VerifyCommand(verifying))).SignatureValid).toBe(true);
    },
  );

  it.each<[string, () => Buffer]>([
    ['another curve', () => pkcs8(curve('P-384').privateKey)],
    ['no key at all', () => randomBytes(100)],
    ['an Ed25519 key', () => pkcs8(generateKeyPairSync('ed25519').privateKey)],
  ])('refuses %s', async (_, material) => {
    const KeyId = await newKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });

    expect((await refusal(importInto(KeyId, material()))).name).toBe(
      'IncorrectKeyMaterialException',
    );
    expect(await stateOf(kms, KeyId)).toBe('PendingImport');
  });

  it('of P-521 does not fit directly under RSA_2048', async () => {
    const KeyId = await newKey({ KeySpec: 'ECC_NIST_P521', KeyUsage: 'SIGN_VERIFY' });

    expect((await refusal(parameters(kms, KeyId, DIRECT))).name).toBe(
      'UnsupportedOperationException',
    );
  });

  it('takes the same material again after its deletion, and no other', async () => {
    const KeyId = await newKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
    const { privateKey } = curve('P-256');
    await importInto(KeyId, pkcs8(privateKey));
    await kms.send(new DeleteImportedKeyMaterialCommand({ KeyId }));

    const signing = new SignCommand({ KeyId, Message, SigningAlgorithm: 'ECDSA_SHA_256' });
    expect((await refusal(kms.send(signing))).name).toBe('KMSInvalidStateException');
    const other = importInto(KeyId, pkcs8(curve('P-256').privateKey));
    expect((await refusal(other)).name).toBe('IncorrectKeyMaterialException');
    await importInto(KeyId, pkcs8(privateKey));
    await kms.send(signing);
  });

  it('has no several materials', async () => {
    const KeyId = await newKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
    const more = { ImportType: 'NEW_KEY_MATERIAL' as const };

    expect(
      (await refusal(importInto(KeyId, pkcs8(curve('P-256').privateKey), VIA_AES, more))).name,
    ).toBe('ValidationException');
  });
});

describe('an RSA key', () => {
  const pair = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength });

  it('decrypts what its public half outside encrypted', async () => {
    const KeyId = await newKey({ KeySpec: 'RSA_3072', KeyUsage: 'ENCRYPT_DECRYPT' });
    const { privateKey, publicKey } = pair(3072);
    await importInto(KeyId, pkcs8(privateKey), { ...VIA_AES, algorithm: 'RSA_AES_KEY_WRAP_SHA_1' });
    const options = {
      key: publicKey,
      oaepHash: 'sha256',
      padding: constants.RSA_PKCS1_OAEP_PADDING,
    };

    const { Plaintext } = await kms.send(
      new DecryptCommand({
        KeyId,
        CiphertextBlob: publicEncrypt(options, Message),
        EncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
      }),
    );

    expect(Buffer.from(Plaintext ?? [])).toEqual(Message);
  });

  it('must have the size of its spec, and cannot be wrapped directly', async () => {
    const KeyId = await newKey({ KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' });

    expect((await refusal(parameters(kms, KeyId, { ...DIRECT, spec: 'RSA_4096' }))).name).toBe(
      'UnsupportedOperationException',
    );
    expect((await refusal(importInto(KeyId, pkcs8(pair(3072).privateKey)))).name).toBe(
      'IncorrectKeyMaterialException',
    );
  });
});

describe('an HMAC key', () => {
  it.each<['HMAC_224' | 'HMAC_256' | 'HMAC_384' | 'HMAC_512']>([
    ['HMAC_224'],
    ['HMAC_256'],
    ['HMAC_384'],
    ['HMAC_512'],
  ])('%s makes the MACs of the bytes outside', async (KeySpec) => {
    const bits = KeySpec.slice('HMAC_'.length);
    const KeyId = await newKey({ KeySpec, KeyUsage: 'GENERATE_VERIFY_MAC' });
    const material = randomBytes(Number(bits) / 8);
    expect((await refusal(importInto(KeyId, randomBytes(20), DIRECT))).name).toBe(
      'IncorrectKeyMaterialException',
    );

    await importInto(KeyId, material, DIRECT);

    const MacAlgorithm = `HMAC_SHA_${bits}` as 'HMAC_SHA_256';
    const { Mac } = await kms.send(new GenerateMacCommand({ KeyId, Message, MacAlgorithm }));
    expect(Buffer.from(Mac ?? [])).toEqual(
      createHmac(`sha${bits}`, material).update(Message).digest(),
    );
  });
});

it('material of a key that is pending deletion can be deleted; the state stays', async () => {
  const KeyId = await newKey({});
  await importInto(KeyId, randomBytes(32), DIRECT);
  await kms.send(new ScheduleKeyDeletionCommand({ KeyId }));

  await kms.send(new DeleteImportedKeyMaterialCommand({ KeyId }));

  expect(await stateOf(kms, KeyId)).toBe('PendingDeletion');
});

describe('a multi-Region key', () => {
  const replicate = async (KeyId: string) => {
    await kms.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: 'eu-west-1' }));
    await until('the replica is there', async () =>
      (await stateOf(there, KeyId)) === 'PendingImport' ? true : undefined,
    );
  };
  const statesOf = async (client: KMSClient, KeyId: string) => {
    const all = { KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' as const };
    const { Rotations = [] } = await client.send(new ListKeyRotationsCommand(all));
    return Rotations.map(({ KeyMaterialState, ImportState }) => [KeyMaterialState, ImportState]);
  };

  it('needs its material in every Region, and takes only that of the primary', async () => {
    const KeyId = await newKey({ MultiRegion: true });
    const material = randomBytes(32);
    const { KeyMaterialId } = await importInto(KeyId, material, DIRECT);
    await replicate(KeyId);

    const other = importInto(KeyId, randomBytes(32), DIRECT, { client: there });
    expect((await refusal(other)).name).toBe('IncorrectKeyMaterialException');
    const again = await importInto(KeyId, material, DIRECT, { client: there });

    expect(again.KeyMaterialId).toBe(KeyMaterialId);
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext: Message }));
    const opened = await there.send(new DecryptCommand({ CiphertextBlob }));
    expect(Buffer.from(opened.Plaintext ?? [])).toEqual(Message);
    await there.send(new DeleteImportedKeyMaterialCommand({ KeyId }));
    expect(await stateOf(there, KeyId)).toBe('PendingImport');
    expect(await stateOf(kms, KeyId)).toBe('Enabled');
  });

  it('rotates to new material once every replica has it', async () => {
    const KeyId = await newKey({ MultiRegion: true });
    const [first, second] = [randomBytes(32), randomBytes(32)];
    await importInto(KeyId, first, DIRECT);
    await replicate(KeyId);
    await importInto(KeyId, first, DIRECT, { client: there });
    const added = { ImportType: 'NEW_KEY_MATERIAL' as const };
    const onReplica = importInto(KeyId, second, DIRECT, { client: there, ...added });
    expect((await refusal(onReplica)).name).toBe('IncorrectKeyMaterialException');
    await importInto(KeyId, second, DIRECT, added);
    const rotate = () => kms.send(new RotateKeyOnDemandCommand({ KeyId }));

    expect((await refusal(rotate())).name).toBe('KMSInvalidStateException');
    expect(await statesOf(there, KeyId)).toEqual([
      ['CURRENT', 'IMPORTED'],
      ['PENDING_MULTI_REGION_IMPORT_AND_ROTATION', 'PENDING_IMPORT'],
    ]);
    await importInto(KeyId, second, DIRECT, { client: there });
    expect((await statesOf(kms, KeyId))[1]).toEqual(['PENDING_ROTATION', 'IMPORTED']);
    await rotate();

    const rotated = await until('the rotation is over', async () => {
      const states = await statesOf(there, KeyId);
      return states[1]?.[0] === 'CURRENT' ? states : undefined;
    });
    expect(rotated).toEqual([
      ['NON_CURRENT', 'IMPORTED'],
      ['CURRENT', 'IMPORTED'],
    ]);
    const { CiphertextBlob } = await there.send(new EncryptCommand({ KeyId, Plaintext: Message }));
    await kms.send(new DecryptCommand({ CiphertextBlob }));
  });

  it('of a curve is imported in each Region as well', async () => {
    const KeyId = await newKey({
      MultiRegion: true,
      KeySpec: 'ECC_NIST_P256',
      KeyUsage: 'SIGN_VERIFY',
    });
    const material = pkcs8(curve('P-256').privateKey);
    await importInto(KeyId, material);
    await replicate(KeyId);
    await importInto(KeyId, material, VIA_AES, { client: there });

    const signing = { KeyId, Message, SigningAlgorithm: 'ECDSA_SHA_256' } as const;
    const { Signature = new Uint8Array() } = await there.send(new SignCommand(signing));

    const outside = createPublicKey(
      createPrivateKey({ key: material, format: 'der', type: 'pkcs8' }),
    );
    expect(verify('sha256', Message, outside, Signature)).toBe(true);
  });
});
