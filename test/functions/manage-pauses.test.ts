// SPDX-License-Identifier: Apache-2.0
// The pause over the real middleware, and what the public route of health says of it.
import '#test/support/functions.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Call, current, renewWorld, request } from '#test/support/functions.ts';

const { handler } = await import('#functions/manage-pauses/handler.ts');
const health = (await import('#functions/serve-contract/handler.ts')).handler;

const BODY = { reason: 'KMS answers oddly', hours: 4 };
const start = (user: string, call: Partial<Call> = {}) =>
  request(handler, 'startPause', { as: { person: user }, body: BODY, ...call });
const list = (user: string) => request(handler, 'listPauses', { as: { person: user } });
const end = (user: string, id: string) =>
  request(handler, 'endPause', { as: { person: user }, path: { id } });
const isPaused = async () => (await request(health, 'getHealth', { as: null })).body.isPaused;

describe('the pause of a stage', () => {
  beforeEach(async () => {
    await renewWorld();
  });

  it('is begun, shown to everybody and ended by operators', async () => {
    expect((await list('ada')).body.items).toEqual([]);
    expect(await isPaused()).toBe(false);
    const begun = await start('alice');
    expect(begun).toMatchObject({
      status: 200,
      body: { id: 'pause-1', isActive: true, by: 'usr_alice', deletionsAtKms: [] },
      headers: { location: '/v1/pauses/pause-1' },
    });
    expect((await list('ada')).body.items).toEqual([begun.body]);
    expect(await isPaused()).toBe(true);
    expect((await start('alice')).status).toBe(409);

    expect((await end('alice', 'pause-1')).body).toMatchObject({ isActive: false });
    expect(await isPaused()).toBe(false);
    expect((await end('alice', 'pause-2')).status).toBe(404);
    expect((await end('alice', 'the last')).status).toBe(404);
    expect(current.world.pauses.audit.at(-1)).toMatchObject({ action: 'pause.ended' });
  });

  it.each(['olga', 'bob', 'ada'])('is not begun by %s', async (user) => {
    expect((await start(user)).status).toBe(403);
    expect(await isPaused()).toBe(false);
  });

  it.each([
    { hours: 0 },
    { hours: 73 },
    { hours: 1.5 },
    { hours: 4, reason: '' },
    { hours: 4, until: 'ever' },
  ])('is not begun with %j', async (patch) => {
    expect((await start('alice', { body: { reason: 'why', ...patch } })).status).toBe(400);
  });
});
