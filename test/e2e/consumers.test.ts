// SPDX-License-Identifier: Apache-2.0
// Consumers through the front door: KMS itself is asked whether a key is open to a role; a consumer acknowledges by the
// API, another by its answer to a signed webhook; a rotation that nobody acknowledges is undone by its class.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateGrantCommand,
  DecryptCommand,
  EncryptCommand,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { compactVerify, createLocalJWKSet } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Client, RequestOf } from '#client/sdk/index.ts';
import { kmsAs, scheduler, workloadClient } from '#scripts/local/story/actors.ts';
import { scheduleSweep } from '#scripts/local/story/rotation.ts';
import { until } from '#scripts/local/waiting.ts';
import { activeKey, ended, person, ROOT_CREDENTIALS, workload } from './scene.ts';

const CONTEXT = { service: 'orders-api' };

/** A role of the test with the rights in IAM that a consumer has; the key's policy alone decides for it. */
async function freshRole(name: string) {
  const stack = inject('stack');
  const endpoint = {
    endpoint: stack.gatewayUrl,
    region: stack.region,
    credentials: ROOT_CREDENTIALS,
  };
  const iam = new IAMClient(endpoint);
  const document = (statement: object) =>
    JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  const trust = {
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${stack.account}:root` },
    Action: 'sts:AssumeRole',
  };
  const rights = {
    Effect: 'Allow',
    Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:CreateGrant', 'execute-api:Invoke'],
    Resource: '*',
  };
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: document(trust) }),
  );
  await iam.send(
    new PutRolePolicyCommand({
      RoleName: name,
      PolicyName: 'use',
      PolicyDocument: document(rights),
    }),
  );
  const { Credentials } = await new STSClient(endpoint).send(
    new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'test' }),
  );
  const credentials = {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  };
  return {
    arn: Role?.Arn ?? '',
    kms: kmsAs(stack, credentials),
    api: workloadClient(stack, credentials),
  };
}

interface Seen {
  readonly type: string;
  readonly detail: { readonly id: string; readonly keyVersion: number; readonly key: string };
  readonly body: string;
  readonly signature: string;
}

describe('a key with consumers', () => {
  let operator: Client;
  let name: string;
  let billing: Awaited<ReturnType<typeof freshRole>>;
  let server: Server;
  let url: string;
  const seen: Seen[] = [];
  let answersVersion = true;

  beforeAll(async () => {
    server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const { type, detail } = JSON.parse(body);
      seen.push({ type, detail, body, signature: String(request.headers['keyturn-signature']) });
      const isStop = type === 'key.revoking' || type === 'key.revoked';
      const word = isStop ? { purged: true } : { version: detail.keyVersion };
      response.end(JSON.stringify(answersVersion || isStop ? word : {}));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/notices`;
    operator = await person('alice');
    name = await activeKey(operator, 'consumers');
    billing = await freshRole(`billing-${Date.now().toString(36)}`);
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const registration = (
    patch: Partial<RequestOf<'putConsumer'>> = {},
  ): RequestOf<'putConsumer'> => ({
    owner: 'payments',
    contact: 'end-to-end test',
    principal: billing.arn,
    rights: ['decrypt'],
    kind: 'kms-direct',
    acknowledgement: { mode: 'api' },
    ...patch,
  });
  const keyIdOf = async (version: number) => {
    const { items } = (await operator.listVersions(name)).body;
    return items.find((one) => one.version === version)?.keyArn ?? '';
  };
  const written = async (version = 1) => {
    const { kms } = await workload();
    const request = { KeyId: await keyIdOf(version), Plaintext: Buffer.from('x') };
    const made = await kms.send(new EncryptCommand({ ...request, EncryptionContext: CONTEXT }));
    return made.CiphertextBlob ?? new Uint8Array();
  };
  const opens = async (kms: KMSClient, CiphertextBlob: Uint8Array) => {
    try {
      await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: CONTEXT }));
      return true;
    } catch (error) {
      if (error instanceof Error && error.name === 'AccessDeniedException') return false;
      throw error;
    }
  };
  const noticeOf = (type: string, version: number) =>
    until(() => seen.find((one) => one.type === type && one.detail.keyVersion === version), {
      timeoutSeconds: 60,
      what: `the notice ${type} of version ${version}`,
    });
  const sweep = () => scheduleSweep(scheduler(inject('stack')), inject('stack'), 1);

  it('opens at KMS to a role that is registered, with its rights alone', async () => {
    const ciphertext = await written();
    expect(await opens(billing.kms, ciphertext)).toBe(false);

    const { body } = await operator.putConsumer({ key: name, consumer: 'billing' }, registration());
    expect(await ended(operator, body.operationId)).toMatchObject({
      kind: 'update-access',
      state: 'done',
    });

    expect(await opens(billing.kms, ciphertext)).toBe(true);
    const encrypt = new EncryptCommand({ KeyId: await keyIdOf(1), Plaintext: Buffer.from('x') });
    await expect(billing.kms.send(encrypt)).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    const consumer = await operator.getConsumer({ key: name, consumer: 'billing' });
    expect(consumer.body).toMatchObject({ state: 'active', acknowledgedVersion: null });
  });

  it('opens to a role for an AWS service, which alone can make grants', async () => {
    const volumes = await freshRole(`volumes-${Date.now().toString(36)}`);
    const target = { key: name, consumer: 'volumes' };
    const { body } = await operator.putConsumer(
      target,
      registration({
        principal: volumes.arn,
        rights: ['encrypt', 'decrypt'],
        kind: 'aws-service',
        acknowledgement: { mode: 'wait', waitSeconds: 0 },
      }),
    );
    expect(await ended(operator, body.operationId)).toMatchObject({ state: 'done' });

    const KeyId = await keyIdOf(1);
    const grant = new CreateGrantCommand({
      KeyId,
      GranteePrincipal: volumes.arn,
      Operations: ['Decrypt'],
    });
    await expect(volumes.kms.send(grant)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect((await operator.getConsumer(target)).body.boundKeyArn).toBe(KeyId);
  });

  it('switches once its consumers acknowledged, one by the API and one by webhook', async () => {
    const { roles } = inject('stack');
    const principal = roles['orders-api'] ?? '';
    const acknowledgement = { mode: 'webhook' as const, url };
    const hook = registration({ principal, acknowledgement });
    await operator.putConsumer({ key: name, consumer: 'shop' }, hook);
    const { operationId } = (await operator.startRotation(name)).body;

    const staged = await noticeOf('key.version.staged', 2);
    await until(
      async () => (await operator.getRotation(operationId)).body.lagging.join() === 'billing',
      {
        timeoutSeconds: 60,
        what: 'the answer of the webhook to count',
      },
    );
    expect((await operator.getKey(name)).body.currentVersion).toBe(1);
    const forOthers = operator.acknowledgeRotation(operationId, {
      consumer: 'billing',
      version: 2,
    });
    await expect(forOthers).rejects.toMatchObject({ status: 403 });
    await billing.api.acknowledgeRotation(operationId, { consumer: 'billing', version: 2 });

    expect(await ended(operator, operationId)).toMatchObject({ state: 'done' });
    expect((await operator.getKey(name)).body.currentVersion).toBe(2);
    expect(await opens(billing.kms, await written(2))).toBe(true);
    // The service holds on to version 1: it goes on encrypting, and the version says so.
    const [first] = (await operator.listVersions(name)).body.items;
    expect(first).toMatchObject({ version: 1, state: 'active', substate: 'bound' });
    expect(await opens(billing.kms, await written(1))).toBe(true);
    await noticeOf('key.rotated', 2);
    const keys = createLocalJWKSet((await operator.getNoticeKeys()).body);
    const attached = staged.signature.replace(
      '..',
      `.${Buffer.from(staged.body).toString('base64url')}.`,
    );
    const { protectedHeader } = await compactVerify(attached, keys);
    expect(protectedHeader).toMatchObject({ aud: url, jti: staged.detail.id });
  });

  it('keeps its version when nobody acknowledges, after a reminder', async () => {
    answersVersion = false;
    const { operationId } = (await operator.startRotation(name)).body;
    await noticeOf('key.version.staged', 3);

    await until(
      async () => {
        await sweep();
        const { body } = await operator.getOperation(operationId);
        return body.state === 'compensated' && body;
      },
      { timeoutSeconds: 150, pollMilliseconds: 5000, what: 'the class to undo the rotation' },
    );

    expect((await operator.getKey(name)).body).toMatchObject({
      currentVersion: 2,
      state: 'active',
    });
    await noticeOf('rotation.acknowledgement-reminder', 3);
    await noticeOf('operation.compensated', 3);
    const { cause } = (await operator.getOperation(operationId)).body;
    expect(cause).toMatch(/AcknowledgementsMissing.*billing/);
  });

  it('closes at KMS to a role that is removed, once the rotation that waits for it is cancelled', async () => {
    const ciphertext = await written(2);
    expect(await opens(billing.kms, ciphertext)).toBe(true);
    const target = { key: name, consumer: 'billing' };
    const remove = async () => {
      const { etag } = await operator.getConsumer(target);
      return operator.deleteConsumer(target, { ifMatch: etag ?? '' });
    };
    const { operationId } = (await operator.startRotation(name)).body;
    await until(async () => (await operator.getRotation(operationId)).body.isWaiting, {
      timeoutSeconds: 60,
      what: 'the rotation to wait for its consumers',
    });
    await expect(remove()).rejects.toMatchObject({ status: 409, code: 'OperationInProgress' });

    await operator.cancelRotation(operationId, { reason: 'billing is gone' });
    expect(await ended(operator, operationId)).toMatchObject({
      state: 'compensated',
      cause: expect.stringMatching(/RotationCancelled.*billing is gone/),
    });
    const { body } = await remove();

    expect(await ended(operator, body.operationId)).toMatchObject({ state: 'done' });
    expect(await opens(billing.kms, ciphertext)).toBe(false);
  });

  it('says that its caches are empty of what was revoked, by its webhook or a call of its own', async () => {
    const till = await freshRole(`till-${Date.now().toString(36)}`);
    const opening = await operator.putConsumer(
      { key: name, consumer: 'till' },
      registration({ principal: till.arn }),
    );
    expect(await ended(operator, opening.body.operationId)).toMatchObject({ state: 'done' });
    await operator.revokeKey(name, { reason: 'end-to-end test', mode: 'locked' });
    const stopOf = async (consumer: string) =>
      (await operator.getConsumer({ key: name, consumer })).body.stop;
    const purged = async (consumer: string) => {
      const stop = await stopOf(consumer);
      return stop?.purgedAt ? stop : null;
    };
    const shop = await until(() => purged('shop'), {
      timeoutSeconds: 60,
      what: 'the answer to the notice of the stop',
    });
    const { containment } = (await operator.getKey(name)).body;
    expect(shop).toMatchObject({ operationId: containment?.operationId, isLagging: false });
    // Whom nobody tells by webhook has said nothing, until it calls.
    const others = (await operator.listConsumers(name)).body.items.filter(
      (one) => one.name !== 'shop',
    );
    expect(others.map((one) => one.name)).toEqual(['till', 'volumes']);
    expect(others.map(({ stop }) => stop?.purgedAt)).toEqual([null, null]);
    const say = (api: Client, consumer: string) =>
      api.acknowledgePurge({ key: name, consumer }, { operationId: shop?.operationId ?? '' });
    await expect(say(till.api, 'volumes')).rejects.toMatchObject({ status: 403 });
    const words = [await say(till.api, 'till'), await say(operator, 'volumes')];
    expect(words.map(({ body }) => body.stop)).toEqual(
      words.map(() => expect.objectContaining({ purgedAt: expect.any(String), isLagging: false })),
    );
  });
});
