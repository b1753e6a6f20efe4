// SPDX-License-Identifier: Apache-2.0
// Tier data on the whole local stack: a wrapped data key under an HSM-backed parent, unwrapped by KMS for the workload.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { DecryptCommand } from '@aws-sdk/client-kms';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Client, ProblemError } from '#client/sdk/index.ts';
import { until } from '#scripts/local/waiting.ts';
import { activeKey, ended, freshName, keyRequest, person, workload } from './scene.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('a key of tier data', () => {
  let operator: Client;
  let parent: string;
  let name: string;

  const rotate = async (key: string) => {
    const { body } = await operator.startRotation(key);
    const operation = await ended(operator, body.operationId);
    expect(operation, operation.cause ?? '').toMatchObject({ state: 'done' });
  };

  beforeAll(async () => {
    operator = await person('alice');
    parent = await activeKey(operator, 'parent');
    name = freshName('rows');
    const { body } = await operator.createKey({ ...keyRequest(name), tier: 'data', parent });
    expect(await ended(operator, body.operationId)).toMatchObject({ state: 'done', cause: null });
  });

  it('hands a workload its wrapped data key, which KMS opens for it and nobody else', async () => {
    const { api, kms } = await workload();
    const { body } = await api.fetchDataKey(name);
    const request = { CiphertextBlob: Buffer.from(body.wrappedKey, 'base64') };
    const opened = await kms.send(
      new DecryptCommand({ ...request, KeyId: body.keyArn, EncryptionContext: body.context }),
    );
    const key = opened.Plaintext ?? new Uint8Array();
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    const sealed = Buffer.concat([cipher.update('a row'), cipher.final()]);
    const decipher = createDecipheriv('aes-256-gcm', key, iv).setAuthTag(cipher.getAuthTag());

    expect(key).toHaveLength(32);
    expect(decipher.update(sealed).toString()).toBe('a row');
    await expect(kms.send(new DecryptCommand(request))).rejects.toMatchObject({
      name: 'InvalidCiphertextException',
    });
    await expect(operator.fetchDataKey(name)).rejects.toMatchObject({ status: 403 });
  });

  it('encrypts, rotates in one step without a KMS key, and opens what is older', async () => {
    const { api } = await workload();
    const before = await api.encrypt(name, { plaintext: base64('old row') });
    await rotate(name);
    const { items } = (await operator.listVersions(name)).body;
    const after = await api.encrypt(name, { plaintext: base64('new row') });
    const opened = await api.decrypt(name, { ciphertext: before.body.ciphertext });

    expect([before.body.version, after.body.version]).toEqual([1, 2]);
    expect(opened.body).toEqual({ plaintext: base64('old row'), version: 1 });
    expect(items.map(({ state, keyId, wrappedBy }) => [state, keyId, wrappedBy?.key])).toEqual([
      ['deactivated', null, parent],
      ['active', null, parent],
    ]);
    expect((await api.fetchDataKey(name, { version: 1 })).body.version).toBe(1);
  });

  it('is re-wrapped when its parent rotates, and opens what was encrypted before', async () => {
    const { api } = await workload();
    const made = await api.encrypt(name, { plaintext: base64('row') });
    await rotate(parent);
    // The sweep would start it, too.
    await operator.startReencryption(parent).catch((error: unknown) => {
      if (!(error instanceof ProblemError && error.status === 409)) throw error;
    });
    await until(
      async () => {
        const { items } = (await operator.listVersions(name)).body;
        return items.every(({ wrappedBy }) => wrappedBy?.version === 2);
      },
      { timeoutSeconds: 90, what: 'data keys under the new version of the parent' },
    );

    const opened = await api.decrypt(name, { ciphertext: made.body.ciphertext });
    expect(opened.body).toEqual({ plaintext: base64('row'), version: 2 });
  });
});
