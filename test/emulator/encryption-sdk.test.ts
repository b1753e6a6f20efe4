// SPDX-License-Identifier: Apache-2.0
// The AWS Encryption SDK for JavaScript, as published, on keys of both stores: envelopes, contexts, caching, refusals.
// `npm run conformance` crosses it with the one for Python.
import { randomBytes } from 'node:crypto';
import {
  buildClient,
  CommitmentPolicy,
  getLocalCryptographicMaterialsCache,
  KmsKeyringNode,
  NodeCachingMaterialsManager,
} from '@aws-crypto/client-node';
import { CreateKeyCommand, DisableKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encryptionSdkClient } from './encryption-sdk-client.ts';
import {
  createConnectedKeyStore,
  refusal,
  rootCredentials,
  startEmulator,
  type TestEmulator,
} from './support.ts';

const { encrypt, decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
const encryptionContext = { purpose: 'orders', tenant: '7' };
const plaintext = randomBytes(10_000);

let emulator: TestEmulator;
let kms: KMSClient;
let standard: string;
let inStore: string;
/** Calls of GenerateDataKey that keyrings of this file made. */
let dataKeys = 0;

beforeAll(async () => {
  emulator = await startEmulator();
  kms = emulator.kms();
  const { keyStoreId } = await createConnectedKeyStore(emulator);
  standard = await newKey();
  inStore = await newKey({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: keyStoreId });
});
afterAll(() => emulator.stop());

async function newKey(request: ConstructorParameters<typeof CreateKeyCommand>[0] = {}) {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand(request));
  return KeyMetadata?.Arn ?? '';
}

const clientProvider = (region: string) =>
  encryptionSdkClient(
    { endpoint: emulator.url, region, credentials: rootCredentials },
    (operation) => {
      if (operation === 'GenerateDataKey') dataKeys += 1;
    },
  );

const keyringOf = (generatorKeyId: string, ...keyIds: string[]) =>
  new KmsKeyringNode({ generatorKeyId, keyIds, clientProvider });
const openerOf = (...keyIds: string[]) => new KmsKeyringNode({ keyIds, clientProvider });

describe('the AWS Encryption SDK', () => {
  it('seals under keys of both stores what either of them opens, with its context', async () => {
    const { result } = await encrypt(keyringOf(standard, inStore), plaintext, {
      encryptionContext,
    });

    for (const key of [standard, inStore]) {
      const opened = await decrypt(openerOf(key), result);
      expect(opened.plaintext.equals(plaintext)).toBe(true);
      expect(opened.messageHeader.encryptionContext).toMatchObject(encryptionContext);
    }
  });

  it('makes its data key in the custom key store, too', async () => {
    const { result } = await encrypt(keyringOf(inStore, standard), plaintext);

    expect((await decrypt(openerOf(standard), result)).plaintext.equals(plaintext)).toBe(true);
  });

  it('opens nothing with a key that sealed nothing', async () => {
    const { result } = await encrypt(keyringOf(standard), plaintext);
    const other = await newKey();

    const error = await refusal(decrypt(openerOf(other), result));

    expect(error.message).toMatch(/unencryptedDataKey has not been set|data key/i);
  });

  it('opens nothing whose context was changed on the way', async () => {
    const { result } = await encrypt(keyringOf(standard), plaintext, { encryptionContext });
    const at = result.indexOf('orders');
    const forged = Buffer.from(result);
    forged.write('others', at);

    expect(at).toBeGreaterThan(0);
    await expect(decrypt(openerOf(standard), forged)).rejects.toThrow();
    expect((await decrypt(openerOf(standard), result)).plaintext.equals(plaintext)).toBe(true);
  });

  it('asks for one data key for many messages when materials are cached', async () => {
    const materials = new NodeCachingMaterialsManager({
      backingMaterials: keyringOf(standard),
      cache: getLocalCryptographicMaterialsCache(10),
      maxAge: 60_000,
    });
    const before = dataKeys;
    const plaintextLength = plaintext.length;

    const sealed = [];
    for (let count = 0; count < 5; count += 1) {
      sealed.push(await encrypt(materials, plaintext, { encryptionContext, plaintextLength }));
    }

    expect(dataKeys - before).toBe(1);
    for (const { result } of sealed) {
      expect((await decrypt(openerOf(standard), result)).plaintext.equals(plaintext)).toBe(true);
    }
  });

  it('cannot open under a disabled key, and opens under the other one', async () => {
    const doomed = await newKey();
    const { result } = await encrypt(keyringOf(doomed, standard), plaintext);
    await kms.send(new DisableKeyCommand({ KeyId: doomed }));

    await expect(decrypt(openerOf(doomed), result)).rejects.toThrow();
    const opened = await decrypt(openerOf(doomed, standard), result);
    expect(opened.plaintext.equals(plaintext)).toBe(true);
  });
});
