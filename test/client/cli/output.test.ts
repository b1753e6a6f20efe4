// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { createReport } from '#client/cli/report.ts';
import { renderTable } from '#client/cli/table.ts';
import { example, problem, startApi } from '../fake-api.ts';
import { keyturn, localStack, remote } from '../run-cli.ts';

/** Unusual spacing, member order, escapes and numbers, none of which re-printing would keep. */
const ODD = `{ "revision":18.0e0,\n\t"later": "\\u00e9é", ${JSON.stringify(example('Key')).slice(1, -1)} }`;

describe('--output json', () => {
  it.each([
    ['key show', ['key', 'show', 'orders'], 'GET /v1/keys/orders', ODD],
    ['key list', ['key', 'list'], 'GET /v1/keys', `{"nextCursor":null , "items":[${ODD}]}`],
    [
      'operation show',
      ['operation', 'show', 'op_1'],
      'GET /v1/operations/op_1',
      ` ${JSON.stringify(example('Operation'))}\n`,
    ],
    [
      'key-store show',
      ['key-store', 'show', 'main'],
      'GET /v1/key-stores/main',
      `${JSON.stringify(example('KeyStore'))}\t`,
    ],
    [
      'key-store tasks',
      ['key-store', 'tasks', 'main'],
      'GET /v1/key-stores/main/tasks',
      JSON.stringify(example('HsmAdminTaskPage'), null, 3),
    ],
    [
      'key rotate',
      ['key', 'rotate', 'orders'],
      'POST /v1/keys/orders/rotations',
      '{"operationId" : "op_1"}',
    ],
  ])('of %s is the body of the API, byte for byte', async (_, argv, route, text) => {
    const api = await startApi({ [route]: { body: text } });

    const ran = await keyturn([...argv, '--output', 'json'], {
      stack: localStack(api.url),
      env: { KEYTURN_TOKEN: 't' },
    });

    expect(ran.code).toBe(0);
    expect(ran.out).toBe(text);
  });

  it('of key history holds both bodies unchanged', async () => {
    const versions = ` ${JSON.stringify(example('VersionPage'))}`;
    const audit = `${JSON.stringify(example('AuditPage'))} `;
    const api = await startApi({
      'GET /v1/keys/orders/versions': { body: versions },
      'GET /v1/audit': { body: audit },
    });

    const ran = await keyturn(['key', 'history', 'orders', '--output', 'json'], remote(api.url));

    expect(ran.out).toBe(`{"versions":${versions},"audit":${audit}}\n`);
  });

  it('tells on standard error that more pages follow', async () => {
    const api = await startApi({ 'GET /v1/keys': { body: { items: [], nextCursor: 'n' } } });

    const ran = await keyturn(
      ['key', 'list', '--limit', '7', '--cursor', 'c', '--output', 'json'],
      remote(api.url),
    );

    expect(api.seen[0]?.path).toBe('/v1/keys?limit=7&cursor=c');
    expect(JSON.parse(ran.err)).toMatchObject({ nextCursor: 'n' });
  });

  it('gives the problem of the API as the last line of standard error', async () => {
    const reply = problem(404, 'KeyNotFound', { added: 'later' });
    const api = await startApi({ 'GET /v1/keys/orders': reply });

    const ran = await keyturn(['key', 'show', 'orders', '--output', 'json'], remote(api.url));

    expect(ran.code).toBe(5);
    expect(ran.out).toBe('');
    expect(JSON.parse(ran.err)).toEqual(reply.body);
  });

  it('gives problems for failures of the CLI and of API Gateway too', async () => {
    const api = await startApi({
      'GET /v1/keys/orders': { status: 403, body: { message: 'Forbidden' } },
    });
    const json = ['--output', 'json'];

    const denied = await keyturn(['key', 'show', 'orders', ...json], remote(api.url));
    const wrong = await keyturn(['key', 'show', ...json], remote(api.url));

    expect(JSON.parse(denied.err)).toMatchObject({ status: 403, code: 'AccessDenied' });
    expect(JSON.parse(wrong.err)).toMatchObject({ code: 'UsageError' });
  });

  it('keeps all of standard error JSON lines, also with --wait', async () => {
    const api = await startApi({
      'POST /v1/keys/orders/rotations': { status: 202, body: example('Accepted') },
      [`GET /v1/operations/${example('Accepted')['operationId']}`]: { body: example('Operation') },
    });

    const ran = await keyturn(['key', 'rotate', 'orders', '--wait', '--output', 'json'], {
      stack: localStack(api.url),
      env: { KEYTURN_TOKEN: 't' },
    });

    expect(ran.code).toBe(0);
    expect(ran.out).toBe(JSON.stringify(example('Operation')));
    const lines = ran.err
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[0]).toEqual({
      change: 'rotate key orders',
      account: '000000000000',
      region: 'us-east-1',
      stage: 'local',
    });
  });
});

describe('--output jsonl', () => {
  it('prints every item of every page on a line of its own', async () => {
    const api = await startApi({
      'GET /v1/keys': ({ path }) => {
        const isSecond = path.includes('cursor=2');
        const items = [example('Key', { name: isSecond ? 'b' : 'a' })];
        return { body: { items, nextCursor: isSecond ? null : '2' } };
      },
    });

    const ran = await keyturn(['key', 'list', '--output', 'jsonl'], remote(api.url));

    const names = ran.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).name);
    expect(names).toEqual(['a', 'b']);
  });
});

describe('tables', () => {
  it('show keys in columns', async () => {
    const api = await startApi({ 'GET /v1/keys': { body: example('KeyPage') } });

    const ran = await keyturn(['key', 'list'], remote(api.url));

    expect(ran.out).toBe(
      [
        'NAME    CLASS          OWNER     STATE   VERSION  NEXT ROTATION',
        'orders  internal-data  payments  active  2        2027-11-22T10:00:31Z',
        '',
      ].join('\n'),
    );
    expect(ran.err).toBe('');
  });

  it('show an empty list as titles only', async () => {
    const api = await startApi({ 'GET /v1/keys': { body: { items: [], nextCursor: null } } });

    const ran = await keyturn(['key', 'list'], remote(api.url));

    expect(ran.code).toBe(0);
    expect(ran.out.trim().split('\n')).toHaveLength(1);
  });

  it('lose nothing on a terminal of 20 columns with a name of 63 characters', async () => {
    const name = 'n'.repeat(63);
    const owner = 'ö🔑'.repeat(100);
    const api = await startApi({
      'GET /v1/keys': { body: { items: [example('Key', { name, owner })], nextCursor: null } },
      [`GET /v1/keys/${name}`]: { body: example('Key', { name, owner }) },
    });

    for (const columns of [20, 1, 0]) {
      for (const argv of [
        ['key', 'list'],
        ['key', 'show', name],
        ['key', 'list', '--help'],
      ]) {
        const ran = await keyturn(argv, { ...remote(api.url), columns });
        expect(ran.code).toBe(0);
        if (argv.length === 2) expect(ran.out).toContain(name);
      }
    }
  });

  it('make control and bidirectional characters visible', () => {
    expect(renderTable(['a'], [['x\u001B[31m\u202Ey\nz']], undefined)).toBe(
      'A\nx\uFFFD[31m\uFFFDy\uFFFDz',
    );
  });

  it('show what is absent as a dash', () => {
    expect(renderTable(['a', 'b'], [[null, '']], undefined)).toBe('A  B\n-  -');
  });

  it('of key history leave the audit out where it is denied', async () => {
    const api = await startApi({
      'GET /v1/keys/orders/versions': { body: example('VersionPage') },
      'GET /v1/audit': problem(403, 'AccessDenied'),
    });

    const ran = await keyturn(['key', 'history', 'orders'], remote(api.url));

    expect(ran.code).toBe(0);
    expect(ran.out).toContain('v2');
    expect(ran.err).toContain('no audit timeline');
  });

  it('of open tasks show the certificate request to copy', async () => {
    const api = await startApi({
      'GET /v1/key-stores/main/tasks': { body: example('HsmAdminTaskPage') },
    });

    const ran = await keyturn(['key-store', 'tasks', 'main'], remote(api.url));

    expect(ran.out).toContain('-----BEGIN CERTIFICATE REQUEST-----\n');
  });
});

describe('colours', () => {
  const failing = ['key', 'show', 'orders'];

  it.each([
    ['on a terminal', failing, { columns: 80 }, true],
    ['in a pipe', failing, {}, false],
    ['with --no-color', [...failing, '--no-color'], { columns: 80 }, false],
    ['with NO_COLOR', failing, { columns: 80, env: { NO_COLOR: '1' } }, false],
  ])(
    '%s',
    async (_, argv, around: { columns?: number; env?: Record<string, string> }, expected) => {
      const api = await startApi({ 'GET /v1/keys/orders': problem(404, 'KeyNotFound') });

      const ran = await keyturn(argv, {
        ...around,
        env: { ...remote(api.url).env, ...around.env },
      });

      expect(ran.err.includes('\u001B[')).toBe(expected);
    },
  );
});

describe('live lines', () => {
  it('never wrap, are replaced, and exist on terminals only', () => {
    let text = '';
    const write = (part: string) => {
      text += part;
    };
    const sink = { write, columns: 10, isClosed: false };

    const report = createReport({ ...sink, isTerminal: true }, 'table', false);
    report.live('x'.repeat(50));
    report.notice('done', {});
    createReport({ ...sink, isTerminal: false }, 'table', false).live('never');

    expect(text).toBe(`${'x'.repeat(9)}\r\u001B[Kdone\n`);
  });
});
