// SPDX-License-Identifier: Apache-2.0
// Over real connections, against the endpoint that the docs show.
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CompactSign, generateKeyPair } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import { WebhookItems } from '#adapters/sources/webhook-items.ts';
import type { Reach } from '#adapters/webhooks/address-rules.ts';
import { postSigned } from '#adapters/webhooks/signed-post.ts';
import type { NoticeClaims, NoticeSigner } from '#core/ports/notices.ts';
import { describeSource } from '#test/adapters/contract/ciphertext-source.contract.ts';
import { SourceEndpoint } from '#test/support/source-endpoint.ts';

const NOW = '2026-01-02T00:00:00.000Z';
const NOW_SECONDS = Date.parse(NOW) / 1000;
const clock = { now: () => NOW };
const { privateKey, publicKey } = await generateKeyPair('ES256');
const stranger = await generateKeyPair('ES256');

function signerWith(key = privateKey, header: Record<string, unknown> = {}): NoticeSigner {
  return {
    async sign({ issuedAt, eventId, audience }: NoticeClaims, body: string) {
      const whole = await new CompactSign(Buffer.from(body))
        .setProtectedHeader({
          alg: 'ES256',
          typ: 'keyturn-source',
          iat: issuedAt,
          jti: eventId,
          aud: audience,
          ...header,
        })
        .sign(key);
      return whole.replace(/\..*\./, '..');
    },
  };
}

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function itemsAt(url: string, signer = signerWith(), shards = 1, reach: Reach = 'this-machine') {
  const source = {
    key: 'orders',
    name: 'crm',
    location: { kind: 'webhook', url },
    shards,
  } as const;
  return new WebhookItems(
    { post: (call, bounds) => postSigned(reach, call, bounds), signer, clock },
    source,
  );
}

async function anEndpoint(): Promise<SourceEndpoint> {
  const endpoint = new SourceEndpoint(
    async () => publicKey,
    () => NOW_SECONDS,
  );
  await endpoint.listen();
  closers.push(() => endpoint.close());
  return endpoint;
}

async function answering(listener: RequestListener): Promise<WebhookItems> {
  const server: Server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return itemsAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}
const saying = (answer: unknown) =>
  answering((_request, response) => response.end(JSON.stringify(answer)));

describeSource('WebhookItems', async (shards) => {
  const endpoint = await anEndpoint();
  return {
    source: itemsAt(endpoint.url, signerWith(), shards),
    put: async (id, text, context) => endpoint.put(id, [Buffer.from(text)], context),
    remove: async (id) => void endpoint.rows.delete(id),
    get: async (id) => {
      const text = endpoint.rows.get(id)?.ciphertexts[0];
      return text === undefined ? undefined : Buffer.from(text, 'base64').toString();
    },
  };
});

describe('an endpoint of the owner', () => {
  it.each([
    ['by another key', signerWith(stranger.privateKey)],
    ['for a notice', signerWith(privateKey, { typ: 'keyturn-notice' })],
    ['for another address', signerWith(privateKey, { aud: 'https://other.example/' })],
    ['long ago', signerWith(privateKey, { iat: NOW_SECONDS - 301 })],
  ])('refuses a call signed %s', async (_what, signer) => {
    const { url } = await anEndpoint();

    await expect(itemsAt(url, signer).readPage(0, null, 10)).rejects.toMatchObject({
      name: 'SourceUnavailable',
      message: expect.stringContaining('401'),
    });
  });

  it('keeps what the application writes between the page and the replacement', async () => {
    const endpoint = await anEndpoint();
    endpoint.put('a', [Buffer.from('old'), Buffer.from('kept')]);
    const source = itemsAt(endpoint.url);
    const [item] = (await source.readPage(0, null, 10)).items;
    if (!item) throw new Error('no item');
    endpoint.beforeReplace = (id) => endpoint.put(id, [Buffer.from('application')]);

    expect(await source.replace(item, { ciphertexts: [Buffer.from('new'), null] })).toBe(false);
    expect(endpoint.rows.get('a')?.ciphertexts).toEqual([
      Buffer.from('application').toString('base64'),
    ]);
  });

  it('gets no part that stays', async () => {
    const endpoint = await anEndpoint();
    endpoint.put('a', [Buffer.from('old'), Buffer.from('kept')]);
    const source = itemsAt(endpoint.url);
    const [item] = (await source.readPage(0, null, 10)).items;
    if (!item) throw new Error('no item');

    expect(await source.replace(item, { ciphertexts: [Buffer.from('new'), null] })).toBe(true);
    expect(endpoint.rows.get('a')?.ciphertexts).toEqual(
      ['new', 'kept'].map((text) => Buffer.from(text).toString('base64')),
    );
  });
});

describe('what an endpoint answers', () => {
  it.each([
    ['no base64', [{ ciphertext: '***' }]],
    ['no parts', []],
    ['a context that is no text', [{ ciphertext: 'YQ==', context: { a: 1 } }]],
  ])('is a dead item for %s; the others go on', async (_what, parts) => {
    const good = { id: 'good', etag: '1', parts: [{ ciphertext: 'YQ==' }] };
    const source = await saying({ items: [{ id: 'bad', etag: '1', parts }, good], cursor: null });

    expect((await source.readPage(0, null, 10)).items).toMatchObject([
      { id: 'bad', defect: expect.stringContaining('parts') },
      { id: 'good', parts: [{ context: {} }] },
    ]);
  });

  const item = { id: 'a', etag: '1', parts: [{ ciphertext: 'YQ==' }] };
  it.each([
    ['no object', 7],
    ['an item without an etag', { items: [{ id: 'a', parts: [] }], cursor: null }],
    ['a long id', { items: [{ ...item, id: 'x'.repeat(1025) }], cursor: null }],
    ['the same cursor', { items: [item], cursor: 'here' }],
    ['more than was asked for', { items: [item, item, item], cursor: null }],
    ['more than is read', { items: [{ ...item, parts: 'x'.repeat(4_194_304) }], cursor: null }],
  ])('stops the shard for %s', async (_what, answer) => {
    const source = await saying(answer);

    await expect(source.readPage(0, 'here', 2)).rejects.toMatchObject({
      name: 'SourceUnavailable',
    });
  });

  it.each([
    [429, 'Throttled'],
    [503, 'Throttled'],
    [403, 'SourceUnavailable'],
    [500, 'SourceUnavailable'],
    [307, 'SourceUnavailable'],
  ])('stops the shard for status %i as %s', async (status, name) => {
    const source = await answering((_request, response) =>
      response.writeHead(status, { location: '/other' }).end(),
    );

    await expect(source.readPage(0, null, 2)).rejects.toMatchObject({ name });
  });

  it('is not waited for when the connection breaks', async () => {
    const source = await answering((request) => request.socket.destroy());

    await expect(source.estimate()).rejects.toMatchObject({ name: 'SourceUnavailable' });
  });

  it('is not asked for in closed networks', async () => {
    const { url } = await anEndpoint();

    for (const closed of [url, url.replace('http:', 'https:'), 'https://169.254.169.254/latest'])
      await expect(itemsAt(closed, signerWith(), 1, 'internet').estimate()).rejects.toMatchObject({
        name: 'SourceUnavailable',
        message: expect.stringContaining('call was not made'),
      });
  });
});
