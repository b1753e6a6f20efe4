// SPDX-License-Identifier: Apache-2.0
// The API functions of sources, re-encryption, holds and retirement, over a world in memory.
import { beforeEach, describe, expect, it } from 'vitest';
import type { RouteId } from '#core/contract/routes.ts';
import { type Call, current, renewWorld, request } from '#test/support/functions.ts';
import { withActiveKey } from '#test/support/steps.ts';

const HANDLERS = {
  sources: (await import('#functions/manage-reencryption/handler.ts')).handler,
  holds: (await import('#functions/manage-holds/handler.ts')).handler,
  retirement: (await import('#functions/judge-retirement/handler.ts')).handler,
};
const SOURCE = { location: { kind: 'none', reason: 'in transit only' }, copies: [] };
const ask = (
  handler: keyof typeof HANDLERS,
  id: RouteId,
  path: Record<string, string> = {},
  call: Partial<Call> = {},
) =>
  request(HANDLERS[handler], id, {
    as: { person: 'alice' },
    path: { name: 'orders', ...path },
    ...call,
  });
const putSource = (call: Partial<Call> = {}) =>
  ask('sources', 'putSource', { source: 'archive' }, { body: SOURCE, ...call });

beforeEach(async () => {
  await renewWorld();
  await withActiveKey(current.world);
});

describe('sources', () => {
  it('are registered, listed and removed', async () => {
    expect(await putSource()).toMatchObject({
      status: 200,
      body: { key: 'orders', name: 'archive', shards: 4, count: null, registeredBy: 'usr_alice' },
    });
    expect((await ask('sources', 'listSources')).body.items).toHaveLength(1);
    expect((await ask('sources', 'deleteSource', { source: 'archive' })).status).toBe(200);
    expect((await ask('sources', 'listSources')).body.items).toEqual([]);
    expect((await ask('sources', 'deleteSource', { source: 'archive' })).status).toBe(404);
  });

  it.each([
    [{ ...SOURCE, copies: undefined }, '/copies'],
    [{ ...SOURCE, shards: 65 }, '/shards'],
    [
      {
        ...SOURCE,
        location: { kind: 'dynamodb', tableArn: 'orders', ciphertextAttributes: ['a'] },
      },
      '/location/tableArn',
    ],
    [{ ...SOURCE, location: { kind: 'tape' } }, '/location/kind'],
  ])('refuse %j at %s', async (body, pointer) => {
    const answer = await putSource({ body });

    expect(answer.status).toBe(400);
    expect(answer.body.errors).toEqual([expect.objectContaining({ pointer })]);
  });

  it('are shown to auditors, and changed by operators and the owner alone', async () => {
    expect((await putSource({ as: { person: 'ada' } })).status).toBe(403);
    expect((await putSource({ as: { person: 'olga' } })).status).toBe(200);
    expect((await ask('sources', 'listSources', {}, { as: { person: 'ada' } })).status).toBe(200);
    expect((await ask('sources', 'listSources', {}, { as: { role: 'orders-api' } })).status).toBe(
      403,
    );
  });
});

describe('re-encryption', () => {
  it('starts one run and shows it', async () => {
    await putSource();
    const headers = { 'Idempotency-Key': 'k1' };
    const started = await ask('sources', 'startReencryption', {}, { headers, body: {} });
    expect(started.status).toBe(202);
    expect(started.headers['location']).toBe(`/v1/operations/${started.body.operationId}`);
    expect((await ask('sources', 'startReencryption', {}, { headers, body: {} })).body).toEqual(
      started.body,
    );
    const second = await ask(
      'sources',
      'startReencryption',
      {},
      { headers: { 'Idempotency-Key': 'k2' }, body: {} },
    );
    expect(second).toMatchObject({ status: 409, body: { operationId: started.body.operationId } });

    expect((await ask('sources', 'getReencryption')).body).toMatchObject({
      state: 'running',
      operationId: started.body.operationId,
      operationState: 'running',
      pass: 1,
      sources: [],
      deadItems: [],
    });
  });

  it('says that nothing runs on a key that never had a source', async () => {
    expect((await ask('sources', 'getReencryption')).body).toMatchObject({
      state: 'idle',
      operationId: null,
    });
    const headers = { 'Idempotency-Key': 'k1' };
    expect((await ask('sources', 'startReencryption', {}, { headers, body: {} })).status).toBe(404);
  });
});

describe('holds', () => {
  it('are placed, listed and released', async () => {
    const body = { reason: 'case 4711' };
    expect(await ask('holds', 'putHold', { hold: 'lawsuit' }, { body })).toMatchObject({
      status: 200,
      body: { name: 'lawsuit', until: null, placedBy: 'usr_alice' },
    });
    expect((await ask('holds', 'listHolds')).body.items).toHaveLength(1);
    expect((await ask('holds', 'deleteHold', { hold: 'lawsuit' })).status).toBe(200);
    expect((await ask('holds', 'deleteHold', { hold: 'lawsuit' })).status).toBe(404);
    expect((await ask('holds', 'putHold', { hold: 'Bad Name' }, { body })).status).toBe(400);
  });
});

describe('retirement', () => {
  it('shows each condition, and marks nothing that does not meet all', async () => {
    const shown = await ask('retirement', 'checkRetirement', { version: '1' });
    expect(shown.status).toBe(200);
    expect(shown.body.conditions).toHaveLength(7);

    const judged = await ask('retirement', 'retireVersion', { version: '1' });
    expect(judged).toMatchObject({ status: 200, body: { isReady: false, evidence: null } });
  });

  it('refuses what is no version, and who may not retire', async () => {
    expect((await ask('retirement', 'checkRetirement', { version: 'one' })).status).toBe(400);
    expect((await ask('retirement', 'checkRetirement', { version: '7' })).status).toBe(404);
    const call = { as: { person: 'olga' } };
    expect((await ask('retirement', 'retireVersion', { version: '1' }, call)).status).toBe(403);
  });
});
