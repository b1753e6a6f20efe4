// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { example, startApi } from '../fake-api.ts';
import { keyturn, localStack } from '../run-cli.ts';

const PATH = '/v1/containments';
const ID = 'scp_0a1b2c3d4e5f60718293a4b5c6';
const around = (url: string) => ({ stack: localStack(url), env: { KEYTURN_TOKEN: 't' } });
const SCOPE = ['--owner', 'olga', '--kind', 'revocation'];
const start = (url: string, ...more: string[]) =>
  keyturn(['containment', 'start', '--reason', 'stolen', ...more], around(url));

describe('containment', () => {
  it('plans: how many, how long at least, and who decides', async () => {
    const api = await startApi({
      'POST /v1/containment-plans': { body: example('ContainmentPlan') },
    });
    const ran = await keyturn(['containment', 'plan', ...SCOPE], around(api.url));

    expect(ran.code).toBe(0);
    expect(ran.out).toContain('1200');
    expect(ran.out).toContain('a quorum: nobody has keys of class payment-critical revoked alone');
    expect(JSON.parse(api.seen.at(-1)?.body ?? '')).toEqual({
      scope: { kind: 'owner', value: 'olga' },
      kind: 'revocation',
    });
  });

  it('starts, and says what holds and what to ask next', async () => {
    const api = await startApi({
      [`POST ${PATH}`]: { status: 202, body: example('ScopeContainmentAccepted') },
    });
    const ran = await start(api.url, ...SCOPE, '--mode', 'locked');

    expect(ran).toMatchObject({ code: 0, out: `${ID}\n` });
    expect(ran.err).toContain(`keyturn containment status ${ID}`);
    const sent = api.seen.find(({ method }) => method === 'POST');
    expect(JSON.parse(sent?.body ?? '')).toMatchObject({ mode: 'locked', reason: 'stolen' });
  });

  it('says who reviews what was done in an emergency', async () => {
    const reviewId = 'apr_01JD2Q4Y8Z5V7K3M9N6P0R1S2T';
    const row = { isEmergency: true, isReviewOpen: true };
    const api = await startApi({
      [`POST ${PATH}`]: { status: 202, body: example('ScopeContainmentAccepted', { reviewId }) },
      [`GET ${PATH}/${ID}`]: { body: example('ScopeContainment', row) },
    });
    const ran = await start(api.url, '--host', 'web-1', '--kind', 'suspension', '--emergency');

    expect(ran).toMatchObject({ code: 0, out: `${ID}\n` });
    expect(ran.err).toContain(`keyturn approval show ${reviewId}`);
    const sent = api.seen.find(({ method }) => method === 'POST');
    expect(JSON.parse(sent?.body ?? '')).toMatchObject({ emergency: true, kind: 'suspension' });
    expect((await keyturn(['containment', 'status', ID], around(api.url))).out).toMatch(
      /review +open/,
    );
  });

  it('waits for people with exit code 8', async () => {
    const approvalId = 'apr_01JD2Q4Y8Z5V7K3M9N6P0R1S2T';
    const waits = { containmentId: null, approvalId, digest: '3b'.repeat(32) };
    const api = await startApi({
      [`POST ${PATH}`]: { status: 202, body: example('ScopeContainmentAccepted', waits) },
    });

    expect(await start(api.url, ...SCOPE)).toMatchObject({ code: 8, out: `${approvalId}\n` });
  });

  it.each(['class', 'environment', 'application', 'host'])(
    'names a scope by --%s',
    async (kind) => {
      const api = await startApi({
        'POST /v1/containment-plans': { body: example('ContainmentPlan') },
      });
      const scope = [`--${kind}`, 'web-1', '--kind', 'suspension'];

      expect((await keyturn(['containment', 'plan', ...scope], around(api.url))).code).toBe(0);
      expect(JSON.parse(api.seen.at(-1)?.body ?? '')).toEqual({
        scope: { kind, value: 'web-1' },
        kind: 'suspension',
      });
    },
  );

  it.each([[['--kind', 'revocation']], [[...SCOPE, '--class', 'test']]])(
    'refuses %j, which is not one scope, before it asks',
    async (flags) => {
      const api = await startApi({});

      expect((await start(api.url, ...flags)).code).toBe(2);
      expect(api.seen.filter(({ method }) => method === 'POST')).toEqual([]);
    },
  );

  it('asks to lift one, and waits for people with exit code 8', async () => {
    const api = await startApi({
      [`DELETE ${PATH}/${ID}`]: { status: 202, body: example('ActAccepted') },
    });
    const ran = await keyturn(
      ['containment', 'lift', ID, '--reason', 'a new batch job'],
      around(api.url),
    );

    expect(ran.code).toBe(8);
    expect(ran.out).toMatch(/^apr_/);
    expect(JSON.parse(api.seen.at(-1)?.body ?? '')).toEqual({ reason: 'a new batch job' });
  });

  it('shows how far the lifting of one is', async () => {
    const lift = {
      ...{ by: 'usr_alice', reason: null, at: '2026-11-23T10:00:00.000Z', endedAt: null },
      ...{ lifted: 11, failed: 1, pass: 2 },
      failures: [{ key: 'orders', cause: 'OperationInProgress' }],
    };
    const body = example('ScopeContainment', { kind: 'suspension', state: 'lifting', lift });
    const api = await startApi({ [`GET ${PATH}/${ID}`]: { body } });
    const { out } = await keyturn(['containment', 'status', ID], around(api.url));

    expect(out).toMatch(/state +lifting: /);
    expect(out).toMatch(/lifted +11 keys, in pass 2/);
    expect(out).toMatch(/orders: OperationInProgress/);
  });

  it('shows how far one is, and which run', async () => {
    const api = await startApi({
      [`GET ${PATH}/${ID}`]: { body: example('ScopeContainment') },
      [`GET ${PATH}`]: { body: example('ScopeContainmentPage') },
    });
    const shown = await keyturn(['containment', 'status', ID], around(api.url));
    const listed = await keyturn(['containment', 'list', '--output', 'jsonl'], around(api.url));

    expect(shown.out).toContain('running: denied as a whole');
    expect(shown.out).toContain('340');
    expect(JSON.parse(listed.out)).toMatchObject({ id: ID });
  });
});
