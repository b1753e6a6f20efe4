// SPDX-License-Identifier: Apache-2.0
// Rights for a while over the real middleware, with the authorizer that every API function has.
import '#test/support/functions.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { approvalOf } from '#test/support/approvals.ts';
import { elevated, elevationsOf } from '#test/support/elevations.ts';
import { type Call, current, renewWorld, request } from '#test/support/functions.ts';

const { handler } = await import('#functions/manage-elevations/handler.ts');
const changeKeys = (await import('#functions/change-keys/handler.ts')).handler;

beforeEach(async () => {
  await renewWorld();
});

const BODY = { group: 'grp_operators', seconds: 600, reason: 'nobody on call answers' };
const ask = (user: string, call: Partial<Call> = {}) =>
  request(handler, 'requestElevation', {
    as: { person: user },
    headers: { 'Idempotency-Key': 'ask-1' },
    body: BODY,
    ...call,
  });
const list = (user: string) => request(handler, 'listElevations', { as: { person: user } });
const revoke = (user: string, id: string) =>
  request(handler, 'revokeElevation', { as: { person: user }, path: { id } });
const createKey = (user: string) =>
  request(changeKeys, 'createKey', {
    as: { person: user },
    headers: { 'Idempotency-Key': crypto.randomUUID() },
    body: {
      name: 'invoices',
      class: 'test',
      owner: 'olga',
      purpose: 'archive',
      environment: 'development',
    },
  });

describe('asking for rights', () => {
  it('opens a request for oneself, once for a repeated Idempotency-Key', async () => {
    const first = await ask('carol');
    const again = await ask('carol');

    expect(first.status).toBe(202);
    expect(again.body.approvalId).toBe(first.body.approvalId);
    expect(await approvalOf(current.world, first.body.approvalId)).toMatchObject({
      action: 'elevation.grant',
      requestedBy: 'usr_carol',
      parameters: { person: 'usr_carol', group: 'grp_operators', seconds: 600 },
      reason: 'nobody on call answers',
    });
    expect(current.world.workflows.started.at(-1)).toMatchObject({ kind: 'approve' });
    expect(await elevationsOf(current.world)).toEqual([]);
  });

  it.each([
    ['for somebody else', { ...BODY, person: 'usr_dan' }, 400],
    ['without a reason', { group: 'grp_operators' }, 400],
    ['for too long', { ...BODY, seconds: 8 * 3600 + 1 }, 400],
    ['for no time', { ...BODY, seconds: 0 }, 400],
    ['for ever', { ...BODY, seconds: null }, 400],
    ['for a group by pattern', { ...BODY, group: 'grp_*' }, 400],
    ['for a group that decides', { ...BODY, group: 'grp_custodians' }, 422],
    ['for a group of nothing', { ...BODY, group: 'grp_nothing' }, 422],
  ])('is refused %s, with no effect', async (_name, body, status) => {
    expect((await ask('alice', { body })).status).toBe(status);
    expect((await current.world.store.listApprovals('open', null, 10)).items).toEqual([]);
  });

  it('is not for machines nor strangers', async () => {
    expect((await ask('mallory')).status).toBe(403);
    expect((await ask('', { as: { role: 'orders-api' } })).status).toBe(403);
    expect((await ask('', { as: null })).status).toBe(401);
  });
});

describe('rights that were granted', () => {
  it('open what they are for, are shown to everybody, and close when they are given back', async () => {
    expect((await createKey('carol')).status).toBe(403);
    const { id } = await elevated(current.world, 'carol');
    expect((await createKey('carol')).status).toBe(202);
    expect((await createKey('dan')).status).toBe(403);
    const { body } = await list('ada');
    expect(body.items).toMatchObject([{ id, name: 'carol', isActive: true }]);

    expect((await revoke('carol', id)).body).toMatchObject({ id, isActive: false });
    expect((await createKey('carol')).status).toBe(403);
    expect((await list('ada')).body.items).toMatchObject([{ revokedBy: 'usr_carol' }]);
  });

  it('end by the clock, without anybody’s doing', async () => {
    await elevated(current.world, 'carol', { seconds: 30 });
    current.world.clock.advance(30);

    expect((await createKey('carol')).status).toBe(403);
    expect((await list('carol')).body.items).toMatchObject([{ isActive: false, revokedAt: null }]);
  });

  it('are ended early by operators and custodians, and by nobody else', async () => {
    const { id } = await elevated(current.world, 'carol');
    for (const user of ['olga', 'ada', 'mallory'])
      expect((await revoke(user, id)).status).toBe(403);
    expect(await elevationsOf(current.world)).toMatchObject([{ revokedAt: null }]);

    expect((await revoke('bob', id)).status).toBe(200);
    for (const wrong of ['elv_01JD2Q4Y8Z5V7K3M9N6P0R1S2T', '../keys', ''])
      expect((await revoke('bob', wrong)).status).toBe(404);
  });

  it('are closed when the record of them cannot be read', async () => {
    await elevated(current.world, 'carol');
    const { store } = current.world;
    store.readElevations = async () => {
      throw new Error('the table is away');
    };

    expect((await createKey('carol')).status).toBe(500);
    expect((await createKey('alice')).status).toBe(202);
  });
});
