// SPDX-License-Identifier: Apache-2.0
// The one function that reads the password of `kmsuser`, with its adapter: only the clients of AWS are replaced.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  admitKeyStore,
  completeTask,
  requestTask,
} from '#core/provisioning/provision-key-store.ts';
import { ALICE, PERMIT, World } from '#test/support/world.ts';

const PASSWORD = 'canary-password-7f3a';
const aws = vi.hoisted(() => ({
  asked: [] as { name: string; input: Record<string, unknown> }[],
  password: '' as string | undefined,
  fail: null as string | null,
  found: [] as unknown[],
}));
const current = { world: new World() };

vi.mock('#functions/shared/wiring.ts', () => ({
  ledger: () => ({
    readTasks: (keyStore: string) => current.world.ledger.readTasks(keyStore),
    readKeyStore: (keyStore: string) => current.world.ledger.readKeyStore(keyStore),
  }),
  kmsClient: () => ({
    send: async (command: { constructor: { name: string }; input: Record<string, unknown> }) => {
      aws.asked.push({ name: command.constructor.name, input: command.input });
      if (command.constructor.name === 'DescribeCustomKeyStoresCommand')
        return { CustomKeyStores: aws.found };
      if (aws.fail) throw Object.assign(new Error('refused'), { name: aws.fail });
      return { CustomKeyStoreId: 'cks-1' };
    },
  }),
}));
vi.mock('@aws-sdk/client-secrets-manager', () => ({
  SecretsManagerClient: class {
    send = async ({ input }: { input: unknown }) => {
      aws.asked.push({ name: 'GetSecretValue', input: input as Record<string, unknown> });
      return { SecretString: aws.password };
    };
  },
  GetSecretValueCommand: class {
    readonly input: unknown;
    constructor(input: unknown) {
      this.input = input;
    }
  },
}));
Object.assign(process.env, {
  STAGE: 'local',
  TABLE_NAME: 'keyturn-local',
  ACCOUNT_ID: '000000000000',
  KEY_STORE_SECRET_ARN: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:kmsuser',
  POWERTOOLS_LOG_LEVEL: 'SILENT',
});
const { handler } = await import('#functions/create-key-store/handler.ts');

const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----';
const INPUT = { operationId: 'op_1', keyStore: 'main', clusterId: 'cluster-1' };

async function withSignedCertificate(): Promise<void> {
  const task = { operationId: 'op_1', keyStore: 'main', kind: 'sign-certificate' as const };
  await requestTask(current.world, { ...task, sealedToken: 'sealed', certificateRequest: 'csr' });
  await completeTask(current.world, {
    keyStore: 'main',
    id: 'sign-certificate-op_1',
    by: ALICE.id,
    decision: PERMIT,
    signedCertificate: CERTIFICATE,
    trustAnchor: `${CERTIFICATE}\n`,
  });
}

beforeEach(async () => {
  current.world = new World();
  Object.assign(aws, { asked: [], password: PASSWORD, fail: null, found: [] });
  await admitKeyStore(current.world, {
    name: 'main',
    operationId: 'op_1',
    requestedBy: ALICE.id,
    decision: PERMIT,
    claim: { scope: 'scope', bodyHash: 'body' },
  });
});

describe('create-key-store', () => {
  it('creates the key store with the recorded trust anchor and the password of the secret', async () => {
    await withSignedCertificate();
    const answer = await handler(INPUT, {});

    expect(answer).toEqual({ keyStoreId: 'cks-1' });
    expect(aws.asked).toEqual([
      { name: 'GetSecretValue', input: { SecretId: process.env['KEY_STORE_SECRET_ARN'] } },
      {
        name: 'CreateCustomKeyStoreCommand',
        input: {
          CustomKeyStoreName: 'main',
          CloudHsmClusterId: 'cluster-1',
          TrustAnchorCertificate: `${CERTIFICATE}\n`,
          KeyStorePassword: PASSWORD,
        },
      },
    ]);
    expect(JSON.stringify(answer)).not.toContain(PASSWORD);
  });

  it('reads no password before an HSM administrator has given the trust anchor', async () => {
    await expect(handler(INPUT, {})).rejects.toMatchObject({ name: 'TaskNotFound' });
    expect(aws.asked).toEqual([]);
  });

  it('fails on a secret without a value', async () => {
    await withSignedCertificate();
    aws.password = undefined;

    await expect(handler(INPUT, {})).rejects.toMatchObject({ name: 'InternalError' });
  });

  it('finds the key store that an earlier try made', async () => {
    await withSignedCertificate();
    aws.fail = 'CustomKeyStoreNameInUseException';
    aws.found = [{ CustomKeyStoreId: 'cks-0', CloudHsmClusterId: 'cluster-1' }];

    expect(await handler(INPUT, {})).toEqual({ keyStoreId: 'cks-0' });
  });

  it('refuses a key store of the name on another cluster', async () => {
    await withSignedCertificate();
    aws.fail = 'CustomKeyStoreNameInUseException';
    aws.found = [{ CustomKeyStoreId: 'cks-0', CloudHsmClusterId: 'cluster-2' }];

    await expect(handler(INPUT, {})).rejects.toMatchObject({ name: 'KeyStoreMisconfigured' });
  });

  it('tells the password in no error', async () => {
    await withSignedCertificate();
    aws.fail = 'IncorrectTrustAnchorException';
    const failure: unknown = await handler(INPUT, {}).catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(Error);
    for (let error = failure; error instanceof Error; error = error.cause)
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(PASSWORD);
  });

  it.each(['operationId', 'keyStore', 'clusterId'])('refuses an input without %s', async (name) => {
    await expect(handler({ ...INPUT, [name]: undefined }, {})).rejects.toMatchObject({
      name: 'InternalError',
      message: expect.stringContaining(name),
    });
    expect(aws.asked).toEqual([]);
  });
});
