// SPDX-License-Identifier: Apache-2.0
// The main job through the front door: a schedule rotates a key while a consumer uses it.
import { DecryptCommand, DescribeKeyCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { Client } from '#client/sdk/index.ts';
import { verifyChain } from '#core/audit/chain.ts';
import { scheduler } from '#scripts/local/story/actors.ts';
import { CONTEXT, Consumer } from '#scripts/local/story/consumer.ts';
import { admittedOperation, makeDue, scheduleSweep } from '#scripts/local/story/rotation.ts';
import { until } from '#scripts/local/waiting.ts';
import {
  activeKey,
  ended,
  freshName,
  keyRequest,
  person,
  ROOT_CREDENTIALS,
  workload,
} from './scene.ts';

describe('a rotation fired by EventBridge Scheduler', () => {
  let operator: Client;
  let name: string;
  let consumer: Consumer;

  beforeAll(async () => {
    operator = await person('alice');
    name = await activeKey(operator, 'scheduled');
    const { api, kms } = await workload();
    const { alias } = (await operator.getKey(name)).body;
    consumer = new Consumer(api, kms, { name, alias });
    consumer.start();
    await until(() => consumer.first.api && consumer.first.kms, {
      timeoutSeconds: 30,
      what: 'a consumer',
    });

    await makeDue(operator, name);
    await scheduleSweep(scheduler(inject('stack')), inject('stack'), 2);
    const operation = await ended(operator, await admittedOperation(operator, name));

    expect(operation).toMatchObject({ state: 'done', trigger: 'schedule', cause: null });
  });

  it('makes a new KMS key current and deactivates the old one', async () => {
    const { items } = (await operator.listVersions(name)).body;

    expect(items.map(({ version, state }) => [version, state])).toEqual([
      [1, 'deactivated'],
      [2, 'active'],
    ]);
    expect(items[0]?.keyId).not.toBe(items[1]?.keyId);
  });

  it('moves the alias and keeps one alias for each version', async () => {
    const { gatewayUrl, region } = inject('stack');
    const root = new KMSClient({ endpoint: gatewayUrl, region, credentials: ROOT_CREDENTIALS });
    const { items } = (await operator.listVersions(name)).body;
    const target = async (KeyId: string) =>
      (await root.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyId;

    expect(await target(`alias/keyturn/local/${name}`)).toBe(items[1]?.keyId);
    expect(await target(`alias/keyturn/local/${name}/v1`)).toBe(items[0]?.keyId);
    expect(await target(`alias/keyturn/local/${name}/v2`)).toBe(items[1]?.keyId);
  });

  it('leaves the consumer without a single error, reading what it wrote before', async () => {
    const report = await consumer.stop();

    expect(report.errors).toEqual([]);
    expect([...report.versions.keys()].sort()).toEqual([1, 2]);
    expect(report.keyIds.size).toBe(2);
    await expect(consumer.readByApi(consumer.first.api as never)).resolves.toBeUndefined();
    await expect(consumer.readByKms(consumer.first.kms as never)).resolves.toBeUndefined();
  });

  it('lets the workload decrypt under the old version and not encrypt', async () => {
    const { kms } = await workload();
    const [old] = (await operator.listVersions(name)).body.items;
    const encrypt = new EncryptCommand({
      KeyId: old?.keyId ?? '',
      Plaintext: Buffer.from('x'),
      EncryptionContext: CONTEXT,
    });
    const CiphertextBlob = Buffer.from(consumer.first.kms?.ciphertext ?? '', 'base64');
    const decrypt = new DecryptCommand({
      CiphertextBlob,
      KeyId: old?.keyArn ?? '',
      EncryptionContext: CONTEXT,
    });

    await expect(kms.send(encrypt)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(Buffer.from((await kms.send(decrypt)).Plaintext ?? [])).toEqual(
      consumer.first.kms?.plaintext,
    );
  });

  it('leaves an audit chain that verifies to the head', async () => {
    const { items, head } = (await operator.readAudit(name, { limit: 200 })).body;

    expect(verifyChain(`key/${name}`, items, head)).toBeNull();
    expect(items.map((record) => record.action)).toContain('rotation.completed');
  });
});

describe('requests that start work', () => {
  it('answer the running operation to a second rotation', async () => {
    const operator = await person('alice');
    const name = await activeKey(operator, 'twice');
    const first = await operator.startRotation(name);

    const second = operator.startRotation(name);

    await expect(second).rejects.toMatchObject({ status: 409 });
    await expect(second.catch((error) => error.problem.operationId)).resolves.toBe(
      first.body.operationId,
    );
    expect((await ended(operator, first.body.operationId)).state).toBe('done');
  });

  it('are one operation for one Idempotency-Key, however often they are sent', async () => {
    const operator = await person('alice');
    const request = keyRequest(freshName('same'));
    const send = () => operator.createKey(request, { idempotencyKey: request.name });

    const answers = await Promise.all([send(), send(), send()]);

    expect(new Set(answers.map(({ body }) => body.operationId)).size).toBe(1);
    const other = operator.createKey(
      { ...request, purpose: 'another' },
      { idempotencyKey: request.name },
    );
    await expect(other).rejects.toMatchObject({ status: 422 });
    expect((await ended(operator, answers[0]?.body.operationId ?? '')).state).toBe('done');
  });
});
