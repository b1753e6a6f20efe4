// SPDX-License-Identifier: Apache-2.0
// Imported material: every way of wrapping it, its end by time or by deletion, and several materials of one key.
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AlgorithmSpec,
  CreateKeyCommand,
  DecryptCommand,
  DeleteImportedKeyMaterialCommand,
  DescribeKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  GetKeyRotationStatusCommand,
  GetParametersForImportCommand,
  ImportKeyMaterialCommand,
  type ImportKeyMaterialCommandInput,
  type KMSClient,
  ListKeyRotationsCommand,
  RotateKeyOnDemandCommand,
  type WrappingKeySpec,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal, startEmulator, type TestEmulator } from './support.ts';
import { trail } from './trail.ts';
import { wrap } from './wrapping.ts';

const DAY = 86_400_000;
let ahead = 0;
let emulator: TestEmulator;
let kms: KMSClient;
const pass = (milliseconds: number) => {
  ahead += milliseconds;
  kms = emulator.kms({ systemClockOffset: ahead });
};
beforeAll(async () => {
  emulator = await startEmulator({ clock: () => Date.now() + ahead });
  kms = emulator.kms();
});
afterAll(() => emulator.stop());

const Plaintext = Buffer.from('secret');
async function newKey(): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Origin: 'EXTERNAL' }));
  return KeyMetadata?.KeyId ?? '';
}
const describeKey = async (KeyId: string) =>
  (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata;
const encrypt = async (KeyId: string) =>
  (await kms.send(new EncryptCommand({ KeyId, Plaintext }))).CiphertextBlob;
const parameters = (
  KeyId: string,
  WrappingAlgorithm: AlgorithmSpec = 'RSAES_OAEP_SHA_256',
  WrappingKeySpec: WrappingKeySpec = 'RSA_2048',
) => kms.send(new GetParametersForImportCommand({ KeyId, WrappingAlgorithm, WrappingKeySpec }));

async function importMaterial(
  KeyId: string,
  material: Buffer,
  more: Partial<ImportKeyMaterialCommandInput> = {},
  algorithm: AlgorithmSpec = 'RSAES_OAEP_SHA_256',
  spec: WrappingKeySpec = 'RSA_2048',
) {
  const { ImportToken, PublicKey = new Uint8Array() } = await parameters(KeyId, algorithm, spec);
  return kms.send(
    new ImportKeyMaterialCommand({
      KeyId,
      ImportToken,
      EncryptedKeyMaterial: wrap(material, PublicKey, algorithm),
      ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
      ...more,
    }),
  );
}

describe('a key of origin EXTERNAL', () => {
  it('waits for its material', async () => {
    const KeyId = await newKey();

    expect(await describeKey(KeyId)).toMatchObject({ KeyState: 'PendingImport', Enabled: false });
    const refused = await refusal(encrypt(KeyId));
    expect(refused.name).toBe('KMSInvalidStateException');
    expect(refused.message).toMatch(/ is pending import\.$/);
  });

  it.each<[AlgorithmSpec, WrappingKeySpec]>([
    ['RSAES_OAEP_SHA_1', 'RSA_2048'],
    ['RSAES_OAEP_SHA_256', 'RSA_3072'],
    ['RSAES_OAEP_SHA_256', 'RSA_4096'],
    ['RSA_AES_KEY_WRAP_SHA_1', 'RSA_3072'],
    ['RSA_AES_KEY_WRAP_SHA_256', 'RSA_2048'],
  ])('takes it by %s under %s', async (algorithm, spec) => {
    const KeyId = await newKey();

    const imported = await importMaterial(KeyId, randomBytes(32), {}, algorithm, spec);

    expect(await describeKey(KeyId)).toMatchObject({
      KeyState: 'Enabled',
      Origin: 'EXTERNAL',
      ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
      CurrentKeyMaterialId: imported.KeyMaterialId,
    });
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob: await encrypt(KeyId) }));
    expect(opened.KeyMaterialId).toBe(imported.KeyMaterialId);
  });

  it.each<[AlgorithmSpec, WrappingKeySpec]>([
    ['RSAES_PKCS1_V1_5', 'RSA_2048'],
    ['SM2PKE', 'SM2'],
  ])('does not take it by %s', async (algorithm, spec) => {
    const refused = await refusal(parameters(await newKey(), algorithm, spec));

    expect(refused.name).toBe('UnsupportedOperationException');
  });

  it('leaves no clear material on disk', async () => {
    const material = randomBytes(32);
    await importMaterial(await newKey(), material);

    const files = readdirSync(emulator.dataFolder, { recursive: true, withFileTypes: true });
    const holding = files
      .filter((file) => file.isFile())
      .filter(({ parentPath, name }) => readFileSync(join(parentPath, name)).includes(material));

    expect(holding).toEqual([]);
  });

  it('does not rotate by itself', async () => {
    const KeyId = await newKey();
    await importMaterial(KeyId, randomBytes(32));

    const enable = await refusal(kms.send(new EnableKeyRotationCommand({ KeyId })));
    const status = await kms.send(new GetKeyRotationStatusCommand({ KeyId }));

    expect(enable.name).toBe('UnsupportedOperationException');
    expect(status.KeyRotationEnabled).toBe(false);
  });
});

describe('an import', () => {
  it('is refused for keys with material of AWS', async () => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));

    const refused = await refusal(parameters(KeyMetadata?.KeyId ?? ''));

    expect(refused.name).toBe('UnsupportedOperationException');
    expect(refused.message).toMatch(/ origin is AWS_KMS which is not valid for this operation\.$/);
  });

  it.each<[string, () => Partial<ImportKeyMaterialCommandInput>, string]>([
    [
      'a token it did not give',
      () => ({ ImportToken: randomBytes(65) }),
      'InvalidImportTokenException',
    ],
    [
      'bytes it cannot open',
      () => ({ EncryptedKeyMaterial: Buffer.alloc(256, 1) }),
      'InvalidCiphertextException',
    ],
    [
      'bytes of no length of RSA',
      () => ({ EncryptedKeyMaterial: Buffer.alloc(99) }),
      'InvalidCiphertextException',
    ],
    [
      'no expiry where there must be one',
      () => ({ ExpirationModel: undefined }),
      'ValidationException',
    ],
    [
      'an expiry where there is none',
      () => ({ ValidTo: new Date(Date.now() + ahead + DAY) }),
      'ValidationException',
    ],
    [
      'an expiry in the past',
      () => ({ ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo: new Date(1000) }),
      'ValidationException',
    ],
    [
      'an expiry after more than 365 days',
      () => ({
        ExpirationModel: 'KEY_MATERIAL_EXPIRES',
        ValidTo: new Date(Date.now() + ahead + 366 * DAY),
      }),
      'ValidationException',
    ],
    [
      'material it never had',
      () => ({ ImportType: 'EXISTING_KEY_MATERIAL' }),
      'IncorrectKeyMaterialException',
    ],
  ])('is refused with %s', async (_, more, name) => {
    const KeyId = await newKey();

    expect((await refusal(importMaterial(KeyId, randomBytes(32), more()))).name).toBe(name);
    expect((await describeKey(KeyId))?.KeyState).toBe('PendingImport');
  });

  it('is refused for material of another length', async () => {
    const refused = await refusal(importMaterial(await newKey(), randomBytes(16)));

    expect(refused.name).toBe('IncorrectKeyMaterialException');
  });

  it('is refused with the token of another key, or one older than a day', async () => {
    const [KeyId, other] = [await newKey(), await newKey()];
    const { ImportToken, PublicKey = new Uint8Array() } = await parameters(KeyId);
    const input = {
      ImportToken,
      EncryptedKeyMaterial: wrap(randomBytes(32), PublicKey, 'RSAES_OAEP_SHA_256'),
      ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' as const,
    };

    const wrong = kms.send(new ImportKeyMaterialCommand({ KeyId: other, ...input }));
    expect((await refusal(wrong)).name).toBe('InvalidImportTokenException');
    pass(DAY + 1000);
    const late = kms.send(new ImportKeyMaterialCommand({ KeyId, ...input }));
    expect((await refusal(late)).name).toBe('ExpiredImportTokenException');
  });
});

describe('imported material', () => {
  it('ends by time, and only the same comes back', async () => {
    const KeyId = await newKey();
    const material = randomBytes(32);
    const ValidTo = new Date(Math.floor((Date.now() + ahead + 2 * DAY) / 1000) * 1000);
    await importMaterial(KeyId, material, { ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo });
    const CiphertextBlob = await encrypt(KeyId);
    expect(await describeKey(KeyId)).toMatchObject({
      ExpirationModel: 'KEY_MATERIAL_EXPIRES',
      ValidTo,
    });

    pass(3 * DAY);

    expect((await describeKey(KeyId))?.KeyState).toBe('PendingImport');
    const expired = await refusal(kms.send(new DecryptCommand({ CiphertextBlob })));
    expect(expired.name).toBe('KMSInvalidStateException');
    const { events } = await trail(emulator, '?limit=1000');
    const [ended, ...more] = events.filter(
      ({ eventName }) => eventName === 'DeleteExpiredKeyMaterial',
    );
    expect(more).toEqual([]);
    expect(ended).toMatchObject({
      eventType: 'AwsServiceEvent',
      eventTime: `${ValidTo.toISOString().slice(0, 19)}Z`,
      resources: [{ ARN: expect.stringContaining(KeyId) }],
    });
    const other = await refusal(importMaterial(KeyId, randomBytes(32)));
    expect(other.name).toBe('IncorrectKeyMaterialException');
    await importMaterial(KeyId, material);
    const { Plaintext: opened } = await kms.send(new DecryptCommand({ CiphertextBlob }));
    expect(Buffer.from(opened ?? [])).toEqual(Plaintext);
  });

  it('ends by deletion', async () => {
    const KeyId = await newKey();
    const material = randomBytes(32);
    const { KeyMaterialId } = await importMaterial(KeyId, material);
    const CiphertextBlob = await encrypt(KeyId);

    const deleted = await kms.send(new DeleteImportedKeyMaterialCommand({ KeyId }));

    expect(deleted.KeyMaterialId).toBe(KeyMaterialId);
    expect((await refusal(encrypt(KeyId))).name).toBe('KMSInvalidStateException');
    await importMaterial(KeyId, material, { KeyMaterialId });
    await kms.send(new DecryptCommand({ CiphertextBlob }));
  });

  it('may be several, of which one is current', async () => {
    const KeyId = await newKey();
    const [first, second] = [randomBytes(32), randomBytes(32)];
    const one = await importMaterial(KeyId, first, { KeyMaterialDescription: 'the first' });
    const before = await encrypt(KeyId);
    const none = await refusal(kms.send(new RotateKeyOnDemandCommand({ KeyId })));
    expect(none).toMatchObject({ name: 'KMSInvalidStateException' });
    expect(none.message).toMatch(/^No available key material pending rotation for the key: /);

    const ImportType = 'NEW_KEY_MATERIAL';
    const two = await importMaterial(KeyId, second, { ImportType });
    const third = await refusal(importMaterial(KeyId, randomBytes(32), { ImportType }));
    expect(third.message).toContain(`(id: ${two.KeyMaterialId}) is pending rotation.`);
    expect((await describeKey(KeyId))?.CurrentKeyMaterialId).toBe(one.KeyMaterialId);
    await kms.send(new RotateKeyOnDemandCommand({ KeyId }));
    pass(1000);

    expect((await describeKey(KeyId))?.CurrentKeyMaterialId).toBe(two.KeyMaterialId);
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob: before }));
    expect(opened.KeyMaterialId).toBe(one.KeyMaterialId);
    const { Rotations } = await kms.send(
      new ListKeyRotationsCommand({ KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' }),
    );
    expect(Rotations).toMatchObject([
      {
        KeyMaterialId: one.KeyMaterialId,
        KeyMaterialState: 'NON_CURRENT',
        ImportState: 'IMPORTED',
        KeyMaterialDescription: 'the first',
      },
      { KeyMaterialId: two.KeyMaterialId, KeyMaterialState: 'CURRENT', RotationType: 'ON_DEMAND' },
    ]);

    await kms.send(
      new DeleteImportedKeyMaterialCommand({ KeyId, KeyMaterialId: one.KeyMaterialId }),
    );
    expect((await describeKey(KeyId))?.KeyState).toBe('PendingImport');
    await importMaterial(KeyId, first);
    expect((await describeKey(KeyId))?.KeyState).toBe('Enabled');
  });

  it('that waits for a rotation can be taken back for good', async () => {
    const KeyId = await newKey();
    await importMaterial(KeyId, randomBytes(32));
    const ImportType = 'NEW_KEY_MATERIAL';
    const { KeyMaterialId } = await importMaterial(KeyId, randomBytes(32), { ImportType });

    await kms.send(new DeleteImportedKeyMaterialCommand({ KeyId, KeyMaterialId }));

    expect((await describeKey(KeyId))?.KeyState).toBe('Enabled');
    await importMaterial(KeyId, randomBytes(32), { ImportType });
    const unknown = new DeleteImportedKeyMaterialCommand({ KeyId, KeyMaterialId });
    expect((await refusal(kms.send(unknown))).name).toBe('NotFoundException');
  });
});
