// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it, vi } from 'vitest';
import { createClient } from '#client/sdk/index.ts';
import { example, type Replies, startApi } from '../fake-api.ts';
import { selfSigned } from './self-signed.ts';

describe('authorization', () => {
  it('lets a caller sign the request it is about to send', async () => {
    const api = await startApi({
      'POST /v1/keys/orders/encrypt': { body: example('EncryptResponse') },
    });
    const client = createClient({
      endpointUrl: api.url,
      authorize: (request) => ({ authorization: `SIGNED ${request.method} ${request.body}` }),
    });

    await client.encrypt('orders', { plaintext: 'aGk=' });

    expect(api.seen[0]?.headers['authorization']).toBe('SIGNED POST {"plaintext":"aGk="}');
  });

  it('signs public routes too, and sends them no token', async () => {
    const api = await startApi({ 'GET /v1/health': { body: example('Health') } });
    const endpointUrl = api.url;
    const token = vi.fn(async () => 'a-token');

    await createClient({ endpointUrl, authorize: () => ({ authorization: 'SIGNED' }) }).getHealth();
    await createClient({ endpointUrl, token }).getHealth();

    expect(api.seen.map(({ headers }) => headers['authorization'])).toEqual(['SIGNED', undefined]);
    expect(token).not.toHaveBeenCalled();
  });

  it('asks for a token when a route wants one', async () => {
    const api = await startApi({ 'GET /v1/keys/orders': { body: example('Key') } });

    await createClient({ endpointUrl: api.url, token: async () => 'a-token' }).getKey('orders');

    expect(api.seen[0]?.headers['authorization']).toBe('Bearer a-token');
  });

  it('trusts a private CA when given, and nobody else does', async () => {
    const { key, cert } = await selfSigned();
    const replies: Replies = { 'GET /v1/keys/orders': { body: example('Key') } };
    const api = await startApi(replies, { key, cert });

    const trusting = await createClient({ endpointUrl: api.url, ca: cert }).getKey('orders');
    const doubting = createClient({ endpointUrl: api.url });

    expect(trusting.body.name).toBe('orders');
    await expect(doubting.getKey('orders')).rejects.toMatchObject({
      name: 'UnreachableError',
      untrusted: true,
    });
  });
});
