// SPDX-License-Identifier: Apache-2.0
// Keys on their way in and out: a KMS key that somebody else made, as the deployed stack reports on it, and a key of
// ours that is let go.
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  KMSClient,
  ListResourceTagsCommand,
} from '@aws-sdk/client-kms';
import { beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { Client } from '#client/sdk/index.ts';
import { activeKey, ended, freshName, person, ROOT_CREDENTIALS, workload } from './scene.ts';

describe('a report on a foreign KMS key', () => {
  const { gatewayUrl, region, keyStoreId } = inject('stack');
  const root = new KMSClient({ endpoint: gatewayUrl, region, credentials: ROOT_CREDENTIALS });
  const alias = `alias/${freshName('legacy')}`;
  let operator: Client;
  let keyId: string;
  const seen = async () => [
    (await root.send(new DescribeKeyCommand({ KeyId: keyId }))).KeyMetadata,
    (await root.send(new GetKeyPolicyCommand({ KeyId: keyId }))).Policy,
    (await root.send(new ListResourceTagsCommand({ KeyId: keyId }))).Tags,
  ];

  beforeAll(async () => {
    operator = await person('alice');
    const made = await root.send(
      new CreateKeyCommand({
        Origin: 'AWS_CLOUDHSM',
        CustomKeyStoreId: keyStoreId ?? '',
        Tags: [{ TagKey: 'team', TagValue: 'orders' }],
      }),
    );
    keyId = made.KeyMetadata?.KeyId ?? '';
    // KMS shows a new key after a while.
    const look = () => root.send(new DescribeKeyCommand({ KeyId: keyId }));
    await vi.waitFor(look, { timeout: 20_000, interval: 200 });
    await root.send(new CreateAliasCommand({ AliasName: alias, TargetKeyId: keyId }));
  });

  it('says what it is and what is missing, and changes nothing', async () => {
    const before = await seen();
    // KMS shows a new alias after a while.
    const read = () => operator.createAdoption({ kmsKey: alias });
    await expect
      .poll(
        () =>
          read().then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 20_000 },
      )
      .toBe(200);
    await expect
      .poll(async () => (await read()).body.aliases, { timeout: 20_000 })
      .toEqual([alias]);

    const { body } = await read();

    expect(body).toMatchObject({ keyId, keyStoreId, origin: 'AWS_CLOUDHSM', isAdoptable: true });
    expect(body.findings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['delegated', 'aliases', 'no-owner']),
    );
    expect(body.findings.map(({ code }) => code)).not.toContain('unreadable');
    expect(await seen()).toEqual(before);
  });

  it('says which key a version of ours belongs to', async () => {
    const name = await activeKey(operator, 'reported');
    const [version] = (await operator.listVersions(name)).body.items;

    const { body } = await operator.createAdoption({ kmsKey: version?.keyId ?? '' });

    expect(body).toMatchObject({ managedAs: name, isAdoptable: false });
    expect(body.access).toEqual([]);
  });

  it('is for operators only, and answers 404 for what KMS does not know', async () => {
    const olga = await person('olga');

    await expect(olga.createAdoption({ kmsKey: alias })).rejects.toMatchObject({ status: 403 });
    await expect(operator.createAdoption({ kmsKey: 'alias/none' })).rejects.toMatchObject({
      status: 404,
    });
  });
});

describe('a key that is let go', () => {
  it('is used by its consumer as before, and carries no mark of Keyturn', async () => {
    const { gatewayUrl, region } = inject('stack');
    const root = new KMSClient({ endpoint: gatewayUrl, region, credentials: ROOT_CREDENTIALS });
    const operator = await person('alice');
    const name = await activeKey(operator, 'released');
    const { kms } = await workload();
    const KeyId = (await operator.listVersions(name)).body.items[0]?.keyArn ?? '';
    const write = () => kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('kept') }));
    const { CiphertextBlob } = await write();

    const started = await operator.releaseKey(name, { reason: 'end-to-end test' });
    expect(await ended(operator, started.body.operationId ?? '')).toMatchObject({ state: 'done' });

    const opened = await kms.send(new DecryptCommand({ CiphertextBlob }));
    expect(Buffer.from(opened.Plaintext ?? []).toString()).toBe('kept');
    await expect(write()).resolves.toBeDefined();
    const { Tags } = await root.send(new ListResourceTagsCommand({ KeyId }));
    expect((Tags ?? []).filter(({ TagKey }) => TagKey?.startsWith('keyturn:'))).toEqual([]);
    expect((await operator.getKey(name)).body).toMatchObject({ substate: 'released' });
    await expect(operator.startRotation(name)).rejects.toMatchObject({ code: 'KeyReleased' });
  });
});
