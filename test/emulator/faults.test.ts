// SPDX-License-Identifier: Apache-2.0
// Faults: errors before and after the effect, late visibility, slow answers, and who may ask for them.
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  type KMSClient,
  ListAliasesCommand,
  ListKeysCommand,
  ListResourceTagsCommand,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { refusal, startEmulator, type TestEmulator } from './support.ts';

let emulator: TestEmulator;
let kms: KMSClient;
let time = Date.now();
beforeAll(async () => {
  emulator = await startEmulator({ clock: () => time });
  kms = emulator.kms();
});
afterEach(() => admin('DELETE'));
afterAll(() => emulator.stop());

function admin(method: string, body?: unknown, token = emulator.adminToken) {
  return fetch(`${emulator.url}/_admin/faults`, {
    method,
    headers: { 'x-admin-token': token },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}
const fault = async (body: unknown) => {
  const response = await admin('POST', body);
  expect(response.status).toBe(201);
};

const createKey = async () => {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  return { keyId: KeyMetadata?.KeyId ?? '', arn: KeyMetadata?.Arn ?? '' };
};
const encrypt = (KeyId: string) =>
  kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') }));
const countKeys = async () =>
  (await kms.send(new ListKeysCommand({ Limit: 1000 }))).Keys?.length ?? 0;

describe('the admin endpoint', () => {
  it('wants the token', async () => {
    for (const method of ['GET', 'POST', 'DELETE']) {
      expect((await admin(method, method === 'POST' ? {} : undefined, 'wrong')).status).toBe(403);
    }
  });

  it.each([
    {},
    { operation: 'CreateKey' },
    { operation: 'CreateKey', code: 'X', count: 0 },
    { operation: 'CreateKey', delaySeconds: [3, 1] },
    { operation: 'CreateKey', code: 'X', extra: 1 },
  ])('refuses %j', async (body) => {
    expect((await admin('POST', body)).status).toBe(400);
  });

  it('lists the faults in force with what remains of them', async () => {
    await fault({ operation: 'Encrypt', code: 'ThrottlingException', count: 2 });
    const { keyId } = await createKey();
    await refusal(encrypt(keyId));

    const { faults } = (await (await admin('GET')).json()) as { faults: unknown[] };

    expect(faults).toEqual([
      {
        id: expect.any(Number),
        operation: 'Encrypt',
        code: 'ThrottlingException',
        when: 'before',
        delaySeconds: null,
        remaining: 1,
      },
    ]);
  });
});

describe('an error', () => {
  it('strikes the next calls of its operation only, then ends', async () => {
    const { keyId } = await createKey();
    await fault({ operation: 'Encrypt', code: 'ThrottlingException', count: 2 });

    expect((await refusal(encrypt(keyId))).name).toBe('ThrottlingException');
    await kms.send(new DescribeKeyCommand({ KeyId: keyId }));
    expect((await refusal(encrypt(keyId))).name).toBe('ThrottlingException');
    expect((await encrypt(keyId)).KeyId).toContain(keyId);
  });

  it('before the effect leaves nothing; after it, the effect is there', async () => {
    const before = await countKeys();
    const code = 'KMSInternalException';
    await fault({ operation: 'CreateKey', code, count: 1, when: 'before' });
    expect((await refusal(createKey())).name).toBe(code);
    expect(await countKeys()).toBe(before);

    await fault({ operation: 'CreateKey', code, count: 1, when: 'after' });
    expect((await refusal(createKey())).name).toBe(code);
    expect(await countKeys()).toBe(before + 1);
  });

  it('of * strikes every operation', async () => {
    await fault({ operation: '*', code: 'ThrottlingException', count: 1 });

    expect((await refusal(countKeys())).name).toBe('ThrottlingException');
  });
});

describe('late visibility', () => {
  const delaySeconds = [2, 2];

  it('hides a new key', async () => {
    await fault({ operation: 'CreateKey', delaySeconds });
    const { keyId, arn } = await createKey();

    expect((await refusal(encrypt(keyId))).message).toBe(`Key '${arn}' does not exist`);
    time += 2000;
    expect((await encrypt(keyId)).KeyId).toBe(arn);
  });

  it('keeps an alias on its old target, a new one unknown and a deleted one known', async () => {
    const [before, after] = [await createKey(), await createKey()];
    const AliasName = 'alias/late';
    await fault({ operation: '*', delaySeconds });
    await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: before.keyId }));
    expect((await refusal(encrypt(AliasName))).name).toBe('NotFoundException');
    time += 2000;
    expect((await encrypt(AliasName)).KeyId).toBe(before.arn);

    await kms.send(new UpdateAliasCommand({ AliasName, TargetKeyId: after.keyId }));
    expect((await encrypt(AliasName)).KeyId).toBe(before.arn);
    time += 2000;
    expect((await encrypt(AliasName)).KeyId).toBe(after.arn);

    await kms.send(new DeleteAliasCommand({ AliasName }));
    expect((await encrypt(AliasName)).KeyId).toBe(after.arn);
    const names = async () =>
      (await kms.send(new ListAliasesCommand({}))).Aliases?.map((alias) => alias.AliasName);
    expect(await names()).toContain(AliasName);
    time += 2000;
    expect(await names()).not.toContain(AliasName);
  });

  it('lets a disabled key work on, and a deletion take its time', async () => {
    const { keyId: KeyId } = await createKey();
    await fault({ operation: '*', delaySeconds });
    await kms.send(new DisableKeyCommand({ KeyId }));
    await encrypt(KeyId);
    time += 2000;
    expect((await refusal(encrypt(KeyId))).name).toBe('DisabledException');

    await kms.send(new ScheduleKeyDeletionCommand({ KeyId }));
    expect((await refusal(encrypt(KeyId))).name).toBe('DisabledException');
    time += 2000;
    expect((await refusal(encrypt(KeyId))).name).toBe('KMSInvalidStateException');
  });

  it('goes on deciding by the old policy and the old tags', async () => {
    const { keyId: KeyId } = await createKey();
    const { Policy: old } = await kms.send(new GetKeyPolicyCommand({ KeyId }));
    const policy = JSON.parse(old ?? '');
    policy.Statement.push({
      Effect: 'Deny',
      Principal: '*',
      Action: 'kms:Encrypt',
      Resource: '*',
      Condition: { StringEquals: { 'aws:ResourceTag/retired': 'yes' } },
    });
    await kms.send(new PutKeyPolicyCommand({ KeyId, Policy: JSON.stringify(policy) }));
    await fault({ operation: 'TagResource', delaySeconds });
    const Tags = [{ TagKey: 'retired', TagValue: 'yes' }];
    await kms.send(new TagResourceCommand({ KeyId, Tags }));
    await encrypt(KeyId);
    expect((await kms.send(new ListResourceTagsCommand({ KeyId }))).Tags).toEqual([]);
    time += 2000;
    expect((await refusal(encrypt(KeyId))).name).toBe('AccessDeniedException');

    await fault({ operation: 'PutKeyPolicy', delaySeconds });
    await kms.send(new PutKeyPolicyCommand({ KeyId, Policy: old }));
    expect((await refusal(encrypt(KeyId))).name).toBe('AccessDeniedException');
    time += 2000;
    await encrypt(KeyId);
  });

  it('draws its seconds from the seed', async () => {
    const visibleAfter = async (seed: number) => {
      await fault({ operation: 'CreateKey', delaySeconds: [1, 3], seed, count: 1 });
      const began = time;
      const { keyId } = await createKey();
      while (
        await encrypt(keyId).then(
          () => false,
          () => true,
        )
      )
        time += 20;
      return time - began;
    };

    const [first, again, other] = [
      await visibleAfter(7),
      await visibleAfter(7),
      await visibleAfter(8),
    ];

    expect(first).toBe(again);
    expect(first).toBeGreaterThanOrEqual(1000);
    expect(first).toBeLessThanOrEqual(3000);
    expect(other).not.toBe(first);
  });
});

describe('a delay of an operation that changes nothing', () => {
  it('slows the answer', async () => {
    await fault({ operation: 'ListKeys', delaySeconds: [0.2, 0.2], count: 1 });
    const began = performance.now();

    await countKeys();

    expect(performance.now() - began).toBeGreaterThanOrEqual(190);
  });
});
