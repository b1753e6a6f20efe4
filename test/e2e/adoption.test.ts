// SPDX-License-Identifier: Apache-2.0
// Keys on their way in and out: a KMS key that somebody else made, as the deployed stack reports on it and takes it
// over, and a key of ours that is let go.
import {
  CreateAliasCommand,
  CreateKeyCommand,
  type CreateKeyCommandInput,
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  KMSClient,
  ListResourceTagsCommand,
} from '@aws-sdk/client-kms';
import { beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { Client } from '#client/sdk/index.ts';
import { consolePolicy } from '#test/support/foreign-keys.ts';
import {
  activeKey,
  ended,
  freshName,
  keyRequest,
  person,
  ROOT_CREDENTIALS,
  WORKLOAD,
  workload,
} from './scene.ts';

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

describe('a foreign key that is taken over', () => {
  const { gatewayUrl, region, keyStoreId, roles } = inject('stack');
  const root = new KMSClient({ endpoint: gatewayUrl, region, credentials: ROOT_CREDENTIALS });
  const CONSUMER = roles[WORKLOAD] ?? '';
  const IN_STORE = { Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: keyStoreId ?? '' } as const;
  let operator: Client;
  let kms: KMSClient;

  beforeAll(async () => {
    operator = await person('alice');
    ({ kms } = await workload());
  });

  /** A key as another team makes one: the account decides, and the workload is let in by the policy. */
  async function foreignKey(alias: string, place: CreateKeyCommandInput = IN_STORE) {
    const policy = consolePolicy(CONSUMER);
    const made = await root.send(
      new CreateKeyCommand({
        ...place,
        Policy: policy,
        Tags: [{ TagKey: 'team', TagValue: 'orders' }],
      }),
    );
    const keyId = made.KeyMetadata?.KeyId ?? '';
    const shown = { timeout: 20_000, interval: 200 };
    await vi.waitFor(() => root.send(new DescribeKeyCommand({ KeyId: keyId })), shown);
    await root.send(new CreateAliasCommand({ AliasName: alias, TargetKeyId: keyId }));
    await vi.waitFor(() => root.send(new DescribeKeyCommand({ KeyId: alias })), shown);
    await expect
      .poll(async () => (await operator.createAdoption({ kmsKey: keyId })).body.aliases, shown)
      .toEqual([alias]);
    return { keyId, policy };
  }
  const targetOf = async (KeyId: string) =>
    (await root.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyId;
  const policyOf = async (KeyId: string) =>
    (await root.send(new GetKeyPolicyCommand({ KeyId }))).Policy;
  const tagsOf = async (KeyId: string) =>
    (await root.send(new ListResourceTagsCommand({ KeyId }))).Tags ?? [];
  const encrypt = async (KeyId: string, text: string) =>
    (await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from(text) }))).CiphertextBlob;
  const decrypt = async (CiphertextBlob: Uint8Array | undefined) =>
    Buffer.from(
      (await kms.send(new DecryptCommand({ CiphertextBlob }))).Plaintext ?? [],
    ).toString();
  const request = (kmsKey: string, name: string) => ({
    ...keyRequest(name),
    kmsKey,
    access: undefined,
    accept: ['delegated'],
  });

  it('keeps its consumer working by the legacy alias: through adoption, rotation and release', async () => {
    const alias = `alias/${freshName('legacy')}`;
    const name = freshName('adopted');
    const { keyId } = await foreignKey(alias);
    const failures: unknown[] = [];
    const written: [Uint8Array | undefined, string][] = [];
    let isOver = false;
    const consuming = (async () => {
      for (let count = 0; !isOver; count += 1) {
        try {
          const text = `order ${count}`;
          const ciphertext = await encrypt(alias, text);
          if (written.length < 200) written.push([ciphertext, text]);
          expect(await decrypt(ciphertext)).toBe(text);
        } catch (error) {
          failures.push(error);
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();

    try {
      const refused = operator.adoptKey({ ...request(alias, name), accept: [] });
      await expect(refused).rejects.toMatchObject({ code: 'KeyNotAdoptable' });
      const { body } = await operator.adoptKey({ ...request(alias, name), aliases: [alias] });
      expect(await ended(operator, body.operationId)).toMatchObject({
        state: 'done',
        kind: 'adopt-key',
      });
      expect((await operator.getKey(name)).body).toMatchObject({
        state: 'active',
        currentVersion: 1,
        legacyAliases: [alias],
      });
      expect((await operator.listVersions(name)).body.items).toMatchObject([{ keyId }]);
      expect((await operator.createAdoption({ kmsKey: keyId })).body).toMatchObject({
        managedAs: name,
        isAdoptable: false,
      });
      // The same data plane as for keys of ours, beside the consumer's own calls.
      const { api } = await workload();
      const sealed = await api.encrypt(name, { plaintext: 'eA==' });
      expect((await api.decrypt(name, { ciphertext: sealed.body.ciphertext })).body).toEqual({
        plaintext: 'eA==',
        version: 1,
      });

      const rotation = await operator.startRotation(name);
      expect(await ended(operator, rotation.body.operationId)).toMatchObject({ state: 'done' });
      const { items } = (await operator.listVersions(name)).body;
      expect(await targetOf(alias)).toBe(items.find(({ version }) => version === 2)?.keyId);
      expect((await root.send(new DescribeKeyCommand({ KeyId: keyId }))).KeyMetadata).toMatchObject(
        {
          KeyState: 'Enabled',
        },
      );
      await expect(encrypt(keyId, 'x')).rejects.toMatchObject({ name: 'AccessDeniedException' });

      const release = await operator.releaseKey(name);
      expect(await ended(operator, release.body.operationId ?? '')).toMatchObject({
        state: 'done',
      });
      await encrypt(alias, 'after the release');
    } finally {
      isOver = true;
      await consuming;
    }
    expect(failures).toEqual([]);
    expect(written.length).toBeGreaterThan(20);
    for (const [ciphertext, text] of written) expect(await decrypt(ciphertext)).toBe(text);
    expect((await tagsOf(keyId)).map(({ TagKey }) => TagKey)).toEqual(['team']);
    expect((await tagsOf((await targetOf(alias)) ?? '')).filter(isOurs)).toEqual([]);
  }, 180_000);

  it('moves into the key store with its first rotation when it lay outside', async () => {
    const alias = `alias/${freshName('legacy')}`;
    const name = freshName('moved-in');
    const { keyId } = await foreignKey(alias, { Origin: 'AWS_KMS' });
    const old = await encrypt(alias, 'kept');

    const { body } = await operator.adoptKey({ ...request(alias, name), aliases: [alias] });
    expect(await ended(operator, body.operationId)).toMatchObject({ state: 'done' });
    const rotation = await operator.startRotation(name);
    expect(await ended(operator, rotation.body.operationId)).toMatchObject({ state: 'done' });

    const { KeyMetadata } = await root.send(new DescribeKeyCommand({ KeyId: alias }));
    expect(KeyMetadata).toMatchObject(IN_STORE);
    expect(await decrypt(await encrypt(alias, 'new'))).toBe('new');
    expect(await decrypt(old)).toBe('kept');
    await expect(encrypt(keyId, 'x')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  }, 120_000);

  it('is rotated in place when it lay outside and stays of its origin', async () => {
    const alias = `alias/${freshName('legacy')}`;
    const name = freshName('stays');
    const { keyId } = await foreignKey(alias, { Origin: 'AWS_KMS' });
    const old = await encrypt(alias, 'kept');

    const wanted = { ...request(alias, name), aliases: [alias], origin: 'AWS_KMS' as const };
    const { body } = await operator.adoptKey(wanted);
    expect(await ended(operator, body.operationId)).toMatchObject({ state: 'done' });
    const rotation = await operator.startRotation(name);
    expect(await ended(operator, rotation.body.operationId)).toMatchObject({ state: 'done' });

    const { items } = (await operator.listVersions(name)).body;
    expect(items.map((version) => version.keyId)).toEqual([keyId, keyId]);
    expect((await operator.getKey(name)).body).toMatchObject({ currentVersion: 2 });
    expect(await decrypt(await encrypt(alias, 'new'))).toBe('new');
    expect(await decrypt(old)).toBe('kept');
  }, 120_000);

  it('is given back as it was when its adoption cannot be finished', async () => {
    const alias = `alias/${freshName('legacy')}`;
    const name = freshName('given-back');
    const { keyId, policy } = await foreignKey(alias);
    // Somebody holds the alias that the version would get.
    const taken = `alias/keyturn/${inject('stack').stage}/${name}/v1`;
    const other = await foreignKey(`alias/${freshName('legacy')}`);
    await root.send(new CreateAliasCommand({ AliasName: taken, TargetKeyId: other.keyId }));

    const { body } = await operator.adoptKey({ ...request(keyId, name), aliases: [alias] });
    expect(await ended(operator, body.operationId)).toMatchObject({ state: 'compensated' });

    expect(JSON.parse((await policyOf(keyId)) ?? '')).toEqual(JSON.parse(policy));
    expect(await tagsOf(keyId)).toEqual([{ TagKey: 'team', TagValue: 'orders' }]);
    expect(await targetOf(taken)).toBe(other.keyId);
    expect(await decrypt(await encrypt(alias, 'as before'))).toBe('as before');
    expect((await operator.createAdoption({ kmsKey: keyId })).body).toMatchObject({
      managedAs: null,
      isAdoptable: true,
    });
  }, 180_000);
});

const isOurs = ({ TagKey }: { readonly TagKey?: string | undefined }) =>
  TagKey?.startsWith('keyturn:') === true;

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
    expect((Tags ?? []).filter(isOurs)).toEqual([]);
    expect((await operator.getKey(name)).body).toMatchObject({ substate: 'released' });
    await expect(operator.startRotation(name)).rejects.toMatchObject({ code: 'KeyReleased' });
  });
});
