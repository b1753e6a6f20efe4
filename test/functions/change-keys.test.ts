// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { type Call, current, renewWorld, request } from '#test/support/functions.ts';
import { withActiveKey } from '#test/support/steps.ts';

const { handler } = await import('#functions/change-keys/handler.ts');

const ALICE = { person: 'alice' };
let headers = 0;
const fresh = () => {
  headers += 1;
  return { 'Idempotency-Key': `key-${headers}` };
};
const rotate = (call: Partial<Call> = {}) =>
  request(handler, 'startRotation', {
    as: ALICE,
    body: {},
    path: { name: 'orders' },
    headers: fresh(),
    ...call,
  });

beforeEach(async () => {
  await renewWorld();
});

describe('POST /v1/keys/{name}/rotations', () => {
  beforeEach(async () => {
    await withActiveKey(current.world);
  });

  it('answers 202 with the operation', async () => {
    const answer = await rotate({ body: { reason: 'yearly' } });

    expect(answer.status).toBe(202);
    const operation = await current.world.store.readOperation(answer.body.operationId);
    expect(operation).toMatchObject({
      kind: 'rotate-key',
      reason: 'yearly',
      requestedBy: 'usr_alice',
    });
  });

  it('answers 409 with the operation that runs already', async () => {
    const first = await rotate();

    expect(await rotate()).toMatchObject({
      status: 409,
      body: { code: 'OperationInProgress', operationId: first.body.operationId, retryable: true },
    });
  });

  it.each(['none', 'ORDERS', '..%2forders', 'orders ', 'a'.repeat(300)])(
    'answers 404 for the key "%s"',
    async (name) => {
      expect(await rotate({ path: { name } })).toMatchObject({
        status: 404,
        body: { code: 'KeyNotFound' },
      });
    },
  );

  it('answers 403, not 404, to somebody who may rotate only what they own', async () => {
    expect((await rotate({ as: { person: 'olga' }, path: { name: 'none' } })).status).toBe(403);
  });

  it('lets an owner rotate her key', async () => {
    expect((await rotate({ as: { person: 'olga' } })).status).toBe(202);
  });

  it.each([{ reason: 7 }, { reason: '' }, { why: 'x' }])('refuses the body %j', async (body) => {
    expect((await rotate({ body })).status).toBe(400);
    expect((await current.world.key()).lease).toBeNull();
  });
});

describe('PATCH /v1/keys/{name}', () => {
  const update = (call: Partial<Call> = {}) =>
    request(handler, 'updateKey', {
      as: ALICE,
      path: { name: 'orders' },
      body: { nextRotationAt: '2026-03-01T12:00:00Z' },
      ...call,
    });
  const etag = async () => `"${(await current.world.key()).revision}"`;
  beforeEach(async () => {
    await withActiveKey(current.world);
  });

  it('sets when the key is due and answers the new ETag', async () => {
    const answer = await update({ headers: { 'If-Match': await etag() } });

    expect(answer).toMatchObject({
      status: 200,
      body: { name: 'orders', nextRotationAt: '2026-03-01T12:00:00.000Z' },
      headers: { etag: await etag() },
    });
  });

  it('says where it is used, apart from when it is due', async () => {
    const used = { application: 'billing', host: 'web-1.example.com' };
    const change = async (body: object) => update({ body, headers: { 'If-Match': await etag() } });

    expect(await change(used)).toMatchObject({ status: 200, body: { name: 'orders', ...used } });
    expect(await change({ host: null })).toMatchObject({ body: { ...used, host: null } });
    for (const body of [
      {},
      { ...used, nextRotationAt: '2026-03-01T12:00:00Z' },
      { host: 'Web 1' },
      { host: 'a'.repeat(64) },
      { application: '-billing' },
      { application: '' },
    ])
      expect((await change(body)).status).toBe(400);
  });

  it('answers 428 without If-Match', async () => {
    expect(await update()).toMatchObject({ status: 428, body: { code: 'PreconditionRequired' } });
  });

  it('answers 412 for an ETag that is not the current one', async () => {
    expect(await update({ headers: { 'If-Match': '"1"' } })).toMatchObject({
      status: 412,
      body: { code: 'StaleRevision' },
    });
    expect((await current.world.key()).nextRotationAt).toBe('2026-01-02T00:00:00.000Z');
  });

  it.each(['*', 'W/"8"', '8', '"8", "9"', '""'])('answers 400 for If-Match %s', async (value) => {
    expect((await update({ headers: { 'If-Match': value } })).status).toBe(400);
  });

  it.each(['2026-02-30T00:00:00Z', '2026-03-01', '2026-03-01T12:00:00+01:00', 'now', 1])(
    'refuses the date %s',
    async (nextRotationAt) => {
      const answer = await update({
        headers: { 'If-Match': await etag() },
        body: { nextRotationAt },
      });

      expect(answer).toMatchObject({
        status: 400,
        body: { errors: [{ pointer: '/nextRotationAt' }] },
      });
    },
  );

  it('answers 403 for an owner, who may rotate but not set dates', async () => {
    const answer = await update({ as: { person: 'olga' }, headers: { 'If-Match': await etag() } });

    expect(answer.status).toBe(403);
  });
});
