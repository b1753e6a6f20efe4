// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { admitKeyStore, completeTask } from '#core/provisioning/provision-key-store.ts';
import { current } from '#test/support/functions.ts';
import { ALICE, PERMIT, World } from '#test/support/world.ts';

const resumed: unknown[] = [];
vi.mock('#adapters/kms/token-seal.ts', () => ({
  KmsTokenSeal: class {
    seal = async (token: string, task: string) => `${token} sealed for ${task}`;
  },
}));
vi.mock('#adapters/stepfunctions/task-callback.ts', () => ({
  StepFunctionsTaskCallback: class {
    succeed = async (token: string, output: unknown) => {
      resumed.push({ token, output });
    };
  },
}));
const { handler } = await import('#functions/request-hsm-admin/handler.ts');

const PEM = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----';
const ask = (taskToken: string) =>
  handler({
    operationId: 'op_1',
    keyStore: 'main',
    kind: 'sign-certificate',
    taskToken,
    certificateRequest: 'csr',
  });

describe('a state that needs an HSM administrator', () => {
  beforeEach(async () => {
    current.world = new World();
    resumed.length = 0;
    await admitKeyStore(current.world, {
      name: 'main',
      operationId: 'op_1',
      requestedBy: ALICE.id,
      decision: PERMIT,
      claim: { scope: 'scope', bodyHash: 'body' },
    });
  });

  it('opens a task with its token sealed, and waits', async () => {
    await ask('token-1');

    expect(await current.world.ledger.readTasks('main')).toEqual([
      expect.objectContaining({
        state: 'open',
        sealedToken: 'token-1 sealed for sign-certificate-op_1',
      }),
    ]);
    expect(resumed).toEqual([]);
  });

  it('goes on at once with the recorded answer when it is tried again after its task was done', async () => {
    await ask('token-1');
    await completeTask(current.world, {
      keyStore: 'main',
      id: 'sign-certificate-op_1',
      by: ALICE.id,
      decision: PERMIT,
      signedCertificate: PEM,
      trustAnchor: `${PEM}2`,
    });
    await ask('token-2');

    expect(resumed).toEqual([
      { token: 'token-2', output: { signedCertificate: PEM, trustAnchor: `${PEM}2` } },
    ]);
  });

  it.each([
    ['a kind it does not know', { kind: 'sign-anything' }],
    ['no token', { taskToken: undefined }],
    ['a token of 2,049 characters', { taskToken: 'a'.repeat(2049) }],
    ['no certificate request', { certificateRequest: undefined }],
    ['no operation', { operationId: undefined }],
  ])('is refused with %s, and the error does not tell the token', async (_what, patch) => {
    const event = {
      operationId: 'op_1',
      keyStore: 'main',
      kind: 'sign-certificate',
      taskToken: 'canary-token-7f3a',
      certificateRequest: 'csr',
    };
    const failure: unknown = await handler({ ...event, ...patch }).catch((error: unknown) => error);

    expect(failure).toMatchObject({ name: 'InternalError' });
    expect(String(failure)).not.toContain('canary-token-7f3a');
    expect(await current.world.ledger.readTasks('main')).toEqual([]);
  });

  it('is refused for an operation that no longer provisions the key store', async () => {
    const event = {
      operationId: 'op_0',
      keyStore: 'main',
      kind: 'activate-cluster',
      taskToken: 'token-1',
      certificateRequest: null,
    };

    await expect(handler(event)).rejects.toMatchObject({ name: 'LeaseLost' });
    expect(await current.world.ledger.readTasks('main')).toEqual([]);
  });
});
