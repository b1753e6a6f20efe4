// SPDX-License-Identifier: Apache-2.0
// `keyturn consumer …` and `keyturn rotation …`.
import { describe, expect, it } from 'vitest';
import { parseAcknowledgement } from '#client/cli/commands/consumer.ts';
import { example, problem, startApi } from '../fake-api.ts';
import { keyturn, localStack } from '../run-cli.ts';

const ROLE = 'arn:aws:iam::444455556666:role/billing';
const ADD = [
  'consumer',
  'add',
  'orders',
  'billing',
  '--owner',
  'payments',
  '--contact',
  'on-call',
  '--access',
  `${ROLE}=decrypt`,
];
const PLACE = '/v1/keys/orders/consumers/billing';
const around = (url: string) => ({ stack: localStack(url), env: { KEYTURN_TOKEN: 't' } });
const ACCEPTED = { status: 202, body: { operationId: 'op_1' } };
const unknown = problem(404, 'ConsumerNotFound');

describe('consumer add', () => {
  it('registers a new consumer with an Idempotency-Key and without If-Match', async () => {
    const api = await startApi({ [`GET ${PLACE}`]: unknown, [`PUT ${PLACE}`]: ACCEPTED });

    const ran = await keyturn(
      [...ADD, '--ack', 'webhook:https://billing.example.com/x'],
      around(api.url),
    );

    const put = api.seen.find(({ method }) => method === 'PUT');
    expect(ran).toMatchObject({ code: 0, out: 'op_1\n' });
    expect(put?.headers['if-match']).toBeUndefined();
    expect(put?.headers['idempotency-key']).toBeDefined();
    expect(JSON.parse(put?.body ?? '')).toEqual({
      owner: 'payments',
      contact: 'on-call',
      principal: ROLE,
      rights: ['decrypt'],
      kind: 'api',
      acknowledgement: { mode: 'webhook', url: 'https://billing.example.com/x' },
      moved: false,
    });
  });

  it('changes one that exists with the ETag it has just read', async () => {
    const known = { body: example('Consumer'), headers: { etag: '"12"' } };
    const api = await startApi({ [`GET ${PLACE}`]: known, [`PUT ${PLACE}`]: ACCEPTED });

    await keyturn(ADD, around(api.url));

    expect(api.seen.find(({ method }) => method === 'PUT')?.headers['if-match']).toBe('"12"');
  });

  it.each([
    ['--ack', 'letter'],
    ['--ack', 'wait'],
    ['--ack', 'webhook:'],
    ['--kind', 'person'],
  ])('refuses %s %s before it asks anybody', async (flag, value) => {
    const api = await startApi({});

    const ran = await keyturn([...ADD, flag, value], around(api.url));

    expect(ran.code).toBe(2);
    expect(api.seen.filter(({ method }) => method === 'PUT')).toEqual([]);
  });

  it.each<[string, object]>([
    ['api', { mode: 'api' }],
    ['event', { mode: 'event' }],
    ['wait:90', { mode: 'wait', waitSeconds: 90 }],
    ['webhook:https://a.example/x', { mode: 'webhook', url: 'https://a.example/x' }],
  ])('reads --ack %s', (text, plan) => {
    expect(parseAcknowledgement(text)).toEqual(plan);
  });
});

describe('consumer list, show, remove', () => {
  it('lists who is on which version', async () => {
    const api = await startApi({
      'GET /v1/keys/orders/consumers': { body: example('ConsumerPage') },
    });

    const { out, code } = await keyturn(['consumer', 'list', 'orders'], around(api.url));

    expect(code).toBe(0);
    expect(out).toMatch(/CONSUMER +OWNER +KIND +STATE +ACKNOWLEDGED +LAST SEEN +LAGGING/);
    expect(out).toMatch(/billing +payments +kms-direct +active +v2 +v2 +no/);
  });

  it('shows one, in the bytes of the API with --output json', async () => {
    const text = ` ${JSON.stringify(example('Consumer'))}\n`;
    const api = await startApi({ [`GET ${PLACE}`]: { body: text } });
    const show = ['consumer', 'show', 'orders', 'billing'];

    expect((await keyturn(show, around(api.url))).out).toMatch(
      /last notice +\S+ delivered \(200\)/,
    );
    expect((await keyturn([...show, '--output', 'json'], around(api.url))).out).toBe(text);
  });

  it('removes with the ETag, and says so when there is none', async () => {
    const known = { body: example('Consumer'), headers: { etag: '"12"' } };
    const api = await startApi({ [`GET ${PLACE}`]: known, [`DELETE ${PLACE}`]: ACCEPTED });
    const none = await startApi({ [`GET ${PLACE}`]: unknown, [`DELETE ${PLACE}`]: unknown });
    const remove = ['consumer', 'remove', 'orders', 'billing'];

    expect((await keyturn(remove, around(api.url))).code).toBe(0);
    expect(api.seen.find(({ method }) => method === 'DELETE')?.headers['if-match']).toBe('"12"');
    expect((await keyturn(remove, around(none.url))).code).toBe(5);
  });
});

describe('consumer purged', () => {
  const PURGE = `PUT ${PLACE}/purge`;
  const stopped = { ...JSON.parse(JSON.stringify(example('Consumer'))) };
  stopped.stop = { operationId: 'op_9', toldAt: null, purgedAt: null, isLagging: true };
  const done = { body: { ...stopped, stop: { ...stopped.stop, isLagging: false } } };
  const purged = ['consumer', 'purged', 'orders', 'billing'];

  it('speaks of the stop that holds, or of the one that is given', async () => {
    const api = await startApi({ [`GET ${PLACE}`]: { body: stopped }, [PURGE]: done });

    expect((await keyturn(purged, around(api.url))).code).toBe(0);
    expect((await keyturn([...purged, '--operation', 'op_8'], around(api.url))).code).toBe(0);
    const bodies = api.seen.filter(({ method }) => method === 'PUT').map(({ body }) => body);
    expect(bodies.map((body) => JSON.parse(body ?? ''))).toEqual([
      { operationId: 'op_9' },
      { operationId: 'op_8' },
    ]);
  });

  it('leaves it to the API to say that nothing is stopped', async () => {
    const api = await startApi({
      [`GET ${PLACE}`]: { body: { ...stopped, stop: null } },
      [PURGE]: problem(409, 'TransitionForbidden'),
    });

    expect((await keyturn(purged, around(api.url))).code).toBe(6);
  });
});

describe('rotation', () => {
  const replies = {
    'GET /v1/rotations/op_1': { body: example('Rotation') },
    'POST /v1/rotations/op_1/extension': { body: example('Rotation') },
    'POST /v1/rotations/op_1/cancellation': { body: example('Operation') },
    'POST /v1/rotations/op_1/acks': problem(403, 'AccessDenied'),
    'POST /v1/rotations/op_1/force': { status: 202, body: example('ActAccepted') },
  };
  const run = async (...argv: string[]) => {
    const api = await startApi(replies);
    return { ...(await keyturn(['rotation', ...argv], around(api.url))), api };
  };

  it('status shows who lags, until when, and what happens then', async () => {
    const { out, code } = await run('status', 'op_1');

    expect(code).toBe(0);
    expect(out).toMatch(/waiting +yes/);
    expect(out).toMatch(/deadline +2026-11-25T10:00:00.000Z/);
    expect(out).toMatch(/at the deadline +extend/);
    expect(out).toMatch(/billing +webhook +no/);
  });

  it('extend sends the instant', async () => {
    const { code, api } = await run('extend', 'op_1', '--until', '2026-11-29T11:00:00+01:00');

    expect(code).toBe(0);
    const post = api.seen.find(({ method }) => method === 'POST');
    expect(JSON.parse(post?.body ?? '')).toEqual({ until: '2026-11-29T10:00:00.000Z' });
  });

  it('cancel sends the reason', async () => {
    const { code, api, out } = await run('cancel', 'op_1', '--reason', 'billing is gone');

    expect(code).toBe(0);
    expect(out).toMatch(/kind +rotate-key/);
    const post = api.seen.find(({ method }) => method === 'POST');
    expect(JSON.parse(post?.body ?? '')).toEqual({ reason: 'billing is gone' });
  });

  it('ack for another is denied with exit code 3', async () => {
    const { code } = await run('ack', 'op_1', '--consumer', 'billing', '--key-version', '2');

    expect(code).toBe(3);
  });

  it('force waits for approvals: exit code 8', async () => {
    const { code, out, err } = await run('force', 'op_1', '--reason', 'switched off');

    expect(code).toBe(8);
    expect(out).toMatch(/^apr_/);
    expect(err).toMatch(
      /waits for approvals, digest 3b0c6f1d9a52\n +next: keyturn approval watch apr_/,
    );
  });
});
