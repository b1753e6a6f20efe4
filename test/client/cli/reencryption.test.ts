// SPDX-License-Identifier: Apache-2.0
// `keyturn source …`, `reencrypt …`, `hold …` and `key retire`.
import { describe, expect, it } from 'vitest';
import { parseCopy } from '#client/cli/commands/source.ts';
import { example, problem, startApi } from '../fake-api.ts';
import { keyturn, localStack } from '../run-cli.ts';

const KEY = '/v1/keys/orders';
const around = (url: string) => ({ stack: localStack(url), env: { KEYTURN_TOKEN: 't' } });

describe('source', () => {
  it('add sends location and copies as they were given', async () => {
    const place = `${KEY}/sources/nothing`;
    const api = await startApi({ [`PUT ${place}`]: { status: 200, body: example('Source') } });
    const location = { kind: 'none', reason: 'in transit only' };
    const ran = await keyturn(
      [
        'source',
        'add',
        'orders',
        'nothing',
        '--location',
        JSON.stringify(location),
        '--copy',
        'backup=30',
        '--copy',
        'replica=1',
      ],
      around(api.url),
    );

    expect(ran.code).toBe(0);
    const put = api.seen.find(({ method }) => method === 'PUT');
    expect(JSON.parse(put?.body ?? '')).toEqual({
      location,
      copies: [
        { kind: 'backup', retentionDays: 30 },
        { kind: 'replica', retentionDays: 1 },
      ],
    });
  });

  it('add refuses a location that is no JSON, and a copy without days', async () => {
    const api = await startApi({});
    const bad = ['source', 'add', 'orders', 'x', '--location', 'table'];

    expect((await keyturn(bad, around(api.url))).code).toBe(2);
    expect(() => parseCopy('backup')).toThrow('is not KIND=DAYS');
  });

  it('list shows ciphertexts by version', async () => {
    const api = await startApi({
      [`GET ${KEY}/sources`]: { status: 200, body: example('SourcePage') },
    });
    const ran = await keyturn(['source', 'list', 'orders'], around(api.url));

    expect(ran.out).toContain('v3: 48211');
  });
});

describe('reencrypt', () => {
  it.each(['start', 'resume'])(
    '%s starts with an Idempotency-Key and prints the operation',
    async (verb) => {
      const api = await startApi({
        [`POST ${KEY}/reencryptions`]: { status: 202, body: { operationId: 'op_1' } },
      });
      const ran = await keyturn(
        ['reencrypt', verb, 'orders', '--reason', 'audit'],
        around(api.url),
      );

      expect(ran).toMatchObject({ code: 0, out: 'op_1\n' });
      const post = api.seen.find(({ method }) => method === 'POST');
      expect(post?.headers['idempotency-key']).toBeDefined();
      expect(JSON.parse(post?.body ?? '')).toEqual({ reason: 'audit' });
    },
  );

  it('status shows progress, and as JSON the body unchanged', async () => {
    const body = example('Reencryption');
    const api = await startApi({ [`GET ${KEY}/reencryption`]: { status: 200, body } });
    const shown = await keyturn(['reencrypt', 'status', 'orders'], around(api.url));
    const json = await keyturn(
      ['reencrypt', 'status', 'orders', '--output', 'json'],
      around(api.url),
    );

    expect(shown.out).toMatch(/seconds left in pass\s+41/);
    expect(JSON.parse(json.out)).toEqual(body);
  });
});

describe('hold', () => {
  it('add, list and remove', async () => {
    const place = `${KEY}/holds/lawsuit`;
    const hold = { status: 200, body: example('Hold') };
    const api = await startApi({
      [`PUT ${place}`]: hold,
      [`DELETE ${place}`]: hold,
      [`GET ${KEY}/holds`]: { status: 200, body: example('HoldPage') },
    });
    const add = ['hold', 'add', 'orders', 'lawsuit', '--reason', 'case 4711'];

    expect((await keyturn(add, around(api.url))).code).toBe(0);
    expect((await keyturn(['hold', 'list', 'orders'], around(api.url))).out).toContain('case 4711');
    expect((await keyturn(['hold', 'remove', 'orders', 'lawsuit'], around(api.url))).code).toBe(0);
    const put = api.seen.find(({ method }) => method === 'PUT');
    expect(JSON.parse(put?.body ?? '')).toEqual({ reason: 'case 4711', until: null });
  });
});

describe('key retire', () => {
  const place = `${KEY}/versions/2/retirement`;

  it('--check only asks, and exits 1 while a condition is not met', async () => {
    const verdict = {
      version: 2,
      isReady: false,
      conditions: [{ name: 'no-hold', isMet: false, found: 'held by lawsuit' }],
      evidence: null,
      judgedAt: '2026-11-22T10:14:00.000Z',
    };
    const api = await startApi({ [`GET ${place}`]: { status: 200, body: verdict } });
    const ran = await keyturn(
      ['key', 'retire', 'orders', '--key-version', '2', '--check'],
      around(api.url),
    );

    expect(ran.code).toBe(1);
    expect(ran.out).toContain('held by lawsuit');
  });

  it('marks the version and shows the evidence', async () => {
    const body = example('Retirement');
    const api = await startApi({ [`PUT ${place}`]: { status: 200, body } });
    const ran = await keyturn(['key', 'retire', 'orders', '--key-version', '2'], around(api.url));

    expect(ran.code).toBe(0);
    expect(ran.out).toContain('retirement/orders/v2/');
  });

  it('refuses what is no version, and passes on what the API says', async () => {
    const api = await startApi({ [`PUT ${place}`]: problem(404, 'KeyNotFound') });
    const retire = (version: string) =>
      keyturn(['key', 'retire', 'orders', '--key-version', version], around(api.url));

    expect((await retire('two')).code).toBe(2);
    expect((await retire('2')).code).toBe(5);
  });
});
