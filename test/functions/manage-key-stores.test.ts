// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { recordProgress, requestTask } from '#core/provisioning/provision-key-store.ts';
import { type Call, current, request } from '#test/support/functions.ts';
import { World } from '#test/support/world.ts';
import { PROVISION_KEY_STORE } from '#test/workflows/scenarios/provision-key-store.ts';
import { runScenario } from '#test/workflows/scenarios/scenario.ts';

const resumed: unknown[] = [];
vi.mock('#adapters/kms/token-seal.ts', () => ({
  KmsTokenSeal: class {
    open = async (sealed: string, task: string) => `${sealed} opened for ${task}`;
  },
}));
vi.mock('#adapters/stepfunctions/task-callback.ts', () => ({
  StepFunctionsTaskCallback: class {
    succeed = async (token: string, output: unknown) => {
      resumed.push({ token, output });
    };
  },
}));
const { handler } = await import('#functions/manage-key-stores/handler.ts');

const ALICE = { person: 'alice' };
const PEM = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----';
const create = (call: Partial<Call> = {}) =>
  request(handler, 'createKeyStore', {
    as: ALICE,
    body: { name: 'main' },
    headers: { 'Idempotency-Key': 'key-1' },
    ...call,
  });

beforeEach(() => {
  current.world = new World();
  resumed.length = 0;
});

describe('POST /v1/key-stores', () => {
  it('starts the workflow with all that its states read', async () => {
    const { status } = await create();
    const [started] = current.world.workflows.started;
    const input = { operationId: started?.operationId, attempt: 1, ...started?.input };

    expect(status).toBe(202);
    const waiting = PROVISION_KEY_STORE.scenarios.filter((scenario) =>
      scenario.name.includes('waits'),
    );
    expect(waiting.length).toBeGreaterThan(3);
    for (const scenario of waiting) {
      const { result } = await runScenario('provision-key-store', { ...scenario, input });
      expect(result.path).toEqual(scenario.path);
    }
  });

  it('answers the same operation for the same request', async () => {
    const [first, second] = [await create(), await create()];

    expect(second.body).toEqual(first.body);
    expect(current.world.workflows.started).toHaveLength(1);
  });

  it('goes on with the cluster of an attempt that stopped', async () => {
    const { body } = await create();
    const stopped = { operationId: body.operationId, keyStore: 'main', clusterId: 'cluster-1' };
    await recordProgress(current.world, { ...stopped, step: 'Stopped', outcome: 'parked' });
    await create({ headers: { 'Idempotency-Key': 'key-2' } });

    const inputs = current.world.workflows.started.map(({ input }) => input?.['cluster']);
    expect(inputs).toEqual([undefined, { id: 'cluster-1' }]);
  });

  it('answers 422 for another name than that of the stage', async () => {
    expect(await create({ body: { name: 'other' } })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/name' }] },
    });
  });

  it.each(['olga', 'ada', 'bob'])('answers 403 for %s', async (person) => {
    expect((await create({ as: { person } })).status).toBe(403);
    expect(current.world.workflows.started).toEqual([]);
  });
});

describe('tasks of an HSM administrator', () => {
  const complete = (body: unknown, call: Partial<Call> = {}) =>
    request(handler, 'completeTask', {
      as: ALICE,
      path: { name: 'main', id: current.task },
      body,
      ...call,
    });
  beforeEach(async () => {
    const { body } = await create();
    const { ledger, clock } = current.world;
    current.task = `sign-certificate-${body.operationId}`;
    await requestTask(
      { ledger, clock },
      {
        operationId: body.operationId,
        keyStore: 'main',
        kind: 'sign-certificate',
        sealedToken: 'sealed-canary',
        certificateRequest: 'csr',
      },
    );
  });

  it('are listed with what to do, and without the token', async () => {
    const { status, body } = await request(handler, 'listTasks', {
      as: ALICE,
      path: { name: 'main' },
    });

    expect(status).toBe(200);
    expect(body.items).toEqual([
      expect.objectContaining({ id: current.task, state: 'open', certificateRequest: 'csr' }),
    ]);
    expect(JSON.stringify(body)).not.toContain('sealed-canary');
  });

  it('resume the workflow with the certificates when they are done', async () => {
    const answer = await complete({ signedCertificate: PEM, trustAnchor: PEM });

    expect(answer).toMatchObject({ status: 200, body: { state: 'done' } });
    expect(resumed).toEqual([
      {
        token: `sealed-canary opened for ${current.task}`,
        output: { signedCertificate: PEM, trustAnchor: PEM },
      },
    ]);
  });

  it('are refused without certificates, each named, and resume nothing', async () => {
    const answer = await complete({});

    expect(answer.status).toBe(400);
    expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toEqual([
      '/signedCertificate',
      '/trustAnchor',
    ]);
    expect(resumed).toEqual([]);
  });

  it('are unknown under another id or key store', async () => {
    const body = { signedCertificate: PEM, trustAnchor: PEM };

    expect((await complete(body, { path: { name: 'main', id: 'none' } })).status).toBe(404);
    expect((await complete(body, { path: { name: 'other', id: current.task } })).status).toBe(404);
  });

  it.each(['olga', 'ada'])('are not completed by %s', async (person) => {
    expect(
      (await complete({ signedCertificate: PEM, trustAnchor: PEM }, { as: { person } })).status,
    ).toBe(403);
    expect(resumed).toEqual([]);
  });
});
