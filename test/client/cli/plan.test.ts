// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { example, problem, startApi } from '../fake-api.ts';
import { keyturn, localStack } from '../run-cli.ts';

const DIGEST = String(example('Plan')['digest']);
const on = (url: string) => ({ stack: localStack(url), env: { KEYTURN_TOKEN: 't' } });

describe('key plan', () => {
  it.each([
    ['key plan', ['key', 'plan', 'orders']],
    ['key rotate --plan', ['key', 'rotate', 'orders', '--plan']],
  ])('%s shows the plan and starts nothing', async (_what, argv) => {
    const api = await startApi({ 'POST /v1/plans': { body: example('Plan') } });

    const ran = await keyturn(argv, on(api.url));

    expect(ran.code).toBe(0);
    expect(api.seen.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /v1/plans']);
    expect(api.seen[0]?.headers['idempotency-key']).toBeUndefined();
    expect(ran.out).toMatch(/new version +v3/);
    expect(ran.out).toMatch(/HSM capacity after it +2101 of 16666/);
    expect(ran.out).toMatch(/billing +kms-direct +webhook +no +no/);
    expect(ran.out).toContain(DIGEST);
  });

  it('is the body of the API under json', async () => {
    const text = ` ${JSON.stringify(example('Plan'))}\t`;
    const api = await startApi({ 'POST /v1/plans': { body: text } });

    const ran = await keyturn(['key', 'plan', 'orders', '--output', 'json'], on(api.url));

    expect(ran.out).toBe(text);
  });

  it('exits 2 when the rotation does not fit into the cluster', async () => {
    const api = await startApi({ 'POST /v1/plans': problem(422, 'InfeasiblePolicy') });

    expect((await keyturn(['key', 'plan', 'orders'], on(api.url))).code).toBe(2);
  });
});

describe('key rotate --plan-digest', () => {
  const argv = ['key', 'rotate', 'orders', '--plan-digest', DIGEST, '--reason', 'planned'];

  it('sends the digest', async () => {
    const api = await startApi({
      'POST /v1/keys/orders/rotations': { status: 202, body: { operationId: 'op_1' } },
    });

    expect((await keyturn(argv, on(api.url))).code).toBe(0);
    const sent = api.seen.find(({ method }) => method === 'POST');
    expect(JSON.parse(sent?.body ?? '')).toEqual({ reason: 'planned', planDigest: DIGEST });
  });

  it('exits 6 when the plan is stale', async () => {
    const api = await startApi({ 'POST /v1/keys/orders/rotations': problem(409, 'PlanStale') });

    const ran = await keyturn(argv, on(api.url));

    expect(ran.code).toBe(6);
    expect(ran.err).toContain('detail of PlanStale');
  });
});

describe('key-store capacity', () => {
  it('shows how full it is, by class', async () => {
    const api = await startApi({
      'GET /v1/key-stores/main/capacity': { body: example('Capacity') },
    });

    const ran = await keyturn(['key-store', 'capacity', 'main'], on(api.url));

    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(/cluster holds +16666 keys \(hsm2m\.medium\)/);
    expect(ran.out).toMatch(/internal-data +900 +2100 +4 +3600 +2\.5/);
  });
});
