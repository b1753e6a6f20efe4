// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';
import {
  AnswerError,
  ArgumentError,
  type Client,
  createClient,
  everyItem,
  ProblemError,
  type RequestOf,
  UnreachableError,
} from '#client/sdk/index.ts';
import { type ClientRouteId, ROUTES, type Route } from '#core/contract/routes.ts';
import { example, problem, startApi } from '../fake-api.ts';
import { CONTAINMENT_CALLS } from './containment-calls.ts';
import { DESTRUCTION_CALLS } from './destruction-calls.ts';
import { DRILL_CALLS } from './drill-calls.ts';
import { INCIDENT_CALLS } from './incident-calls.ts';
import { KEY_STORE_CALLS } from './key-store-calls.ts';
import { PEOPLE_CALLS } from './people-calls.ts';
import { ROTATION_CALLS } from './rotation-calls.ts';

const ROLE_BODY = {
  class: 'test',
  owner: 'olga',
  purpose: 'demo',
  environment: 'development',
} as const;

const CONSUMER_BODY: RequestOf<'putConsumer'> = {
  owner: 'payments',
  contact: 'on-call',
  principal: 'arn:aws:iam::000000000000:role/billing',
  rights: ['decrypt'],
  kind: 'api',
  acknowledgement: { mode: 'api' },
};

/** How each method is called, and the path that must be requested. */
const CALLS: Record<ClientRouteId, readonly [(client: Client) => Promise<unknown>, string]> = {
  ...CONTAINMENT_CALLS,
  createKey: [(c) => c.createKey({ name: 'orders', ...ROLE_BODY }), '/v1/keys'],
  listKeys: [(c) => c.listKeys({ limit: 5, cursor: 'a b' }), '/v1/keys?limit=5&cursor=a+b'],
  getKey: [(c) => c.getKey('orders'), '/v1/keys/orders'],
  updateKey: [
    (c) => c.updateKey('orders', { nextRotationAt: '2026-12-01T09:00:00Z' }, { ifMatch: '"1"' }),
    '/v1/keys/orders',
  ],
  listVersions: [(c) => c.listVersions('orders'), '/v1/keys/orders/versions'],
  startRotation: [(c) => c.startRotation('orders'), '/v1/keys/orders/rotations'],
  releaseKey: [(c) => c.releaseKey('orders'), '/v1/keys/orders/releases'],
  createAdoption: [(c) => c.createAdoption({ kmsKey: 'alias/legacy' }), '/v1/adoptions'],
  createPlan: [(c) => c.createPlan({ key: 'orders', operation: 'rotate-key' }), '/v1/plans'],
  startRecovery: [
    (c) => c.startRecovery({ kind: 'key-store.restore', reason: 'emptied' }),
    '/v1/recoveries',
  ],
  listRecoveries: [(c) => c.listRecoveries({ limit: 2 }), '/v1/recoveries?limit=2'],
  getRecovery: [(c) => c.getRecovery('op_1'), '/v1/recoveries/op_1'],
  resumeRecovery: [(c) => c.resumeRecovery('op_1'), '/v1/recoveries/op_1/resumption'],
  listConsumers: [(c) => c.listConsumers('orders'), '/v1/keys/orders/consumers'],
  getConsumer: [
    (c) => c.getConsumer({ key: 'orders', consumer: 'billing' }),
    '/v1/keys/orders/consumers/billing',
  ],
  putConsumer: [
    (c) => c.putConsumer({ key: 'orders', consumer: 'billing' }, CONSUMER_BODY),
    '/v1/keys/orders/consumers/billing',
  ],
  deleteConsumer: [
    (c) => c.deleteConsumer({ key: 'orders', consumer: 'billing' }, { ifMatch: '"3"' }),
    '/v1/keys/orders/consumers/billing',
  ],
  acknowledgePurge: [
    (c) => c.acknowledgePurge({ key: 'orders', consumer: 'billing' }, { operationId: 'op_1' }),
    '/v1/keys/orders/consumers/billing/purge',
  ],
  getRotation: [(c) => c.getRotation('op_1'), '/v1/rotations/op_1'],
  acknowledgeRotation: [
    (c) => c.acknowledgeRotation('op_1', { consumer: 'billing', version: 2 }),
    '/v1/rotations/op_1/acks',
  ],
  extendRotation: [
    (c) => c.extendRotation('op_1', { until: '2026-12-01T09:00:00Z' }),
    '/v1/rotations/op_1/extension',
  ],
  ...ROTATION_CALLS,
  listSources: [(c) => c.listSources('orders'), '/v1/keys/orders/sources'],
  putSource: [
    (c) =>
      c.putSource(
        { key: 'orders', source: 'archive' },
        { location: { kind: 'none', reason: 'in transit only' }, copies: [] },
      ),
    '/v1/keys/orders/sources/archive',
  ],
  deleteSource: [
    (c) => c.deleteSource({ key: 'orders', source: 'archive' }),
    '/v1/keys/orders/sources/archive',
  ],
  startReencryption: [(c) => c.startReencryption('orders'), '/v1/keys/orders/reencryptions'],
  getReencryption: [(c) => c.getReencryption('orders'), '/v1/keys/orders/reencryption'],
  listHolds: [(c) => c.listHolds('orders'), '/v1/keys/orders/holds'],
  putHold: [
    (c) => c.putHold({ key: 'orders', hold: 'lawsuit' }, { reason: 'case 4711' }),
    '/v1/keys/orders/holds/lawsuit',
  ],
  deleteHold: [
    (c) => c.deleteHold({ key: 'orders', hold: 'lawsuit' }),
    '/v1/keys/orders/holds/lawsuit',
  ],
  checkRetirement: [
    (c) => c.checkRetirement({ key: 'orders', version: 1 }),
    '/v1/keys/orders/versions/1/retirement',
  ],
  retireVersion: [
    (c) => c.retireVersion({ key: 'orders', version: 1 }),
    '/v1/keys/orders/versions/1/retirement',
  ],
  encrypt: [(c) => c.encrypt('orders', { plaintext: 'aGk=' }), '/v1/keys/orders/encrypt'],
  decrypt: [(c) => c.decrypt('orders', { ciphertext: 'aGk=' }), '/v1/keys/orders/decrypt'],
  fetchDataKey: [
    (c) => c.fetchDataKey('orders-rows', { version: 2 }),
    '/v1/keys/orders-rows/data-keys',
  ],
  listApprovals: [
    (c) => c.listApprovals({ state: 'ended', limit: 5 }),
    '/v1/approvals?state=ended&limit=5',
  ],
  getApproval: [(c) => c.getApproval('apr_1'), '/v1/approvals/apr_1'],
  castVote: [
    (c) => c.castVote('apr_1', { decision: 'deny', digest: '0'.repeat(64) }),
    '/v1/approvals/apr_1/votes',
  ],
  cancelApproval: [(c) => c.cancelApproval('apr_1'), '/v1/approvals/apr_1'],
  ...DESTRUCTION_CALLS,
  ...INCIDENT_CALLS,
  ...PEOPLE_CALLS,
  getEscrow: [(c) => c.getEscrow('orders'), '/v1/keys/orders/escrow'],
  listShares: [(c) => c.listShares('orders'), '/v1/keys/orders/escrow/shares'],
  startEscrowSession: [
    (c) => c.startEscrowSession('orders', { purpose: 'recover' }),
    '/v1/keys/orders/escrow/sessions',
  ],
  cancelEscrowSession: [
    (c) => c.cancelEscrowSession({ key: 'orders', session: 'ers_1' }),
    '/v1/keys/orders/escrow/sessions/ers_1',
  ],
  contributeShare: [
    (c) => c.contributeShare({ key: 'orders', session: 'ers_1' }, { sealed: 'YWdl' }),
    '/v1/keys/orders/escrow/sessions/ers_1/contribution',
  ],
  completeEscrowSession: [
    (c) => c.completeEscrowSession({ key: 'orders', session: 'ers_1' }),
    '/v1/keys/orders/escrow/sessions/ers_1/completion',
  ],
  getDecisionPolicy: [(c) => c.getDecisionPolicy(), '/v1/decision-policy'],
  activateDecisionPolicy: [
    (c) => c.activateDecisionPolicy({ digest: '0'.repeat(64) }),
    '/v1/decision-policy/activations',
  ],
  withdrawDecisionPolicy: [(c) => c.withdrawDecisionPolicy(), '/v1/decision-policy/next'],
  proveShare: [
    (c) => c.proveShare('orders', { version: 1, generation: 1, proof: '0'.repeat(64) }),
    '/v1/keys/orders/escrow/proof',
  ],
  getOperation: [(c) => c.getOperation('op_1'), '/v1/operations/op_1'],
  readAudit: [(c) => c.readAudit('orders', { limit: 2 }), '/v1/audit?key=orders&limit=2'],
  readUsage: [(c) => c.readUsage('orders'), '/v1/keys/orders/usage'],
  readCalendar: [
    (c) => c.readCalendar({ from: '2027-01-01T00:00:00Z', limit: 3 }),
    '/v1/calendar?from=2027-01-01T00%3A00%3A00Z&limit=3',
  ],
  ...KEY_STORE_CALLS,
  ...DRILL_CALLS,
  getHealth: [(c) => c.getHealth(), '/v1/health'],
  getStatusList: [(c) => c.getStatusList(), '/v1/status-list'],
  getNoticeKeys: [(c) => c.getNoticeKeys(), '/v1/jwks.json'],
  getOpenApi: [(c) => c.getOpenApi(), '/v1/openapi.json'],
};

function responseOf(route: Route): Record<string, unknown> {
  return example(route.response?.meta()?.id ?? 'none');
}

async function failure(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => null,
    (error: unknown) => error,
  );
}

describe('adoptKey', () => {
  const BODY = { kmsKey: 'alias/legacy', name: 'orders', ...ROLE_BODY };

  it('asks the route of the report to take the key over, with an Idempotency-Key', async () => {
    const reply = { status: 202, body: example('Accepted') };
    const api = await startApi({ 'POST /v1/adoptions': reply });
    const client = createClient({ endpointUrl: api.url, token: 't' });

    const answer = await client.adoptKey(BODY, { idempotencyKey: 'a' });
    await client.adoptKey(BODY);

    expect(answer).toMatchObject({ status: 202, body: example('Accepted') });
    expect(api.seen.map(({ body }) => JSON.parse(body))).toEqual(
      [BODY, BODY].map((body) => ({ ...body, mode: 'adopt' })),
    );
    const keys = api.seen.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toEqual(['a', expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  });
});

describe('every method', () => {
  it.each(Object.keys(CALLS) as ClientRouteId[])(
    '%s requests its route as the contract says',
    async (id) => {
      const route: Route = ROUTES[id];
      const [call, path] = CALLS[id];
      const reply = { status: route.status, body: responseOf(route) };
      const api = await startApi({ [`${route.method} ${path.split('?')[0]}`]: reply });

      await call(createClient({ endpointUrl: `${api.url}/`, token: 'jwt' }));

      const [request] = api.seen;
      expect(request?.method).toBe(route.method);
      expect(request?.path).toBe(path);
      expect(request?.headers['authorization']).toBe(route.action ? 'Bearer jwt' : undefined);
      expect(request?.headers['idempotency-key'] !== undefined).toBe(route.idempotent === true);
    },
  );
});

describe('answers', () => {
  it('gives the body, the exact text, ETag, Location and request id', async () => {
    const text = '{"operationId": "op_1",  "later":true}';
    const headers = { location: '/v1/operations/op_1', 'x-amzn-requestid': 'r1', etag: '"3"' };
    const api = await startApi({
      'POST /v1/keys/orders/rotations': { status: 202, headers, body: text },
    });

    const answer = await createClient({ endpointUrl: api.url }).startRotation('orders');

    expect(answer.text).toBe(text);
    expect(answer.body.operationId).toBe('op_1');
    expect(answer).toMatchObject({ etag: '"3"', location: '/v1/operations/op_1', requestId: 'r1' });
  });

  it('tolerates members and enum values that later versions add', async () => {
    const body = example('Operation', { state: 'pending-approval', votes: 1 });
    const api = await startApi({ 'GET /v1/operations/op_1': { body } });

    const answer = await createClient({ endpointUrl: api.url }).getOperation('op_1');

    expect(answer.body.state).toBe('pending-approval');
  });

  it.each([
    ['a missing member', { operationId: undefined }, ['/operationId']],
    ['another type', { operationId: 5 }, ['/operationId']],
  ])('refuses %s', async (_, changes, pointers) => {
    const api = await startApi({
      'POST /v1/keys/orders/rotations': { body: example('Accepted', changes) },
    });

    const error = await failure(createClient({ endpointUrl: api.url }).startRotation('orders'));

    expect(error).toBeInstanceOf(AnswerError);
    expect(error).toMatchObject({ pointers });
  });

  it('refuses a page that is not JSON, and a redirect', async () => {
    const api = await startApi({
      'GET /v1/keys': { body: '<html>' },
      'GET /v1/keys/orders': { status: 302, headers: { location: 'http://evil.example' } },
    });
    const client = createClient({ endpointUrl: api.url, token: 'jwt' });

    expect(await failure(client.listKeys())).toBeInstanceOf(AnswerError);
    expect(await failure(client.getKey('orders'))).toMatchObject({ status: 302 });
    expect(api.seen).toHaveLength(2);
  });

  it('walks all pages', async () => {
    const key = (name: string) => example('Key', { name });
    const api = await startApi({
      'GET /v1/keys': ({ path }) =>
        path.includes('cursor=two')
          ? { body: { items: [key('b')], nextCursor: null } }
          : { body: { items: [key('a')], nextCursor: 'two' } },
    });
    const client = createClient({ endpointUrl: api.url });

    const names = [];
    for await (const { name } of everyItem((page) => client.listKeys(page))) names.push(name);

    expect(names).toEqual(['a', 'b']);
  });
});

describe('refusals', () => {
  it('throws the problem the API sent', async () => {
    const sent = problem(409, 'OperationInProgress', { operationId: 'op_9' });
    const api = await startApi({ 'POST /v1/keys/orders/rotations': sent });

    const error = await failure(createClient({ endpointUrl: api.url }).startRotation('orders'));

    expect(error).toBeInstanceOf(ProblemError);
    expect(error).toMatchObject({ code: 'OperationInProgress', requestId: 'req_1' });
    expect((error as ProblemError).problem.operationId).toBe('op_9');
  });

  it.each([
    [401, { message: 'Unauthorized' }, 'Unauthenticated'],
    [403, { message: 'Forbidden' }, 'AccessDenied'],
    [403, { Message: 'User: x is not authorized' }, 'AccessDenied'],
    [429, { message: 'Too Many Requests' }, 'Throttled'],
    [504, { message: 'Endpoint request timed out' }, 'DependencyUnavailable'],
    [500, { message: 'Internal server error' }, 'InternalError'],
  ])('turns the %i of API Gateway %j into %s', async (status, body, code) => {
    const headers = { 'retry-after': '3' };
    const api = await startApi({ 'GET /v1/keys/orders': { status, body, headers } });

    const error = await failure(createClient({ endpointUrl: api.url }).getKey('orders'));

    expect(error).toMatchObject({ code, status, retryAfterSeconds: 3 });
    expect((error as ProblemError).problem.detail).toBe(Object.values(body)[0]);
  });

  it.each(['', '.', '..'])(
    'does not send the name "%s", which would be another route',
    async (name) => {
      const api = await startApi({});

      const error = await failure(createClient({ endpointUrl: api.url }).getKey(name));

      expect(error).toBeInstanceOf(ArgumentError);
      expect(api.seen).toEqual([]);
    },
  );

  it('escapes what a name must not add to the path', async () => {
    const api = await startApi({});

    await failure(createClient({ endpointUrl: api.url }).getKey('a/../b?c#d'));

    expect(api.seen[0]?.path).toBe('/v1/keys/a%2F..%2Fb%3Fc%23d');
  });

  it('says that nobody answers', async () => {
    const error = await failure(createClient({ endpointUrl: 'http://127.0.0.1:9' }).getHealth());

    expect(error).toBeInstanceOf(UnreachableError);
    expect(error).toMatchObject({ origin: 'http://127.0.0.1:9', untrusted: false });
  });
});
