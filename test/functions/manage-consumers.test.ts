// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { suspended } from '#test/support/containment.ts';
import {
  ACCOUNT,
  type Call,
  type Caller,
  current,
  renewWorld,
  request,
} from '#test/support/functions.ts';
import { Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';

const { handler } = await import('#functions/manage-consumers/handler.ts');

const PATH = { name: 'orders', consumer: 'billing' };
const BODY = {
  owner: 'payments',
  contact: 'payments-oncall',
  principal: 'arn:aws:iam::444455556666:role/billing',
  rights: ['decrypt'],
  kind: 'kms-direct',
  acknowledgement: { mode: 'api' },
};
let headers = 0;
const fresh = () => {
  headers += 1;
  return { 'Idempotency-Key': `key-${headers}` };
};
const put = (call: Partial<Call> = {}, extra: Record<string, string> = {}) =>
  request(handler, 'putConsumer', {
    as: { person: 'alice' },
    body: BODY,
    path: PATH,
    ...call,
    headers: { ...fresh(), ...extra },
  });
const get = (as: Caller = { person: 'alice' }) =>
  request(handler, 'getConsumer', { as, path: PATH });
const runUpdates = async () => {
  const simulation = new Simulation(current.world);
  for (const { kind, operationId } of current.world.workflows.started) {
    if (kind === 'update-access') await simulation.run(kind, operationId, 1);
  }
};

beforeEach(async () => {
  await renewWorld();
  await withActiveKey(current.world);
});

describe('PUT /v1/keys/{name}/consumers/{consumer}', () => {
  it('answers 202 with the operation that opens the key', async () => {
    const answer = await put();

    expect(answer.status).toBe(202);
    expect(answer.headers['location']).toBe(`/v1/operations/${answer.body.operationId}`);
    expect(await current.world.store.readOperation(answer.body.operationId)).toMatchObject({
      kind: 'update-access',
      requestedBy: 'usr_alice',
    });
  });

  it('gives the same operation for the same Idempotency-Key, and 422 for another body', async () => {
    const key = { 'Idempotency-Key': 'same' };
    const first = await put({}, key);

    expect((await put({}, key)).body).toEqual(first.body);
    expect(await put({ body: { ...BODY, contact: 'x' } }, key)).toMatchObject({ status: 422 });
  });

  it('needs the ETag of a consumer that exists', async () => {
    await put();
    await runUpdates();
    const { headers } = await get();
    const changed = { body: { ...BODY, contact: 'other team' } };

    expect(await put(changed)).toMatchObject({ status: 428 });
    expect(await put(changed, { 'If-Match': '"1"' })).toMatchObject({ status: 412 });
    expect(await put(changed, { 'If-Match': headers['etag'] ?? '' })).toMatchObject({
      status: 202,
    });
    expect((await get()).body.contact).toBe('other team');
  });

  it.each<[string, object, string]>([
    [
      'a webhook without an address',
      { acknowledgement: { mode: 'webhook' } },
      '/acknowledgement/url',
    ],
    [
      'a wait without its length',
      { acknowledgement: { mode: 'wait' } },
      '/acknowledgement/waitSeconds',
    ],
    [
      'an address with credentials',
      { acknowledgement: { mode: 'webhook', url: 'https://u:p@example.com/' } },
      '/acknowledgement/url',
    ],
    [
      'a principal that is no role',
      { principal: 'arn:aws:iam::444455556666:user/bob' },
      '/principal',
    ],
    ['a binding of what is no service', { moved: true }, '/kind'],
    ['an unknown member', { note: 'x' }, '/note'],
  ])('refuses %s', async (_what, patch, pointer) => {
    const answer = await put({ body: { ...BODY, ...patch } });

    expect(answer.status).toBe(400);
    expect(answer.body.errors[0]).toMatchObject({ pointer });
  });

  it.each(['Billing', '..', 'a'.repeat(64)])('answers 404 for the name "%s"', async (consumer) => {
    expect(await put({ path: { ...PATH, consumer } })).toMatchObject({ status: 404 });
  });

  it('is for operators and for owners of the key, and for nobody else', async () => {
    expect(await put({ as: { person: 'bob' } })).toMatchObject({ status: 403 });
    expect(await put({ as: { person: 'ada' } })).toMatchObject({ status: 403 });
    expect(await put({ as: { role: 'orders-api' } })).toMatchObject({ status: 403 });
    expect(await put({ as: { person: 'olga' } })).toMatchObject({ status: 202 });
  });
});

describe('GET /v1/keys/{name}/consumers', () => {
  it('shows who is on which version', async () => {
    await put();
    await runUpdates();

    const list = await request(handler, 'listConsumers', {
      as: { person: 'ada' },
      path: { name: 'orders' },
    });

    expect(list.body).toMatchObject({
      nextCursor: null,
      items: [
        {
          name: 'billing',
          state: 'active',
          lastSeenVersion: null,
          isLagging: false,
          acknowledgement: { mode: 'api', waitSeconds: null, url: null },
        },
      ],
    });
  });

  it('tells a consumer nothing about the others', async () => {
    expect(await get({ role: 'orders-api' })).toMatchObject({ status: 403 });
  });

  it('answers 404 for an unknown consumer and an unknown key', async () => {
    expect(await get()).toMatchObject({ status: 404, body: { code: 'ConsumerNotFound' } });
    const path = { name: 'none' };
    const list = request(handler, 'listConsumers', { as: { person: 'alice' }, path });
    expect(await list).toMatchObject({ status: 404, body: { code: 'KeyNotFound' } });
  });
});

describe('DELETE /v1/keys/{name}/consumers/{consumer}', () => {
  const remove = (extra: Record<string, string>) =>
    request(handler, 'deleteConsumer', {
      as: { person: 'alice' },
      path: PATH,
      headers: { ...fresh(), ...extra },
    });

  it('needs the ETag, and removes', async () => {
    await put();
    await runUpdates();
    const { headers } = await get();

    expect(await remove({})).toMatchObject({ status: 428 });
    expect(await remove({ 'If-Match': headers['etag'] ?? '' })).toMatchObject({ status: 202 });
    await runUpdates();

    expect(await get()).toMatchObject({ status: 404 });
    expect((await current.world.key()).consumerAccess).toEqual([]);
  });
});

describe('PUT /v1/keys/{name}/consumers/{consumer}/purge', () => {
  const OTHER = 'op_00000000000000000000000000';
  const purge = (as: Caller, operationId: string, path: Record<string, string> = PATH) =>
    request(handler, 'acknowledgePurge', { as, body: { operationId }, path });
  const ITSELF = { role: 'billing' };
  const principal = `arn:aws:iam::${ACCOUNT}:role/billing`;
  const stop = () => suspended(new Simulation(current.world));
  const stopOf = async () => (await get()).body.stop;
  beforeEach(async () => {
    await put({ body: { ...BODY, principal } });
    await runUpdates();
  });

  it('takes the word of the consumer itself, once', async () => {
    const operationId = await stop();
    const at = current.world.clock.now();

    expect(await purge(ITSELF, operationId)).toMatchObject({
      status: 200,
      body: { name: 'billing', stop: { operationId, toldAt: null, purgedAt: at } },
    });
    current.world.clock.advance(600);
    expect(await purge(ITSELF, operationId)).toMatchObject({ status: 200 });
    expect(await stopOf()).toMatchObject({ purgedAt: at, isLagging: false });
    const { records } = await current.world.store.readAudit('key/orders', 0, 1000);
    expect(records.filter(({ action }) => action === 'consumer.purged')).toMatchObject([
      { actor: principal, operationId, detail: { consumer: 'billing' } },
    ]);
  });

  it('takes it from an operator and the owner, whom its people told', async () => {
    const operationId = await stop();

    expect(await purge({ person: 'bob' }, operationId)).toMatchObject({ status: 403 });
    expect(await purge({ person: 'olga' }, operationId)).toMatchObject({ status: 200 });
    expect(await purge({ person: 'alice' }, operationId)).toMatchObject({ status: 200 });
  });

  it('tells nobody else which consumers there are', async () => {
    const operationId = await stop();
    const none = { name: 'orders', consumer: 'nobody' };

    const known = await purge({ role: 'stranger' }, operationId);
    expect(known).toMatchObject({ status: 403, body: { code: 'AccessDenied' } });
    expect((await purge({ role: 'stranger' }, operationId, none)).status).toBe(known.status);
    expect((await purge({ role: 'stranger' }, operationId, { ...none, name: 'x' })).status).toBe(
      known.status,
    );
    expect(await purge({ person: 'alice' }, operationId, none)).toMatchObject({
      status: 404,
      body: { code: 'ConsumerNotFound' },
    });
    expect(await purge({ person: 'alice' }, operationId, { ...none, name: 'x' })).toMatchObject({
      status: 404,
      body: { code: 'KeyNotFound' },
    });
  });

  it('is refused for another stop than the one that holds, and where none does', async () => {
    expect(await purge({ person: 'alice' }, OTHER)).toMatchObject({
      status: 409,
      body: { code: 'TransitionForbidden' },
    });
    const operationId = await stop();
    expect(await purge({ person: 'alice' }, OTHER)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/operationId', detail: `must be ${operationId}` }] },
    });
    expect(await stopOf()).toMatchObject({ purgedAt: null });
  });
});
