// SPDX-License-Identifier: Apache-2.0
// Every call leaves an event in CloudTrail's shape, without anything secret.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateKeyCommand,
  DecryptCommand,
  DisableKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  type KMSClient,
  ReEncryptCommand,
} from '@aws-sdk/client-kms';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createConnectedKeyStore,
  KEY_STORE_PASSWORD,
  refusal,
  startEmulator,
  type TestEmulator,
} from './support.ts';
import { eventsOf as eventsDuring, trail } from './trail.ts';

describe('the trail of an emulator standing alone', () => {
  let emulator: TestEmulator;
  let kms: KMSClient;
  beforeAll(async () => {
    emulator = await startEmulator();
    kms = emulator.kms({ customUserAgent: 'trail-test' });
  });
  afterEach(() =>
    fetch(`${emulator.url}/_admin`, {
      method: 'DELETE',
      headers: { 'x-admin-token': emulator.adminToken },
    }),
  );
  afterAll(() => emulator.stop());

  const end = async () => (await trail(emulator, '?after=1000000&limit=1')).next;
  const eventsOf = (work: () => Promise<unknown>) => eventsDuring(emulator, work);
  const createKey = async () =>
    (await kms.send(new CreateKeyCommand({}))).KeyMetadata ?? { KeyId: '', Arn: '' };

  it('has an Encrypt with its key and context, and without the plaintext', async () => {
    const { KeyId, Arn } = await createKey();
    const input = { KeyId, Plaintext: Buffer.from('canary'), EncryptionContext: { tenant: 'a' } };

    const [event, ...more] = await eventsOf(() => kms.send(new EncryptCommand(input)));

    expect(more).toEqual([]);
    expect(event).toEqual({
      eventVersion: '1.11',
      userIdentity: {
        type: 'Root',
        principalId: '000000000000',
        arn: 'arn:aws:iam::000000000000:root',
        accountId: '000000000000',
      },
      eventTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      eventSource: 'kms.amazonaws.com',
      eventName: 'Encrypt',
      awsRegion: 'us-east-1',
      sourceIPAddress: '127.0.0.1',
      userAgent: expect.stringContaining('trail-test'),
      requestParameters: {
        keyId: KeyId,
        encryptionContext: { tenant: 'a' },
        encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      },
      responseElements: null,
      additionalEventData: { keyMaterialId: expect.stringMatching(/^[0-9a-f]{64}$/) },
      requestID: expect.stringMatching(/^[0-9a-f-]{36}$/),
      eventID: expect.stringMatching(/^[0-9a-f-]{36}$/),
      readOnly: true,
      resources: [{ accountId: '000000000000', type: 'AWS::KMS::Key', ARN: Arn }],
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: '000000000000',
      eventCategory: 'Management',
    });
  });

  it('names the request id that the caller was answered', async () => {
    const { KeyId } = await createKey();
    let requestId: string | undefined;
    const [event] = await eventsOf(async () => {
      const { $metadata } = await kms.send(new DisableKeyCommand({ KeyId }));
      requestId = $metadata.requestId;
    });

    expect(event?.['requestID']).toBe(requestId);
  });

  it('tells what a change answered', async () => {
    const [created] = await eventsOf(createKey);
    expect(created).toMatchObject({
      eventName: 'CreateKey',
      readOnly: false,
      responseElements: { keyMetadata: { keyState: 'Enabled' } },
      resources: [{ type: 'AWS::KMS::Key' }],
    });

    const { KeyId, Arn } = await createKey();
    const [disabled] = await eventsOf(() => kms.send(new DisableKeyCommand({ KeyId })));
    expect(disabled).toMatchObject({ eventName: 'DisableKey', responseElements: { keyId: Arn } });
  });

  it('has refusals and injected errors', async () => {
    const { KeyId, Arn } = await createKey();
    await kms.send(new DisableKeyCommand({ KeyId }));
    const input = { KeyId, Plaintext: Buffer.from('canary') };

    const [refused] = await eventsOf(() => refusal(kms.send(new EncryptCommand(input))));
    expect(refused).toMatchObject({
      errorCode: 'DisabledException',
      errorMessage: `${Arn} is disabled.`,
      resources: [{ ARN: Arn }],
    });

    await fetch(`${emulator.url}/_admin/faults`, {
      method: 'POST',
      headers: { 'x-admin-token': emulator.adminToken },
      body: JSON.stringify({ operation: 'Encrypt', code: 'ThrottlingException', count: 1 }),
    });
    const [throttled] = await eventsOf(() => refusal(kms.send(new EncryptCommand(input))));
    expect(throttled).toMatchObject({
      errorCode: 'ThrottlingException',
      errorMessage: 'Rate exceeded',
      requestParameters: null,
    });
    await fetch(`${emulator.url}/_admin/faults`, {
      method: 'DELETE',
      headers: { 'x-admin-token': emulator.adminToken },
    });
  });

  it('names both keys of a ReEncrypt', async () => {
    const [from, to] = [await createKey(), await createKey()];
    const input = { KeyId: from.KeyId, Plaintext: Buffer.from('canary') };
    const { CiphertextBlob } = await kms.send(new EncryptCommand(input));

    const [event] = await eventsOf(() =>
      kms.send(new ReEncryptCommand({ CiphertextBlob, DestinationKeyId: to.KeyId })),
    );

    expect(event?.['resources']).toEqual(
      [from, to].map(({ Arn }) => expect.objectContaining({ ARN: Arn })),
    );
  });

  it('holds no plaintext, ciphertext, data key or password anywhere', async () => {
    const { KeyId = '' } = await createKey();
    const Plaintext = Buffer.from('canary-plaintext-0123456789');
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext }));
    await kms.send(new DecryptCommand({ CiphertextBlob }));
    const dataKey = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }));
    await createConnectedKeyStore(emulator, 'trail-store');

    const text = JSON.stringify((await trail(emulator, '?limit=1000')).events);

    for (const bytes of [Plaintext, CiphertextBlob, dataKey.Plaintext, dataKey.CiphertextBlob]) {
      expect(text).not.toContain(Buffer.from(bytes ?? []).toString('base64'));
      expect(text).not.toContain(Buffer.from(bytes ?? []).toString('latin1'));
    }
    expect(text).not.toContain(KEY_STORE_PASSWORD);
    expect(text).toContain('"eventSource":"cloudhsm.amazonaws.com"');
    expect(text).toContain('"customKeyStoreName":"trail-store"');
  });

  it('delivers late when asked to, and is read at once', async () => {
    const { KeyId } = await createKey();
    await fetch(`${emulator.url}/_admin/cloudtrail`, {
      method: 'POST',
      headers: { 'x-admin-token': emulator.adminToken },
      body: JSON.stringify({ deliveryDelaySeconds: [0.5, 0.5] }),
    });
    const { next: before } = await trail(emulator, `?after=0&limit=1000`);
    await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') }));

    const due = await trail(emulator, `?after=${before}&due=true`);
    expect(due.events).toEqual([]);
    expect((await trail(emulator, `?after=${before}`)).events).toHaveLength(1);

    const began = performance.now();
    const waited = await trail(emulator, `?after=${before}&due=true&waitSeconds=5`);
    expect(waited.events).toMatchObject([{ eventName: 'Encrypt' }]);
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it('begins again for a number it has not reached', async () => {
    expect((await trail(emulator, '?after=999999&limit=1')).events).toHaveLength(1);
    expect(await end()).toBe(1);
  });
});

describe('the trail behind a gateway', () => {
  let emulator: TestEmulator;
  beforeAll(async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'keyturn-test-')), 'secret');
    writeFileSync(file, 'gateway-secret');
    emulator = await startEmulator({ gatewaySecretPath: file });
  });
  afterAll(() => emulator.stop());

  async function call(caller: object) {
    const principal = { account: '000000000000', identityPolicies: [], isRoot: false };
    await fetch(emulator.url, {
      method: 'POST',
      headers: {
        'x-amz-target': 'TrentService.ListKeys',
        'content-type': 'application/x-amz-json-1.1',
        'user-agent': 'consumer/1.0',
        'x-keyturn-gateway-secret': 'gateway-secret',
        'x-keyturn-caller': Buffer.from(JSON.stringify({ ...principal, ...caller })).toString(
          'base64url',
        ),
      },
      body: '{}',
    });
    return (await trail(emulator)).events.at(-1);
  }

  it('names a session with its role, and the refusal as AccessDenied', async () => {
    const principalArn = 'arn:aws:sts::000000000000:assumed-role/consumer/run-1';

    expect(await call({ principalArn, sourceIp: '10.0.0.9' })).toMatchObject({
      errorCode: 'AccessDenied',
      sourceIPAddress: '10.0.0.9',
      userAgent: 'consumer/1.0',
      userIdentity: {
        type: 'AssumedRole',
        principalId: expect.stringMatching(/^AROA[A-Z2-7]{17}:run-1$/),
        arn: principalArn,
        accountId: '000000000000',
        sessionContext: {
          sessionIssuer: {
            type: 'Role',
            arn: 'arn:aws:iam::000000000000:role/consumer',
            userName: 'consumer',
          },
        },
      },
    });
  });

  it('names a user', async () => {
    expect(await call({ principalArn: 'arn:aws:iam::000000000000:user/ops/ann' })).toMatchObject({
      userIdentity: {
        type: 'IAMUser',
        principalId: expect.stringMatching(/^AIDA[A-Z2-7]{17}$/),
        userName: 'ann',
      },
    });
  });

  it('names the service through which a call came', async () => {
    const principalArn = 'arn:aws:sts::000000000000:assumed-role/consumer/run-1';

    expect(await call({ principalArn, viaService: 's3.us-east-1.amazonaws.com' })).toMatchObject({
      userIdentity: { invokedBy: 's3.amazonaws.com' },
      sourceIPAddress: 's3.amazonaws.com',
      userAgent: 's3.amazonaws.com',
    });
  });
});
