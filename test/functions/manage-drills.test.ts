// SPDX-License-Identifier: Apache-2.0
// Drills over the real middleware: who may begin one, answer, and hand in keys; and the look that does what is recorded.
import '#test/support/functions.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { current, renewWorld, request } from '#test/support/functions.ts';

const { handler } = await import('#functions/manage-drills/handler.ts');
const { handler: watch } = await import('#functions/watch-drills/handler.ts');

beforeEach(async () => {
  await renewWorld();
});

const path = { id: 'drl_0001' };
const start = (user = 'alice') => request(handler, 'startDrill', { as: { person: user } });
const show = async () => (await request(handler, 'getDrill', { as: { person: 'ada' }, path })).body;
const answer = (user: string) => request(handler, 'answerDrill', { as: { person: user }, path });
const keys = (body: object, user = 'alice') =>
  request(handler, 'reportDrillKeys', { as: { person: user }, path, body });
const look = (act = 'look') => watch({ act }, {} as never);

async function untilPhase(phase: string): Promise<void> {
  for (let looks = 0; looks < 40 && (await show()).phase !== phase; looks += 1) {
    await look();
    current.world.drillSite.settle();
    current.world.clock.advance(1);
  }
  expect((await show()).phase).toBe(phase);
}

describe('a drill', () => {
  it('is begun by the schedule, done by looks, and passes', async () => {
    await look('start');
    expect((await start()).body).toMatchObject({ id: 'drl_0001', state: 'running' });
    await untilPhase('list-keys');
    expect((await keys({ labels: ['odd'] })).body.keys).toMatchObject({ expected: 0, unknown: 1 });
    for (const user of ['bob', 'carol', 'dan', 'erin', 'frank'])
      expect((await answer(user)).status).toBe(200);
    await untilPhase('done');

    const body = await show();
    expect(body).toMatchObject({
      state: 'passed',
      causes: [],
      custodians: { required: 3, answered: 5, isQuorumReached: true },
    });
    expect(JSON.stringify(body)).not.toContain('usr_bob');
    expect(current.world.drillSite.leftovers).toEqual([]);
    const { body: page } = await request(handler, 'listDrills', { as: { person: 'olga' } });
    expect(page.items).toHaveLength(1);
  });

  it('is begun by operators, answered by custodians, and by nobody else', async () => {
    expect((await start('carol')).status).toBe(403);
    expect((await start()).status).toBe(200);
    expect((await answer('alice')).status).toBe(403);
    await untilPhase('list-keys');
    expect((await keys({ labels: [] }, 'bob')).status).toBe(403);
    expect((await keys({ labels: [1] })).status).toBe(400);
    const others = { as: { person: 'ada' }, path: { id: 'drl_0099' } };
    expect((await request(handler, 'getDrill', others)).status).toBe(404);
    const none = { as: { person: 'ada' }, path: { id: '../x' } };
    expect((await request(handler, 'getDrill', none)).status).toBe(404);
  });

  it('takes a list of as many keys as HSMs hold, and no longer one', async () => {
    await start();
    await untilPhase('list-keys');
    const label = '1234abcd-12ab-34cd-56ef-1234567890ab';
    expect((await keys({ labels: Array(30_000).fill(label) })).status).toBe(413);
    expect((await keys({ labels: Array(17_000).fill(label) })).status).toBe(200);
  });
});
