// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import * as api from '#core/contract/api.ts';
import { ROUTES } from '#core/contract/routes.ts';
import { type Call, current, renewWorld, request } from '#test/support/functions.ts';
import { begin, GENERATION_STEPS, runSteps, withActiveKey } from '#test/support/steps.ts';

const { handler } = await import('#functions/read-keys/handler.ts');

const ALICE = { person: 'alice' };
type Id = 'listKeys' | 'getKey' | 'listVersions' | 'getOperation' | 'readAudit';
const get = (id: Id, call: Partial<Call> = {}) => request(handler, id, { as: ALICE, ...call });
const orders = { path: { name: 'orders' } };

beforeEach(async () => {
  await withActiveKey(await renewWorld());
});

/** More active keys. */
async function given(...names: string[]) {
  for (const name of names) {
    await current.world.admitKey({ name });
    await runSteps(current.world, await begin(current.world, name), GENERATION_STEPS);
  }
}

describe('GET', () => {
  it('answers what the contract says, on every route', async () => {
    const operationId = (await current.world.version(1)).operationId;
    const calls: [Id, Partial<Call>][] = [
      ['listKeys', {}],
      ['getKey', orders],
      ['listVersions', orders],
      ['getOperation', { path: { id: operationId } }],
      ['readAudit', { query: { key: 'orders' } }],
    ];
    for (const [id, call] of calls) {
      const { status, body } = await get(id, call);
      expect(status, id).toBe(200);
      expect(ROUTES[id].response.safeParse(body).error, id).toBeUndefined();
    }
  });

  it.each(['olga', 'bob', 'ada', 'alice'])('a key is open to %s', async (person) => {
    const answer = await get('getKey', { as: { person }, ...orders });

    expect(answer).toMatchObject({ status: 200, body: { name: 'orders', state: 'active' } });
    expect(answer.headers['etag']).toBe(`"${answer.body.revision}"`);
  });

  it('a key is open to the workloads of its access list, and to no other', async () => {
    expect((await get('getKey', { as: { role: 'orders-api' }, ...orders })).status).toBe(200);
    expect((await get('getKey', { as: { role: 'billing' }, ...orders })).status).toBe(403);
    expect(
      (await get('getKey', { as: { role: 'orders-api' }, path: { name: 'none' } })).status,
    ).toBe(403);
  });

  it.each(['none', 'Orders', 'x'.repeat(500), 'a/b'])(
    'a key named "%s" answers 404',
    async (name) => {
      expect(await get('getKey', { path: { name } })).toMatchObject({
        status: 404,
        body: { code: 'KeyNotFound' },
      });
    },
  );

  it('an operation shows its steps with their times', async () => {
    const { operationId } = await current.world.version(1);
    const { body } = await get('getOperation', { path: { id: operationId } });

    expect(body).toMatchObject({
      id: operationId,
      kind: 'generate-key',
      state: 'done',
      key: 'orders',
    });
    expect(body.timeline[0]).toEqual({ step: 'Admitted', at: '2026-01-01T00:00:00.000Z' });
  });

  it.each(['op_none', 'op_ZZZZZZZZZZZZZZZZZZZZZZZZZZ', '../x', 'op_'])(
    'the operation "%s" answers 404',
    async (id) => {
      expect(await get('getOperation', { path: { id } })).toMatchObject({
        status: 404,
        body: { code: 'OperationNotFound' },
      });
    },
  );

  it('no operation is open to a workload', async () => {
    const { operationId } = await current.world.version(1);

    expect(
      (await get('getOperation', { as: { role: 'orders-api' }, path: { id: operationId } })).status,
    ).toBe(403);
  });
});

describe('GET /v1/keys', () => {
  it('pages by name until the cursor is null', async () => {
    await given('a-key', 'b-key', 'c-key');
    const names: string[] = [];
    let cursor: string | null = null;
    do {
      const query: Record<string, string> = { limit: '2', ...(cursor ? { cursor } : {}) };
      const { body } = await get('listKeys', { query });
      names.push(...body.items.map((key: { name: string }) => key.name));
      cursor = body.nextCursor;
    } while (cursor !== null);

    expect(names).toEqual(['a-key', 'b-key', 'c-key', 'orders']);
  });

  it('shows a workload its own keys only', async () => {
    await current.world.admitKey({ name: 'hidden', access: [] });
    const { body } = await get('listKeys', { as: { role: 'orders-api' } });

    expect(body.items.map((key: { name: string }) => key.name)).toEqual(['orders']);
  });

  it.each([
    { limit: '0' },
    { limit: '-1' },
    { limit: '1000000' },
    { limit: 'ten' },
    { limit: '1.5' },
    { cursor: '../../etc' },
    { cursor: 'x'.repeat(100) },
    { cursor: 'KEY#orders' },
    { filter: 'owner=olga' },
  ] as Record<string, string>[])('refuses the query %j', async (query) => {
    expect(await get('listKeys', { query })).toMatchObject({
      status: 400,
      body: { code: 'ValidationFailed' },
    });
  });

  it('refuses a parameter that is given twice', async () => {
    const event = { multiValueQueryStringParameters: { limit: ['1', '200'] } };

    expect((await get('listKeys', { query: { limit: '200' }, event })).status).toBe(400);
  });
});

describe('GET /v1/audit', () => {
  it('pages the records of a key up to its head', async () => {
    const first = await get('readAudit', { query: { key: 'orders', limit: '5' } });
    const rest = await get('readAudit', {
      query: { key: 'orders', cursor: first.body.nextCursor },
    });

    const all = [...first.body.items, ...rest.body.items];
    expect(first.body.items).toHaveLength(5);
    expect(rest.body.nextCursor).toBeNull();
    expect(all.map((record) => record.sequence)).toEqual(all.map((_, index) => index + 1));
    expect(all.at(-1)?.hash).toBe(rest.body.head.hash);
    expect(api.AuditPage.safeParse(first.body).success).toBe(true);
  });

  it.each(['olga', 'bob'])('is closed to %s', async (person) => {
    const answer = await get('readAudit', { as: { person }, query: { key: 'orders' } });

    expect(answer.status).toBe(403);
  });

  it('is open to the auditor', async () => {
    const answer = await get('readAudit', { as: { person: 'ada' }, query: { key: 'orders' } });

    expect(answer.status).toBe(200);
  });

  it.each([
    [{}, 400],
    [{ key: 'ORDERS' }, 400],
    [{ key: 'orders', cursor: '-1' }, 400],
    [{ key: 'orders', cursor: '1;2' }, 400],
    [{ key: 'none' }, 404],
  ] as [Record<string, string>, number][])(
    'answers the query %j with %i',
    async (query, status) => {
      expect((await get('readAudit', { query })).status).toBe(status);
    },
  );

  it('shows nothing behind the head for a cursor that was made up', async () => {
    const { body } = await get('readAudit', { query: { key: 'orders', cursor: '999999' } });

    expect(body).toMatchObject({ items: [], nextCursor: null });
  });
});
