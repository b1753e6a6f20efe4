// SPDX-License-Identifier: Apache-2.0
// What escrow asks of KMS, against the emulator: material goes in once and again, envelopes are signed, and a session's
// one-time key opens for its session alone.
import { randomBytes } from 'node:crypto';
import {
  CreateKeyCommand,
  type CreateKeyCommandInput,
  DecryptCommand,
  DeleteImportedKeyMaterialCommand,
  EncryptCommand,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KmsMaterialImporter } from '#adapters/kms/material-importer.ts';
import { KmsSessionSeal } from '#adapters/kms/session-seal.ts';
import { KmsShareSigner } from '#adapters/kms/share-signer.ts';
import { startEmulator, type TestEmulator } from '#test/emulator/support.ts';

let emulator: TestEmulator;
let kms: KMSClient;
beforeAll(async () => {
  emulator = await startEmulator();
  kms = emulator.kms();
});
afterAll(() => emulator.stop());

async function newKey(input: CreateKeyCommandInput) {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand(input));
  return { id: KeyMetadata?.KeyId ?? '', arn: KeyMetadata?.Arn ?? '' };
}

describe('material', () => {
  it('that was lost comes back, and reads what was encrypted before', async () => {
    const { id } = await newKey({ Origin: 'EXTERNAL' });
    const importer = new KmsMaterialImporter(kms);
    const material = randomBytes(32);
    expect(await importer.hasMaterial(id)).toBe(false);
    await importer.importMaterial(id, material);
    await importer.importMaterial(id, material);
    expect(await importer.hasMaterial(id)).toBe(true);
    const { CiphertextBlob } = await kms.send(
      new EncryptCommand({ KeyId: id, Plaintext: Buffer.from('order 4711') }),
    );

    await kms.send(new DeleteImportedKeyMaterialCommand({ KeyId: id }));
    expect(await importer.hasMaterial(id)).toBe(false);
    await importer.importMaterial(id, material);

    const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob }));
    expect(Buffer.from(Plaintext ?? []).toString()).toBe('order 4711');
  });

  it('that is other material is refused, and the key stays without', async () => {
    const { id } = await newKey({ Origin: 'EXTERNAL' });
    const importer = new KmsMaterialImporter(kms);
    await importer.importMaterial(id, randomBytes(32));
    await kms.send(new DeleteImportedKeyMaterialCommand({ KeyId: id }));

    await expect(importer.importMaterial(id, randomBytes(32))).rejects.toMatchObject({
      code: 'EscrowCheckFailed',
    });
    expect(await importer.hasMaterial(id)).toBe(false);
  });

  it('is not put into a key that KMS does not know', async () => {
    const importer = new KmsMaterialImporter(kms);

    await expect(
      importer.importMaterial('1234abcd-12ab-34cd-56ef-1234567890ab', randomBytes(32)),
    ).rejects.toMatchObject({ code: 'KeyNotYetVisible' });
  });
});

describe('an envelope', () => {
  it('is signed by KMS and verified with its published key', async () => {
    const { arn } = await newKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
    const signer = new KmsShareSigner(kms, arn);
    const message = Buffer.from('an envelope');
    const signature = await signer.sign(message);

    expect(await signer.verify(message, signature)).toBe(true);
    expect(await signer.verify(Buffer.from('another'), signature)).toBe(false);
  });
});

describe('the one-time key of a session', () => {
  it('opens for its session alone', async () => {
    const { arn } = await newKey({});
    const seal = new KmsSessionSeal(kms, arn);
    const sealed = await seal.seal('AGE-SECRET-KEY-1…', 'ers_1');

    expect(sealed).not.toContain('AGE-SECRET-KEY');
    expect(await seal.open(sealed, 'ers_1')).toBe('AGE-SECRET-KEY-1…');
    await expect(seal.open(sealed, 'ers_2')).rejects.toMatchObject({ code: 'CiphertextInvalid' });
  });
});
