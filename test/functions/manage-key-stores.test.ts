// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { KeyStore } from '#core/contract/api.ts';
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

  it('answers 400 without an Idempotency-Key, and starts nothing', async () => {
    expect(await create({ headers: {} })).toMatchObject({
      status: 400,
      body: { code: 'IdempotencyKeyMissing' },
    });
    expect(current.world.workflows.started).toEqual([]);
  });

  it.each(['olga', 'ada', 'bob'])('answers 403 for %s', async (person) => {
    expect((await create({ as: { person } })).status).toBe(403);
    expect(current.world.workflows.started).toEqual([]);
  });
});

describe('GET /v1/key-stores/{name}', () => {
  const show = (call: Partial<Call> = {}) =>
    request(handler, 'getKeyStore', { as: ALICE, path: { name: 'main' }, ...call });

  it('shows how far it is, as the contract says', async () => {
    const { operationId } = (await create()).body;
    const { status, body } = await show();

    expect(status).toBe(200);
    expect(KeyStore.strict().parse(body)).toEqual({
      name: 'main',
      state: 'running',
      step: 'Admitted',
      cause: null,
      keyStoreId: null,
      clusterId: null,
      operationId,
    });
  });

  it.each(['main', 'other', 'a'.repeat(300), '__proto__'])(
    'answers 404 for %s before there is one',
    async (name) => {
      expect(await show({ path: { name } })).toMatchObject({
        status: 404,
        body: { code: 'KeyStoreNotFound' },
      });
    },
  );

  it('answers 401 to nobody and 403 to a workload', async () => {
    await create();

    expect((await show({ as: null })).status).toBe(401);
    expect((await show({ as: { role: 'orders-api' } })).status).toBe(403);
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

  it('send the answer again when they are reported again, as it was recorded', async () => {
    await complete({ signedCertificate: PEM, trustAnchor: PEM });
    await complete({ signedCertificate: `${PEM}2`, trustAnchor: `${PEM}2` });

    expect(resumed).toHaveLength(2);
    expect(resumed[1]).toEqual(resumed[0]);
  });

  it('need no certificates for the activation of a cluster', async () => {
    const { ledger, clock } = current.world;
    const { operationId } = (await ledger.readKeyStore('main')) ?? { operationId: '' };
    await requestTask(
      { ledger, clock },
      {
        operationId,
        keyStore: 'main',
        kind: 'activate-cluster',
        sealedToken: 'sealed-2',
        certificateRequest: null,
      },
    );
    const id = `activate-cluster-${operationId}`;

    expect((await complete({}, { path: { name: 'main', id } })).status).toBe(200);
    expect(resumed).toEqual([
      {
        token: `sealed-2 opened for ${id}`,
        output: { signedCertificate: null, trustAnchor: null },
      },
    ]);
  });

  it('are unknown under another id or key store', async () => {
    const body = { signedCertificate: PEM, trustAnchor: PEM };

    expect((await complete(body, { path: { name: 'main', id: 'none' } })).status).toBe(404);
    expect((await complete(body, { path: { name: 'other', id: current.task } })).status).toBe(404);
  });

  it('of deleting what came back end by a listing without it alone', async () => {
    const { ledger, clock } = current.world;
    const { operationId = '' } = (await ledger.readKeyStore('main')) ?? {};
    const kind = 'delete-objects' as const;
    const asked = { operationId, keyStore: 'main', sealedToken: 's', certificateRequest: null };
    const { id } = await requestTask({ ledger, clock }, { ...asked, kind });
    const path = { name: 'main', id };
    const listing = { listingDigest: 'ab'.repeat(32), objectsListed: 7, objectsFound: 0 };

    expect(await complete({}, { path })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/listing' }] },
    });
    const still = { listing: { ...listing, objectsFound: 1 } };
    expect(await complete(still, { path })).toMatchObject({
      status: 409,
      body: { code: 'TransitionForbidden' },
    });
    expect(await complete({ listing }, { path })).toMatchObject({
      status: 200,
      body: { kind, state: 'done', objects: [] },
    });
    expect((await complete({ listing }, { path })).status).toBe(200);
  });

  it.each(['olga', 'ada'])('are not completed by %s', async (person) => {
    expect(
      (await complete({ signedCertificate: PEM, trustAnchor: PEM }, { as: { person } })).status,
    ).toBe(403);
    expect(resumed).toEqual([]);
  });
});
