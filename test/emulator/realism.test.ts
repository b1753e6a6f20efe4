// SPDX-License-Identifier: Apache-2.0
// Realism switches: latency, throttling, eventual consistency, lost HSMs, lost connections and another time.
import {
  type CloudHSMV2Client,
  CreateHsmCommand,
  DescribeClustersCommand,
} from '@aws-sdk/client-cloudhsm-v2';
import {
  ConnectCustomKeyStoreCommand,
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeCustomKeyStoresCommand,
  DescribeKeyCommand,
  EncryptCommand,
  type KMSClient,
  ListAliasesCommand,
  ListKeysCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createConnectedKeyStore,
  refusal,
  startEmulator,
  type TestEmulator,
  until,
  waitForKeyStore,
} from './support.ts';

let emulator: TestEmulator;
let kms: KMSClient;
beforeAll(async () => {
  emulator = await startEmulator();
  kms = emulator.kms();
});
afterEach(async () => {
  await admin('DELETE', '');
});
afterAll(() => emulator.stop());

async function admin(method: string, path: string, body?: unknown) {
  const response = await fetch(`${emulator.url}/_admin${path}`, {
    method,
    headers: { 'x-admin-token': emulator.adminToken },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
const set = async (path: string, body: unknown) => {
  const answer = await admin('POST', path, body);
  expect(answer).toMatchObject({ status: 200 });
  return answer.body;
};

const createKey = async (CustomKeyStoreId?: string) => {
  const input = CustomKeyStoreId && { CustomKeyStoreId, Origin: 'AWS_CLOUDHSM' as const };
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ ...input }));
  return KeyMetadata?.KeyId ?? '';
};
const encrypt = (KeyId: string) =>
  kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') }));
const names = (results: PromiseSettledResult<unknown>[]) =>
  results.map((result) => (result.status === 'rejected' ? result.reason.name : 'done'));
const atOnce = async (count: number, call: () => Promise<unknown>) =>
  names(await Promise.allSettled(Array.from({ length: count }, call)));

describe('the admin endpoint', () => {
  it('shows everything that is set, and ends all of it', async () => {
    await set('/latency', { operation: 'Encrypt', seconds: 0.1 });
    await set('/throttling', { profile: 'aws', share: 0.5 });
    await set('/consistency', { delaySeconds: [1, 3], seed: 7 });
    await set('/clock', { offsetSeconds: 60 });

    expect((await admin('GET', '')).body).toMatchObject({
      faults: [],
      latency: [{ operation: 'Encrypt', seconds: [0.1, 0.1], seed: 1 }],
      throttling: { profile: 'aws', share: 0.5, rates: {} },
      consistency: { delaySeconds: [1, 3], seed: 7 },
      lostHsms: [],
      clock: { offsetSeconds: 60 },
      cloudtrail: { deliveryDelaySeconds: [0, 0] },
    });
    expect((await admin('DELETE', '')).body).toMatchObject({
      latency: [],
      throttling: { profile: 'off' },
      consistency: null,
      clock: { offsetSeconds: 0 },
    });
  });

  it.each([
    ['/latency', {}],
    ['/latency', { seconds: [2, 1] }],
    ['/throttling', { profile: 'azure' }],
    ['/throttling', { profile: 'aws', share: 2 }],
    ['/throttling', { rates: { CreateKey: 0 } }],
    ['/consistency', { delaySeconds: 3 }],
    ['/consistency', { delaySeconds: [1, 1], operations: ['Encrypt'] }],
    ['/clock', { offsetSeconds: 'soon' }],
    ['/hsm-loss', {}],
    ['/cloudtrail', { deliveryDelaySeconds: [3, 1] }],
  ])('%s refuses %j', async (path, body) => {
    expect((await admin('POST', path, body)).status).toBe(400);
  });

  it('knows no other paths, methods, clusters or key stores', async () => {
    expect((await admin('GET', '/nothing')).status).toBe(404);
    expect((await admin('PUT', '/latency', {})).status).toBe(405);
    expect((await admin('POST', '/hsm-loss', { clusterId: 'cluster-x' })).status).toBe(404);
    expect((await admin('POST', '/store-disconnect', { keyStoreId: 'cks-x' })).status).toBe(404);
  });
});

describe('latency', () => {
  it('slows one operation and leaves the others', async () => {
    const keyId = await createKey();
    await set('/latency', { operation: 'Encrypt', seconds: [0.2, 0.25], seed: 3 });
    const timed = async (call: Promise<unknown>) => {
      const began = performance.now();
      await call;
      return performance.now() - began;
    };

    expect(await timed(encrypt(keyId))).toBeGreaterThanOrEqual(199);
    expect(await timed(kms.send(new DescribeKeyCommand({ KeyId: keyId })))).toBeLessThan(150);
  });
});

describe('throttling', () => {
  it("lets AWS's five CreateKey pass at once and refuses the sixth", async () => {
    await set('/throttling', { profile: 'aws' });

    const outcomes = await atOnce(6, () => createKey());

    expect(outcomes.filter((name) => name === 'done')).toHaveLength(5);
    expect(outcomes.filter((name) => name === 'ThrottlingException')).toHaveLength(1);
    expect((await refusal(createKey())).message).toBe('Rate exceeded');
    expect((await kms.send(new ListKeysCommand({}))).Keys?.length).toBeGreaterThan(0);
  });

  it('refills with time', async () => {
    await set('/throttling', { rates: { CreateKey: 20 } });
    await atOnce(25, () => createKey());

    await new Promise((resolve) => setTimeout(resolve, 120));

    expect(await createKey()).not.toBe('');
  });

  it('counts the cryptographic operations together, and gives a share of a quota', async () => {
    const keyId = await createKey();
    await set('/throttling', { rates: { Cryptographic: 3 } });
    expect(await atOnce(4, () => encrypt(keyId))).toContain('ThrottlingException');

    await set('/throttling', { profile: 'aws', share: 0.2 });
    expect(await atOnce(2, () => createKey())).toEqual(['done', 'ThrottlingException']);
  });
});

describe('eventual consistency', () => {
  it('is one switch for all that readers can see late', async () => {
    const old = await createKey();
    await set('/consistency', { delaySeconds: [1, 1], seed: 1 });
    const keyId = await createKey();
    await kms.send(new CreateAliasCommand({ AliasName: 'alias/late', TargetKeyId: old }));

    expect((await refusal(encrypt(keyId))).name).toBe('NotFoundException');
    const { Aliases } = await kms.send(new ListAliasesCommand({ KeyId: old }));
    expect(Aliases).toEqual([]);
    await until('both are seen', () =>
      Promise.all([encrypt(keyId), encrypt('alias/late')]).catch(() => undefined),
    );
  });

  it('can be of some operations only', async () => {
    await set('/consistency', { delaySeconds: [60, 60], operations: ['CreateAlias'] });
    const keyId = await createKey();

    await encrypt(keyId);
    await kms.send(new CreateAliasCommand({ AliasName: 'alias/only', TargetKeyId: keyId }));
    expect((await refusal(encrypt('alias/only'))).name).toBe('NotFoundException');
  });
});

describe('a clock that is set', () => {
  it('ends a waiting period at once', async () => {
    const KeyId = await createKey();
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));

    await set('/clock', { offsetSeconds: 7 * 86_400 + 1 });

    expect((await refusal(kms.send(new DescribeKeyCommand({ KeyId })))).name).toBe(
      'NotFoundException',
    );
    const { Keys } = await kms.send(new ListKeysCommand({ Limit: 1000 }));
    expect(Keys?.map((key) => key.KeyId)).not.toContain(KeyId);
  });

  it('dates new keys', async () => {
    await set('/clock', { offsetSeconds: -86_400 });

    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));

    expect(Date.now() - (KeyMetadata?.CreationDate?.getTime() ?? 0)).toBeGreaterThan(86_000_000);
  });
});

describe('a custom key store', () => {
  let cloudhsm: CloudHSMV2Client;
  let clusterId: string;
  let keyStoreId: string;
  let keyId: string;
  beforeAll(async () => {
    cloudhsm = emulator.cloudhsm();
    ({ clusterId, keyStoreId } = await createConnectedKeyStore(emulator));
    keyId = await createKey(keyStoreId);
  });
  const hsmStates = async () => {
    const { Clusters } = await cloudhsm.send(
      new DescribeClustersCommand({ Filters: { clusterIds: [clusterId] } }),
    );
    return Clusters?.[0]?.Hsms?.map(({ State }) => State).sort();
  };

  it('makes no key while one zone is lost, and its keys go on working', async () => {
    const lost = await set('/hsm-loss', { clusterId, availabilityZone: 'us-east-1a' });

    expect(lost).toEqual({ lost: 1 });
    expect(await hsmStates()).toEqual(['ACTIVE', 'DEGRADED']);
    expect((await refusal(createKey(keyStoreId))).name).toBe(
      'CloudHsmClusterInvalidConfigurationException',
    );
    await encrypt(keyId);
    expect((await admin('GET', '')).body['lostHsms']).toEqual([
      { clusterId, hsmId: expect.stringMatching(/^hsm-/), availabilityZone: 'us-east-1a' },
    ]);
  });

  it('refuses the use of its keys while no HSM is left, until they are repaired', async () => {
    await set('/hsm-loss', { clusterId });

    expect((await refusal(encrypt(keyId))).name).toBe('KMSInvalidStateException');
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: keyId }));
    expect(KeyMetadata?.KeyState).toBe('Unavailable');

    await admin('DELETE', '/hsm-loss');
    await encrypt(keyId);
  });

  it('takes a new HSM in place of one that is gone', async () => {
    await set('/hsm-loss', { clusterId, availabilityZone: 'us-east-1b', effect: 'removed' });
    expect(await hsmStates()).toEqual(['ACTIVE']);
    expect((await refusal(createKey(keyStoreId))).name).toBe(
      'CloudHsmClusterInvalidConfigurationException',
    );

    await cloudhsm.send(
      new CreateHsmCommand({ ClusterId: clusterId, AvailabilityZone: 'us-east-1b' }),
    );

    await until('a key can be made', () => createKey(keyStoreId).catch(() => undefined));
  });

  it('loses its connection, with the reason, until it is connected again', async () => {
    await set('/store-disconnect', { keyStoreId, error: 'NETWORK_ERRORS' });

    const { CustomKeyStores } = await kms.send(
      new DescribeCustomKeyStoresCommand({ CustomKeyStoreId: keyStoreId }),
    );
    expect(CustomKeyStores?.[0]).toMatchObject({
      ConnectionState: 'FAILED',
      ConnectionErrorCode: 'NETWORK_ERRORS',
    });
    expect((await refusal(encrypt(keyId))).name).toBe('KMSInvalidStateException');

    await set('/store-disconnect', { keyStoreId });
    await kms.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId: keyStoreId }));
    await waitForKeyStore(kms, keyStoreId, 'CONNECTED');
    await encrypt(keyId);
  });

  it('has a rate of its own', async () => {
    await set('/throttling', { rates: { CustomKeyStore: 2 } });

    expect(await atOnce(3, () => encrypt(keyId))).toEqual(['done', 'done', 'ThrottlingException']);
    await encrypt(await createKey());
  });
});
