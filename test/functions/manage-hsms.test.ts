// SPDX-License-Identifier: Apache-2.0
// HSMs over the real middleware: who may look, who may change, and that asking alone makes and ends none.
import '#test/support/functions.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { current, renewWorld, request } from '#test/support/functions.ts';

const { handler } = await import('#functions/manage-hsms/handler.ts');
const { handler: watch } = await import('#functions/watch-hsms/handler.ts');

beforeEach(async () => {
  await renewWorld();
});

const path = { name: 'main' };
const list = (user = 'alice') => request(handler, 'listHsms', { as: { person: user }, path });
const change = (body: object, user = 'alice') =>
  request(handler, 'changeHsms', { as: { person: user }, path, body });
const look = () => watch({}, {} as never);

describe('the HSMs of a key store', () => {
  it('are shown with their zones, room, backups and the last change', async () => {
    await change({ zone: 'us-east-1b' });
    const { status, body } = await list();

    expect(status).toBe(200);
    expect(body).toMatchObject({
      keyStore: 'main',
      activeZones: 2,
      zones: ['us-east-1a', 'us-east-1b', 'us-east-1c'],
      occupied: 0,
      capacity: 16_666,
      backupRetentionDays: 90,
      findings: [],
      change: { kind: 'add', zone: 'us-east-1b', state: 'admitted' },
    });
    expect(Object.keys(body.change)).not.toContain('before');
  });

  it('are made and ended by the look that comes by itself, not by who asks', async () => {
    expect((await change({ replaces: 'hsm-aaaaaaaaaa2' })).status).toBe(200);
    expect(current.world.hsms.asked).toEqual([]);

    expect(await look()).toMatchObject({ findings: [], change: 'adding' });
    expect(current.world.hsms.asked).toEqual(['add us-east-1a']);
  });

  it.each([
    ['a zone that is none', { zone: 'nowhere' }],
    ['an HSM that is none', { replaces: '../x' }],
    ['a zone beside an HSM', { zone: 'us-east-1a', replaces: 'hsm-aaaaaaaaaa2' }],
    ['a member that is not known', { count: 3 }],
  ])('are not changed by %s', async (_what, body) => {
    expect((await change(body)).status).toBe(400);
    expect((await list()).body.change).toBeNull();
  });

  it('are changed by operators alone, and seen by auditors', async () => {
    expect((await change({}, 'ada')).status).toBe(403);
    expect((await list('ada')).status).toBe(200);
    expect((await change({}, 'carol')).status).toBe(403);
  });
});
