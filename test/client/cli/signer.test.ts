// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { example, startApi } from '../fake-api.ts';
import { keyturn, localStack } from '../run-cli.ts';

const PATH = '/v1/signers';
const ID = 'pky_01JD2Q4Y8Z5V7K3M9N6P0R1S2T';
const around = (url: string) => ({ stack: localStack(url), env: { KEYTURN_TOKEN: 't' } });

describe('signer list and remove', () => {
  it('show whose passkeys sign votes, and which were removed', async () => {
    const removed = example('Signer', {
      id: 'pky_01JD2Q4Y8Z5V7K3M9N6P0R1S2V',
      isActive: false,
      removedAt: '2026-11-22T10:10:00.000Z',
      removedBy: 'usr_bob',
    });
    const api = await startApi({
      [`GET ${PATH}`]: { body: { items: [example('Signer'), removed], nextCursor: null } },
    });
    const { code, out } = await keyturn(['signer', 'list'], around(api.url));

    expect(code).toBe(0);
    expect(out).toContain('blue key');
    expect(out).toContain('removed by usr_bob');
    const json = await keyturn(['signer', 'list', '--output', 'json'], around(api.url));
    expect(JSON.parse(json.out).items).toHaveLength(2);
  });

  it('take one away by its id', async () => {
    const api = await startApi({
      [`DELETE ${PATH}/${ID}`]: {
        body: example('Signer', { isActive: false, removedBy: 'usr_carol' }),
      },
    });
    const { code, out } = await keyturn(['signer', 'remove', ID], around(api.url));

    expect({ code, out }).toMatchObject({
      code: 0,
      out: expect.stringContaining('removed by usr_carol'),
    });
    expect(api.seen.map(({ method }) => method)).toContain('DELETE');
  });
});

describe('signer enroll', () => {
  it('prints the link, and says where it works when the endpoint is elsewhere', async () => {
    const link = example('SignerLink');
    const api = await startApi({ [`POST ${PATH}/links`]: { body: link } });
    const ran = await keyturn(['signer', 'enroll'], around(api.url));

    expect(ran).toMatchObject({
      code: 0,
      out: `${api.url}${Reflect.get(link as object, 'path')}\n`,
    });
    expect(ran.err).toContain('https://keyturn.example.com alone');
    const { origin } = new URL(api.url);
    const here = await startApi({
      [`POST ${PATH}/links`]: { body: example('SignerLink', { origins: [origin] }) },
    });
    const stack = { ...localStack(api.url), apiUrl: here.url };
    const there = await keyturn(['signer', 'enroll'], { ...around(here.url), stack });
    expect(there.code).toBe(0);
  });
});
