// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { suspended } from '#test/support/containment.ts';
import { current, eventOf, renewWorld, request } from '#test/support/functions.ts';
import { Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';

vi.mock('#adapters/kms/list-signer.ts', () => ({
  KmsListSigner: class {
    async signList(payload: string) {
      return { payload, protected: 'header', signature: 'signature' };
    }
  },
}));
const { handler } = await import('#functions/serve-status/handler.ts');

const ask = (headers: Record<string, string> = {}) =>
  request(handler, 'getStatusList', { as: null, headers });

beforeEach(async () => {
  await withActiveKey(await renewWorld());
});

describe('GET /v1/status-list', () => {
  it('is public, and caches may keep it for a moment', async () => {
    await suspended(new Simulation(current.world));
    const { status, headers, body } = await ask();

    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'cache-control': 'public, max-age=30' });
    expect(JSON.parse(body.payload).entries).toMatchObject([{ key: 'orders', state: 'suspended' }]);
  });

  it.each(['%s', 'W/%s', '"other", %s'])(
    'answers 304 to who has it, asked with %s',
    async (form) => {
      const { headers } = await ask();
      const call = {
        as: null,
        headers: { 'If-None-Match': form.replace('%s', headers['etag'] ?? '') },
      };
      const answer = await handler(eventOf('getStatusList', call), {});

      expect(answer).toMatchObject({ statusCode: 304, body: '' });
      expect((await ask({ 'If-None-Match': '"other"' })).status).toBe(200);
    },
  );

  it('is new to who has it once a key is stopped', async () => {
    const { headers } = await ask();
    await suspended(new Simulation(current.world));

    expect((await ask({ 'If-None-Match': headers['etag'] ?? '' })).status).toBe(200);
  });
});
