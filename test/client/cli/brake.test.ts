// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { example, startApi } from '../fake-api.ts';
import { keyturn, localStack } from '../run-cli.ts';

const PATH = '/v1/brakes';
const ID = 'brk_0a1b2c3d4e5f60718293a4b5c6';
const around = (url: string) => ({ stack: localStack(url), env: { KEYTURN_TOKEN: 't' } });
const WAITING = {
  ...{ approvalId: 'apr_01JD2Q4Y8Z5V7K3M9N6P0R1S2T', digest: 'a'.repeat(64) },
  ...{ expiresAt: '2026-11-23T10:00:00.000Z', brakeId: null, reviewId: null },
};

describe('brake', () => {
  it('is applied alone in an emergency, and says what follows', async () => {
    const api = await startApi({
      [`POST ${PATH}`]: { status: 202, body: example('BrakeAccepted') },
    });
    const ran = await keyturn(
      ['brake', 'apply', '--all', '--reason', 'a library', '--emergency'],
      around(api.url),
    );

    expect(ran.code).toBe(0);
    expect(ran.out.trim()).toBe(ID);
    expect(ran.err).toContain(`keyturn brake show ${ID}`);
    expect(ran.err).toContain('a quorum reviews it');
    const sent = api.seen.find(({ method }) => method === 'POST');
    expect(JSON.parse(sent?.body ?? '')).toEqual({
      ...{ scope: { kind: 'all', value: null }, reason: 'a library', emergency: true },
    });
  });

  it('waits for a quorum, for one scope that is named', async () => {
    const body = example('BrakeAccepted', WAITING);
    const api = await startApi({ [`POST ${PATH}`]: { status: 202, body } });
    const apply = (...scope: string[]) =>
      keyturn(['brake', 'apply', ...scope, '--reason', 'a library'], around(api.url));

    const ran = await apply('--application', 'billing');
    expect(ran.code).toBe(8);
    expect(ran.out.trim()).toBe(WAITING.approvalId);
    const sent = api.seen.find(({ method }) => method === 'POST');
    expect(JSON.parse(sent?.body ?? '').scope).toEqual({ kind: 'application', value: 'billing' });
    expect((await apply()).code).toBe(2);
    expect((await apply('--all', '--owner', 'olga')).code).toBe(2);
  });

  it('is shown with each role, listed, and lifted by approvals', async () => {
    const api = await startApi({
      [`GET ${PATH}/${ID}`]: { body: example('Brake') },
      [`GET ${PATH}`]: { body: example('BrakePage') },
      [`DELETE ${PATH}/${ID}`]: { status: 202, body: example('ActAccepted', WAITING) },
    });
    const run = (...args: string[]) => keyturn(['brake', ...args], around(api.url));

    const shown = await run('show', ID);
    expect(shown.out).toMatch(/state +applying/);
    expect(shown.out).toMatch(/roles +1 applied, 1 failed/);
    expect(shown.out).toMatch(/role\/partner +failed +RoleOutsideAccount/);
    const json = await run('show', ID, '--output', 'json');
    expect(JSON.parse(json.out)).toEqual(example('Brake'));
    expect((await run('list')).out).toMatch(new RegExp(`${ID} +application billing +applying`));
    expect((await run('lift', ID, '--reason', 'replaced')).code).toBe(8);
    const sent = api.seen.find(({ method }) => method === 'DELETE');
    expect(JSON.parse(sent?.body ?? '')).toEqual({ reason: 'replaced' });
  });
});
