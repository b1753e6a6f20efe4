// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { example, problem, startApi } from '../fake-api.ts';
import { keyturn, localStack } from '../run-cli.ts';

const POLICY = example('DecisionPolicy');
const DEPLOYED = String(POLICY['deployedDigest']);
const around = (url: string) => ({ stack: localStack(url), env: { KEYTURN_TOKEN: 't' } });
const api = () =>
  startApi({
    'GET /v1/decision-policy': { body: POLICY },
    'POST /v1/decision-policy/activations': {
      status: 202,
      body: example('ActAccepted'),
    },
    'DELETE /v1/decision-policy/next': { body: POLICY },
  });

describe('policy', () => {
  it('shows who decides, and what the deployment would change', async () => {
    const server = await api();

    const { code, out } = await keyturn(['policy', 'show'], around(server.url));

    expect(code).toBe(0);
    expect(out).toContain('class internal-data: quorum 2 becomes 1');
    expect(out).toContain('daily-work');
    expect(out).toContain('usr_bob');
  });

  it('asks with the whole digest of what was compared, and exits 8', async () => {
    const server = await api();
    const words = [
      'policy',
      'activate',
      '--digest',
      DEPLOYED.slice(0, 12),
      '--reason',
      'carol left',
    ];

    const { code, err } = await keyturn(words, around(server.url));

    expect(code).toBe(8);
    expect(err).toContain('waits for approvals');
    const sent = server.seen.find(({ method }) => method === 'POST');
    expect(JSON.parse(sent?.body ?? '')).toEqual({ digest: DEPLOYED, reason: 'carol left' });
  });

  it.each(['0'.repeat(12), 'c1f7', 'C1F72B95D36E'])(
    'sends nothing for digest %s',
    async (digest) => {
      const server = await api();

      const { code } = await keyturn(
        ['policy', 'activate', '--digest', digest],
        around(server.url),
      );

      expect(code).toBe(2);
      expect(server.seen.filter(({ method }) => method === 'POST')).toEqual([]);
    },
  );

  it('takes back what waits, and exits 6 when nothing does', async () => {
    const server = await api();
    expect((await keyturn(['policy', 'withdraw'], around(server.url))).code).toBe(0);

    const none = await startApi({
      'DELETE /v1/decision-policy/next': problem(409, 'NothingToActivate'),
    });
    expect((await keyturn(['policy', 'withdraw'], around(none.url))).code).toBe(6);
  });
});
