// SPDX-License-Identifier: Apache-2.0
// `keyturn key destroy`: nothing is asked for by mistake, and what is sent is what was typed.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { example, problem, startApi } from '../fake-api.ts';
import { keyturn, localStack, newFile } from '../run-cli.ts';

const ONE = '/v1/keys/orders/versions/1/destruction';
const DESTRUCTION = example('Destruction', { certificate: null });
const ARN = String(DESTRUCTION['keyArn']);
const around = (url: string) => ({ stack: localStack(url), env: { KEYTURN_TOKEN: 't' } });
const api = (changes: Record<string, unknown> = {}) =>
  startApi({
    'POST /v1/keys/orders/destructions': { status: 202, body: example('ActAccepted') },
    [`GET ${ONE}`]: { body: { ...DESTRUCTION, ...changes } },
    [`DELETE ${ONE}`]: { body: DESTRUCTION },
    [`PUT ${ONE}/material`]: { body: DESTRUCTION },
  });
const destroy = async (server: Awaited<ReturnType<typeof api>>, ...words: string[]) =>
  keyturn(['key', 'destroy', 'orders', '--key-version', '1', ...words], around(server.url));
const changesIn = (server: Awaited<ReturnType<typeof api>>) =>
  server.seen.filter(({ method }) => method !== 'GET');
const bodyOf = (server: Awaited<ReturnType<typeof api>>) =>
  JSON.parse(changesIn(server)[0]?.body ?? 'null');

describe('key destroy', () => {
  it('asks with the name typed once more, and exits 8', async () => {
    const server = await api();

    const { code } = await destroy(server, '--confirm', 'orders', '--reason', 'all under v2');

    expect(code).toBe(8);
    expect(bodyOf(server)).toEqual({
      version: 1,
      confirm: 'orders',
      acceptLoss: false,
      reason: 'all under v2',
    });
  });

  it.each([
    ['no name', ['--reason', 'all under v2']],
    ['another name', ['--confirm', 'order', '--reason', 'all under v2']],
    ['the name in another case', ['--confirm', 'Orders', '--reason', 'all under v2']],
    ['no reason', ['--confirm', 'orders']],
    ['a listing without its cluster', ['--hsm-listing', newFile('a.txt', '')]],
    ['a listing that is not there', ['--hsm-listing', '/nowhere/a.txt', '--cluster', 'cluster-a']],
  ])('sends nothing with %s', async (_what, words) => {
    const server = await api();

    const { code, err } = await destroy(server, ...words);

    expect(code).toBe(2);
    expect(err).not.toContain('    at ');
    expect(changesIn(server)).toEqual([]);
  });

  it('sends nothing for what is no version', async () => {
    const server = await api();
    const words = ['key', 'destroy', 'orders', '--key-version', '1.5', '--status'];

    expect((await keyturn(words, around(server.url))).code).toBe(2);
    expect(server.seen).toEqual([]);
  });

  it('asks to accept a loss only when told to', async () => {
    const server = await api();
    await destroy(server, '--confirm', 'orders', '--reason', 'lost anyway', '--accept-loss');

    expect(bodyOf(server)).toMatchObject({ acceptLoss: true });
  });

  it('stops it, and shows how far it is without changing anything', async () => {
    const server = await api();

    expect((await destroy(server, '--cancel', '--reason', 'still read')).code).toBe(0);
    expect(bodyOf(server)).toEqual({ reason: 'still read' });
    const shown = await destroy(server, '--status');
    expect(shown.code).toBe(0);
    expect(shown.out).toContain(String(DESTRUCTION['phase']));
    expect(changesIn(server)).toHaveLength(1);
  });

  it('exits 6 when it is too late to stop it', async () => {
    const server = await startApi({ [`DELETE ${ONE}`]: problem(409, 'TransitionForbidden') });

    expect(
      (
        await keyturn(
          ['key', 'destroy', 'orders', '--key-version', '1', '--cancel'],
          around(server.url),
        )
      ).code,
    ).toBe(6);
  });

  it('prints a certificate that there is, and says so when there is none', async () => {
    const signed = await api({ certificate: 'a.b.c' });
    expect((await destroy(signed, '--certificate')).out.trim()).toBe('a.b.c');

    const none = await destroy(await api(), '--certificate');
    expect(none.code).toBe(2);
    expect(none.err).toContain('nothing is certified yet');
  });

  it('counts in a listing what bears the ARN of the key, and sends its digest, not the list', async () => {
    const text = `other\n${ARN}\nthird\n`;
    const file = newFile('listing.txt', text);
    const server = await api();

    await destroy(server, '--hsm-listing', file, '--cluster', 'cluster-abcdefghijk');

    expect(bodyOf(server)).toEqual({
      clusterId: 'cluster-abcdefghijk',
      listingDigest: createHash('sha256').update(text).digest('hex'),
      objectsListed: 3,
      objectsFound: 1,
    });
  });
});
