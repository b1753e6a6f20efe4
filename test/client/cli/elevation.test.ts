// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { example, startApi } from '../fake-api.ts';
import { keyturn, localStack } from '../run-cli.ts';

const PATH = '/v1/elevations';
const ID = 'elv_01JD2Q4Y8Z5V7K3M9N6P0R1S2T';
const ACCEPTED = {
  operationId: null,
  approvalId: 'apr_01JD2Q4Y8Z5V7K3M9N6P0R1S2T',
  digest: '3b'.repeat(32),
  expiresAt: '2026-11-23T10:00:00.000Z',
};
const around = (url: string) => ({ stack: localStack(url), env: { KEYTURN_TOKEN: 't' } });

describe('elevation request', () => {
  const ask = (url: string, ...more: string[]) =>
    keyturn(
      ['elevation', 'request', 'grp_operators', '--reason', 'nobody answers', ...more],
      around(url),
    );

  it.each([
    [[], 3600],
    [['--for', '90s'], 90],
    [['--for', '45m'], 2700],
    [['--for', '2h'], 7200],
  ])('with %j asks for %i s and says that it waits for others', async (flags, seconds) => {
    const api = await startApi({ [`POST ${PATH}`]: { status: 202, body: ACCEPTED } });
    const ran = await ask(api.url, ...flags);

    expect(ran).toMatchObject({ code: 8, out: `${ACCEPTED.approvalId}\n` });
    expect(ran.err).toContain('waits for approvals');
    const sent = api.seen.find(({ method }) => method === 'POST');
    expect(JSON.parse(sent?.body ?? '')).toEqual({
      group: 'grp_operators',
      seconds,
      reason: 'nobody answers',
    });
  });

  it.each(['1', '1d', '-5m', 'for ever'])('refuses --for "%s" before it asks', async (time) => {
    const api = await startApi({});

    expect((await ask(api.url, `--for=${time}`)).code).toBe(2);
    expect(api.seen.filter(({ method }) => method === 'POST')).toEqual([]);
  });
});

describe('elevation list and revoke', () => {
  it('show who has what until when, and how it ended', async () => {
    const ended = example('Elevation', {
      id: 'elv_01JD2Q4Y8Z5V7K3M9N6P0R1S2V',
      isActive: false,
      revokedAt: '2026-11-22T10:10:00.000Z',
      revokedBy: 'usr_bob',
    });
    const api = await startApi({
      [`GET ${PATH}`]: { body: { items: [example('Elevation'), ended], nextCursor: null } },
    });
    const { code, out } = await keyturn(['elevation', 'list'], around(api.url));

    expect(code).toBe(0);
    expect(out).toContain('active');
    expect(out).toContain('revoked by usr_bob');
  });

  it('end it by its id', async () => {
    const api = await startApi({
      [`DELETE ${PATH}/${ID}`]: { body: example('Elevation', { isActive: false }) },
    });
    const { code, out } = await keyturn(['elevation', 'revoke', ID], around(api.url));

    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('ended') });
    expect(api.seen.map(({ method }) => method)).toContain('DELETE');
  });
});
