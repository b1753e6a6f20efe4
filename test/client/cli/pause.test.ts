// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { example, startApi } from '../fake-api.ts';
import { keyturn, localStack } from '../run-cli.ts';

const PATH = '/v1/pauses';
const around = (url: string) => ({ stack: localStack(url), env: { KEYTURN_TOKEN: 't' } });

describe('pause', () => {
  it('starts for some hours, and says what KMS deletes all the same', async () => {
    const api = await startApi({ [`POST ${PATH}`]: { body: example('Pause') } });
    const say = (hours: string) =>
      keyturn(['pause', 'start', '--hours', hours, '--reason', 'odd'], around(api.url));
    const ran = await say('4');

    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(/state +holds/);
    expect(ran.out).toContain('orders v1 at 2026-11-29T10:00:00.000Z');
    const sent = api.seen.find(({ method }) => method === 'POST');
    expect(JSON.parse(sent?.body ?? '')).toEqual({ hours: 4, reason: 'odd' });
    expect((await say('four')).code).toBe(2);
  });

  it('is shown and ended', async () => {
    const ended = { isActive: false, endedAt: '2026-11-22T11:00:00.000Z', endedBy: 'usr_alice' };
    const api = await startApi({
      [`GET ${PATH}`]: { body: example('PausePage') },
      [`DELETE ${PATH}/pause-7`]: { body: example('Pause', ended) },
    });

    expect((await keyturn(['pause', 'show'], around(api.url))).out).toMatch(/id +pause-7/);
    const json = await keyturn(['pause', 'show', '--output', 'json'], around(api.url));
    expect(JSON.parse(json.out)).toEqual(example('PausePage'));
    expect((await keyturn(['pause', 'end', 'pause-7'], around(api.url))).out).toMatch(
      /state +over[\s\S]*ended +2026-11-22T11:00:00.000Z by usr_alice/,
    );
  });
});
