// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { example, startApi } from '../fake-api.ts';
import { keyturn, localStack } from '../run-cli.ts';

const PATH = '/v1/key-stores/main/hsms';
const around = (url: string) => ({ stack: localStack(url), env: { KEYTURN_TOKEN: 't' } });
const run = (url: string, ...args: string[]) => keyturn(['hsm', ...args], around(url));
const HSMS = example('Hsms') as { change: object };

describe('hsm list', () => {
  it('shows HSMs, room and what somebody has to know', async () => {
    const api = await startApi({ [`GET ${PATH}`]: { body: HSMS } });
    const ran = await run(api.url, 'list', 'main');

    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(/hsm-abcdefghij2 .*eu-west-1b .*DEGRADED/);
    expect(ran.out).toMatch(/1 of 2/);
    expect(ran.out).toMatch(/! HSMs work in fewer than two zones/);
    const json = await run(api.url, 'list', 'main', '--output', 'json');
    expect(JSON.parse(json.out)).toEqual(HSMS);
  });
});

describe('hsm add and replace', () => {
  it.each([
    [['add', 'main'], {}],
    [['add', 'main', '--zone', 'eu-west-1c'], { zone: 'eu-west-1c' }],
    [['replace', 'main', 'hsm-abcdefghij2'], { replaces: 'hsm-abcdefghij2' }],
  ])('%j', async (args, body) => {
    const api = await startApi({ [`POST ${PATH}`]: { body: example('HsmChange') } });
    const ran = await run(api.url, ...args);

    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(/state .*adding/);
    const sent = api.seen.find(({ method }) => method === 'POST');
    expect(JSON.parse(sent?.body ?? '')).toEqual(body);
  });

  it.each([
    ['done', 0],
    ['failed', 1],
  ])('with --wait end with the change, which is %s', async (state, code) => {
    const ended = { ...HSMS, change: { ...HSMS.change, state, cause: 'why' } };
    const api = await startApi({
      [`POST ${PATH}`]: { body: example('HsmChange') },
      [`GET ${PATH}`]: { body: ended },
    });

    expect((await run(api.url, 'add', 'main', '--wait')).code).toBe(code);
  });
});
