// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { example, problem, type Replies, type Reply, startApi } from '../fake-api.ts';
import { keyturn, localStack, type Surroundings } from '../run-cli.ts';

const ROTATE = ['key', 'rotate', 'orders', '--wait'];
const STEPS = ['Admitted', 'BeginOperation', 'CreateVersion', 'VerifyVersion'];

function at(second: number): string {
  return new Date(Date.parse('2026-11-22T10:00:00.000Z') + second * 1000).toISOString();
}

/** An operation that has reached the first `reached` steps, one a second. */
function operation(reached: number, changes: Record<string, unknown> = {}): Reply {
  const timeline = STEPS.slice(0, reached).map((step, index) => ({ step, at: at(index) }));
  const running = { id: 'op_1', state: 'running', endedAt: null, timeline };
  return { body: example('Operation', { ...running, step: STEPS[reached - 1], ...changes }) };
}

function ended(state: string, extra: readonly string[], changes: Record<string, unknown>): Reply {
  const steps = [...STEPS, ...extra];
  const timeline = steps.map((step, index) => ({ step, at: at(index) }));
  return {
    body: example('Operation', {
      id: 'op_1',
      state,
      endedAt: at(steps.length),
      timeline,
      ...changes,
    }),
  };
}

async function wait(answers: readonly (Reply | 'hang')[], around: Surroundings = {}) {
  let asked = 0;
  const replies: Replies = {
    'POST /v1/keys/orders/rotations': { status: 202, body: { operationId: 'op_1' } },
    'GET /v1/operations/op_1': () => {
      asked += 1;
      return answers[Math.min(asked, answers.length) - 1] ?? 'hang';
    },
  };
  const api = await startApi(replies);
  const env = { KEYTURN_TOKEN: 't' };
  const ran = await keyturn(ROTATE, { stack: localStack(api.url), env, ...around });
  return { ...ran, seen: api.seen };
}

describe('--wait', () => {
  it('exits 0 when the operation is done, with one line per step and its time', async () => {
    const done = ended('done', ['CompleteOperation'], {});

    const ran = await wait([operation(1), operation(3), done]);

    expect(ran.code).toBe(0);
    const steps = ran.err.split('\n').filter((line) => /^[✓✗↻]/.test(line));
    expect(steps).toEqual([
      '✓ Admitted                 1.0 s',
      '✓ BeginOperation           1.0 s',
      '✓ CreateVersion            1.0 s',
      '✓ VerifyVersion            1.0 s',
      '✓ CompleteOperation        1.0 s',
      '✓ done after 5.0 s',
    ]);
    expect(ran.out).toContain('op_1');
  });

  it('exits 1 when it was compensated, and names the step and the cause', async () => {
    const cause = 'CanaryMismatch: the canary did not come back';
    const ran = await wait([
      operation(2),
      ended('compensated', ['CompensateOperation'], { cause }),
    ]);

    expect(ran.code).toBe(1);
    expect(ran.err).toContain('✗ VerifyVersion');
    expect(ran.err).toContain(`✗ compensated after 5.0 s: ${cause}`);
  });

  it('exits 1 when it was parked, and tells when it is taken up again', async () => {
    const cause = 'KeyStoreUnavailable: disconnected';
    const parked = operation(3, { state: 'parked', cause, retryAt: '2026-11-22T10:05:00.000Z' });

    const ran = await wait([operation(2), parked]);

    expect(ran.code).toBe(1);
    expect(ran.err).toContain('✗ CreateVersion');
    expect(ran.err).toContain(cause);
    expect(ran.err).toContain('2026-11-22T10:05:00.000Z');
  });

  it('tells when another attempt took over', async () => {
    const ran = await wait([
      operation(2),
      operation(3, { attempt: 2 }),
      ended('done', [], { attempt: 2 }),
    ]);

    expect(ran.err).toContain('↻ attempt 2, from CreateVersion');
  });

  it('detaches on Ctrl-C: prints how to go on, exits 130, cancels nothing', async () => {
    const ran = await wait([operation(2)], {
      onSleep: (count, interrupt) => count === 1 && interrupt(),
    });

    expect(ran.code).toBe(130);
    expect(ran.err).toContain('next: keyturn operation watch op_1');
    expect(ran.seen.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET']);
  });

  it('detaches also while an answer is awaited', async () => {
    const interrupt = new AbortController();
    setTimeout(() => interrupt.abort(), 300);

    const ran = await wait(['hang'], { interrupt });

    expect(ran.code).toBe(130);
    expect(ran.err).toContain('keyturn operation watch op_1');
  });

  it('bears with an API that is away for a while', async () => {
    const ran = await wait([
      operation(1),
      problem(503, 'DependencyUnavailable'),
      { status: 504, body: { message: 'Endpoint request timed out' } },
      ended('done', [], {}),
    ]);

    expect(ran.code).toBe(0);
    expect(ran.err).toContain('asking again');
  });

  it('gives up at once on a refusal that trying again does not change', async () => {
    const ran = await wait([operation(1), problem(403, 'AccessDenied')]);

    expect(ran.code).toBe(3);
    expect(ran.err).toContain('keyturn operation watch op_1');
  });
});

describe('starting', () => {
  it('without --wait prints the id alone and exits 0', async () => {
    const api = await startApi({
      'POST /v1/keys/orders/rotations': { status: 202, body: { operationId: 'op_1' } },
    });

    const ran = await keyturn(['key', 'rotate', 'orders'], {
      stack: localStack(api.url),
      env: { KEYTURN_TOKEN: 't' },
    });

    expect(ran).toMatchObject({ code: 0, out: 'op_1\n' });
    expect(ran.err).toContain('keyturn operation watch op_1');
  });

  it('uses a new Idempotency-Key each time, or the one given', async () => {
    const api = await startApi({
      'POST /v1/keys/orders/rotations': { status: 202, body: { operationId: 'op_1' } },
    });
    const around = { stack: localStack(api.url), env: { KEYTURN_TOKEN: 't' } };

    await keyturn(['key', 'rotate', 'orders'], around);
    await keyturn(['key', 'rotate', 'orders'], around);
    await keyturn(['key', 'rotate', 'orders', '--idempotency-key', 'mine'], around);

    const keys = api.seen.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(3);
    expect(keys[2]).toBe('mine');
  });

  it('tells the Idempotency-Key when it is not certain whether the work began', async () => {
    const api = await startApi({
      'POST /v1/keys/orders/rotations': problem(503, 'DependencyUnavailable'),
    });

    const ran = await keyturn(['key', 'rotate', 'orders'], {
      stack: localStack(api.url),
      env: { KEYTURN_TOKEN: 't' },
    });

    expect(ran.code).toBe(7);
    expect(ran.err).toContain(`--idempotency-key ${api.seen[0]?.headers['idempotency-key']}`);
  });

  it('interrupted before the answer exits 130 and tells the Idempotency-Key', async () => {
    const api = await startApi({ 'POST /v1/keys/orders/rotations': 'hang' });
    const interrupt = new AbortController();
    setTimeout(() => interrupt.abort(), 300);

    const ran = await keyturn(ROTATE, {
      stack: localStack(api.url),
      env: { KEYTURN_TOKEN: 't' },
      interrupt,
    });

    expect(ran.code).toBe(130);
    expect(ran.err).toContain('--idempotency-key');
  });

  it('follows a key store by its own record', async () => {
    const states = [
      { state: 'running', step: 'CreateCluster' },
      { state: 'running', step: 'RequestSignature' },
      { state: 'parked', step: 'RequestSignature', cause: 'nobody signed' },
    ];
    const api = await startApi({
      'POST /v1/key-stores': { status: 202, body: { operationId: 'op_2' } },
      'GET /v1/key-stores/main': () => ({ body: example('KeyStore', states.shift()) }),
    });

    const ran = await keyturn(['key-store', 'provision', 'main', '--wait'], {
      stack: localStack(api.url),
      env: { KEYTURN_TOKEN: 't' },
    });

    expect(ran.code).toBe(1);
    expect(ran.err).toContain('keyturn key-store tasks main');
    expect(ran.err).toContain('✓ CreateCluster');
    expect(ran.err).toContain('✗ parked: nobody signed');
  });
});

describe('key due', () => {
  it('sends the ETag it has just read', async () => {
    const api = await startApi({
      'GET /v1/keys/orders': { headers: { etag: '"18"' }, body: example('Key') },
      'PATCH /v1/keys/orders': { body: example('Key') },
    });

    const ran = await keyturn(['key', 'due', 'orders', '--at', '2026-12-01T10:00:00+01:00'], {
      stack: localStack(api.url),
      env: { KEYTURN_TOKEN: 't' },
    });

    expect(ran.code).toBe(0);
    expect(api.seen[1]?.headers['if-match']).toBe('"18"');
    expect(api.seen[1]?.body).toBe('{"nextRotationAt":"2026-12-01T09:00:00.000Z"}');
  });

  it('has a sister that says where a key is used, and where no more', async () => {
    const api = await startApi({
      'GET /v1/keys/orders': { headers: { etag: '"18"' }, body: example('Key') },
      'PATCH /v1/keys/orders': { body: example('Key', { application: 'billing', host: null }) },
    });
    const assign = (...flags: string[]) =>
      keyturn(['key', 'assign', 'orders', ...flags], {
        stack: localStack(api.url),
        env: { KEYTURN_TOKEN: 't' },
      });

    const ran = await assign('--application', 'billing', '--host', '');
    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(/application +billing/);
    expect(api.seen[1]?.headers['if-match']).toBe('"18"');
    expect(api.seen[1]?.body).toBe('{"application":"billing","host":null}');
    expect((await assign()).code).toBe(2);
  });

  it('exits 6 when somebody was faster', async () => {
    const api = await startApi({
      'GET /v1/keys/orders': { headers: { etag: '"18"' }, body: example('Key') },
      'PATCH /v1/keys/orders': problem(412, 'StaleRevision'),
    });

    const ran = await keyturn(['key', 'due', 'orders', '--at', 'now'], {
      stack: localStack(api.url),
      env: { KEYTURN_TOKEN: 't' },
    });

    expect(ran.code).toBe(6);
    expect(api.seen[1]?.body).toBe('{"nextRotationAt":"2026-11-22T10:00:10.000Z"}');
  });
});
