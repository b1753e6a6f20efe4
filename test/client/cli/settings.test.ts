// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { example, type Replies, startApi } from '../fake-api.ts';
import { keyturn, localStack, newDirectory, newFile } from '../run-cli.ts';

const KEY: Replies = { 'GET /v1/keys/orders': { body: example('Key') } };
const SHOW = ['key', 'show', 'orders'];
const JWT = 'aaaa.bbbb.cccc';
/** The local issuer beside the API: gives each user a token that tells whose it is. */
const ISSUER: Replies = {
  'POST /token': ({ body, headers }) =>
    headers['x-admin-token'] === 'admin-secret'
      ? { body: { token: `${JSON.parse(body).user}.b.c`, expiresAt: 'x' } }
      : { status: 403, body: { message: 'forbidden' } },
};

describe('the endpoint comes from', () => {
  it('the flag before the environment before the stack file', async () => {
    const [flag, env, stack] = await Promise.all([startApi(KEY), startApi(KEY), startApi(KEY)]);
    const around = {
      stack: localStack(stack.url),
      env: { KEYTURN_ENDPOINT_URL: env.url, KEYTURN_TOKEN: JWT },
    };

    await keyturn([...SHOW, '--endpoint-url', flag.url], around);
    await keyturn(SHOW, around);
    await keyturn(SHOW, { ...around, env: { KEYTURN_TOKEN: JWT, KEYTURN_ENDPOINT_URL: '' } });

    expect([flag, env, stack].map(({ seen }) => seen.length)).toEqual([1, 1, 1]);
  });

  it('another stack file when one is named', async () => {
    const api = await startApi(KEY);
    const file = newFile('other.json', JSON.stringify(localStack(api.url)));

    const ran = await keyturn([...SHOW, '--stack-file', file], { env: { KEYTURN_TOKEN: JWT } });

    expect(ran.code).toBe(0);
  });

  it('nowhere when the stack has no API yet, or its file is broken', async () => {
    const empty = await keyturn(SHOW, {
      stack: localStack('http://127.0.0.1:9', { apiUrl: null }),
    });
    const broken = await keyturn([...SHOW, '--stack-file', newFile('stack.json', '{')]);

    expect(empty).toMatchObject({ code: 2 });
    expect(empty.err).toContain('no apiUrl');
    expect(broken.code).toBe(2);
    expect(broken.err).toContain('cannot be used');
  });
});

describe('the caller is', () => {
  async function callerOf(argv: string[], env: Record<string, string>) {
    const api = await startApi({ ...KEY, ...ISSUER });
    await keyturn([...SHOW, ...argv], { stack: localStack(api.url), env });
    return api.seen.at(-1)?.headers['authorization'];
  }

  it('--user, else KEYTURN_TOKEN, else alice of the local stack', async () => {
    expect(await callerOf(['--user', 'ada'], { KEYTURN_TOKEN: JWT })).toBe('Bearer ada.b.c');
    expect(await callerOf([], { KEYTURN_TOKEN: JWT })).toBe(`Bearer ${JWT}`);
    expect(await callerOf([], {})).toBe('Bearer alice.b.c');
  });

  it('nobody of the local stack at another endpoint', async () => {
    const [api, stack] = await Promise.all([startApi(KEY), startApi({ ...KEY, ...ISSUER })]);
    const around = { stack: localStack(stack.url), env: { KEYTURN_ENDPOINT_URL: api.url } };

    expect((await keyturn(SHOW, around)).code).toBe(4);
    expect((await keyturn([...SHOW, '--user', 'ada'], around)).code).toBe(2);
    expect([...api.seen, ...stack.seen]).toEqual([]);
  });
});

describe('the stage of a change', () => {
  const ROTATE = ['key', 'rotate', 'orders'];
  const replies: Replies = {
    'POST /v1/keys/orders/rotations': { status: 202, body: { operationId: 'op_1' } },
    'GET /v1/health': { body: { status: 'ok', stage: 'test', version: '1' } },
  };
  const starts = (seen: readonly { method: string }[]) =>
    seen.filter(({ method }) => method === 'POST').length;

  it('is never implied: without one the change is refused', async () => {
    const api = await startApi(replies);

    const ran = await keyturn(ROTATE, {
      env: { KEYTURN_ENDPOINT_URL: api.url, KEYTURN_TOKEN: JWT },
    });

    expect(ran.code).toBe(2);
    expect(ran.err).toContain('--stage');
    expect(api.seen).toEqual([]);
  });

  it('does not come from a stack file that belongs to another endpoint', async () => {
    const [api, stack] = await Promise.all([startApi(replies), startApi({})]);

    const ran = await keyturn([...ROTATE, '--endpoint-url', api.url], {
      stack: localStack(stack.url),
      env: { KEYTURN_TOKEN: JWT },
    });

    expect(ran.code).toBe(2);
    expect(starts(api.seen)).toBe(0);
  });

  it('counts as set by the stack file, and is told first with account and region', async () => {
    const api = await startApi(replies);

    const ran = await keyturn(ROTATE, {
      stack: localStack(api.url),
      env: { KEYTURN_TOKEN: JWT },
    });

    expect(ran.code).toBe(0);
    expect(ran.err).toMatch(
      /^keyturn: rotate key orders in account 000000000000, region us-east-1, stage local \(/,
    );
  });

  it('given by flag or environment must be the one the endpoint serves', async () => {
    const api = await startApi(replies);
    const env = { KEYTURN_ENDPOINT_URL: api.url, KEYTURN_TOKEN: JWT };

    const right = await keyturn([...ROTATE, '--stage', 'test'], { env });
    const fromEnv = await keyturn(ROTATE, { env: { ...env, KEYTURN_STAGE: 'test' } });
    const wrong = await keyturn([...ROTATE, '--stage', 'production'], { env });
    const flagWins = await keyturn([...ROTATE, '--stage', 'local'], {
      env: { ...env, KEYTURN_STAGE: 'test' },
    });

    expect([right.code, fromEnv.code, wrong.code, flagWins.code]).toEqual([0, 0, 2, 2]);
    expect(wrong.err).toContain('serves stage test');
    expect(starts(api.seen)).toBe(2);
  });

  it('given by flag overrules nothing of a local stack', async () => {
    const api = await startApi({
      ...replies,
      'GET /v1/health': { body: example('Health', { stage: 'local' }) },
    });

    const ran = await keyturn([...ROTATE, '--stage', 'production'], {
      stack: localStack(api.url),
      env: { KEYTURN_TOKEN: JWT },
    });

    expect(ran.code).toBe(2);
    expect(starts(api.seen)).toBe(0);
  });
});

describe('the CA file', () => {
  it('that cannot be read exits 2', async () => {
    const env = {
      KEYTURN_ENDPOINT_URL: 'https://127.0.0.1:9',
      KEYTURN_TOKEN: JWT,
      KEYTURN_CA_FILE: `${newDirectory()}/none.pem`,
    };

    const ran = await keyturn(SHOW, { env });

    expect(ran.code).toBe(2);
    expect(ran.err).toContain('KEYTURN_CA_FILE');
  });
});

describe('--print-curl', () => {
  const around = {
    env: { KEYTURN_ENDPOINT_URL: 'https://api.example.com', KEYTURN_TOKEN: 'secret.secret.secret' },
  };

  it('prints the request without the token and sends nothing', async () => {
    const ran = await keyturn(
      ['key', 'rotate', 'orders', '--reason', "it's due", '--print-curl', '--idempotency-key', 'k'],
      around,
    );

    expect(ran.code).toBe(0);
    expect(ran.err).toBe('');
    expect(ran.out).toBe(
      [
        'curl -sS -X POST',
        "-H 'accept: application/json, application/problem+json'",
        "-H 'content-type: application/json'",
        "-H 'idempotency-key: k'",
        '-H "authorization: Bearer $KEYTURN_TOKEN"',
        `--data-raw '{"reason":"it'\\''s due"}'`,
        "'https://api.example.com/v1/keys/orders/rotations'\n",
      ].join(' \\\n  '),
    );
  });

  it('leaves the ETag to the caller, and prints all requests of a history', async () => {
    const due = await keyturn(['key', 'due', 'orders', '--at', 'now', '--print-curl'], around);
    const history = await keyturn(['key', 'history', 'orders', '--print-curl'], around);

    expect(due.out).toContain('-H "if-match: $ETAG"');
    expect(history.out.match(/curl/g)).toHaveLength(2);
  });
});
