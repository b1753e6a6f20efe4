// SPDX-License-Identifier: Apache-2.0
// Mass brakes over the real middleware: asked for, applied by the function that may, shown, lifted by a quorum.
import '#test/support/functions.ts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { RouteId } from '#core/contract/routes.ts';
import { execute, vote } from '#test/support/approvals.ts';
import { ACCOUNT, type Call, current, renewWorld, request } from '#test/support/functions.ts';
import { CONSUMER } from '#test/support/world.ts';

vi.mock('#adapters/iam/role-brake.ts', () => ({
  IamRoleBrake: class {
    braked = () => current.world.roleBrake.braked();
    apply = (role: string) => current.world.roleBrake.apply(role);
    lift = (role: string) => current.world.roleBrake.lift(role);
  },
}));
const { handler } = await import('#functions/manage-brakes/handler.ts');
const { handler: applyBrakes } = await import('#functions/apply-brakes/handler.ts');

const ALL = { kind: 'all', value: null };
const BODY = { scope: ALL, reason: 'a library sends keys away' };
let calls = 0;
const call = (route: RouteId, given: Partial<Call> = {}) => {
  calls += 1;
  const headers = { 'Idempotency-Key': `brake-${calls}` };
  return request(handler, route, { as: { person: 'alice' }, headers, ...given });
};
const apply = (given: Partial<Call> = {}) => call('applyBrake', { body: BODY, ...given });
const shown = async (id: string) => (await call('getBrake', { path: { id } })).body;

beforeEach(async () => {
  await renewWorld();
  current.world.roleBrake.roles.add('orders-api');
  await current.world.admitKey();
});

async function decided(approvalId: string): Promise<void> {
  const approval = await current.world.store.readApproval(approvalId);
  if (!approval) throw new Error('nobody is asked');
  for (const user of ['bob', 'carol']) await vote(current.world, approval, user);
  await execute(current.world, approval);
}

describe('mass brakes', () => {
  it('are applied alone in an emergency, shown, and lifted by a quorum', async () => {
    const answer = await apply({ body: { ...BODY, emergency: true } });
    expect(answer).toMatchObject({ status: 202, body: { approvalId: null } });
    const { brakeId: id, reviewId } = answer.body;
    expect(answer.headers).toMatchObject({ location: `/v1/brakes/${id}` });
    expect(reviewId).toMatch(/^apr_/);
    expect(await shown(id)).toMatchObject({
      ...{ state: 'applying', isEmergency: true, isReviewOpen: true, roles: [], isFull: false },
    });

    expect(await applyBrakes({})).toEqual({ brakes: 1, open: 0 });
    expect(await shown(id)).toMatchObject({
      ...{ state: 'applied', counts: { applied: 1 }, confirmedAt: expect.any(String) },
      roles: [{ role: CONSUMER, state: 'applied', cause: null }],
    });
    const { items } = (await call('listBrakes', { as: { person: 'ada' } })).body;
    expect(items).toMatchObject([{ id, state: 'applied', counts: { applied: 1, failed: 0 } }]);
    expect(items[0]).not.toHaveProperty('roles');

    const lift = (given: Partial<Call> = {}) =>
      call('liftBrake', { path: { id }, body: { reason: 'replaced' }, ...given });
    expect((await lift({ as: { person: 'olga' } })).status).toBe(403);
    const asked = await lift();
    expect(asked).toMatchObject({ status: 202, body: { operationId: null } });
    expect([...current.world.roleBrake.attached]).toEqual(['orders-api']);
    await decided(asked.body.approvalId);
    await applyBrakes({});
    expect([...current.world.roleBrake.attached]).toEqual([]);
    current.world.clock.advance(60);
    await applyBrakes({});
    expect(await shown(id)).toMatchObject({ state: 'lifted', lift: { by: 'usr_alice' } });
    expect((await call('listBrakes')).body.items).toMatchObject([{ id, state: 'lifted' }]);
    expect((await lift()).status).toBe(409);
  });

  it('are a request where nobody has an emergency, and after the first of an hour', async () => {
    const answer = await apply();
    expect(answer).toMatchObject({ status: 202, body: { brakeId: null, reviewId: null } });
    expect(await applyBrakes({})).toEqual({ brakes: 0, open: 0 });
    await decided(answer.body.approvalId);
    expect(await applyBrakes({})).toEqual({ brakes: 1, open: 0 });

    const emergency = { ...BODY, emergency: true };
    expect((await apply({ body: emergency })).body.brakeId).toMatch(/^brk_/);
    expect((await apply({ body: emergency })).body).toMatchObject({ brakeId: null });
  });

  it('say of what they did not reach how much, each time', async () => {
    current.world.roleBrake.faults.set('orders-api', 'TooManyPolicies');
    const { brakeId } = (await apply({ body: { ...BODY, emergency: true } })).body;
    expect(await applyBrakes({})).toEqual({ brakes: 1, open: 1 });
    expect(await applyBrakes({})).toEqual({ brakes: 1, open: 1 });
    expect(await shown(brakeId)).toMatchObject({
      ...{ state: 'applying', roles: [{ state: 'failed', cause: 'TooManyPolicies' }] },
    });
  });

  it('are never put on a role that Keyturn needs', async () => {
    const value = `arn:aws:iam::${ACCOUNT}:role/keyturn-local-reencrypt`;
    for (const emergency of [true, false]) {
      const body = { ...BODY, emergency, scope: { kind: 'role', value } };
      expect(await apply({ body })).toMatchObject({ status: 409, body: { code: 'RoleProtected' } });
    }
  });

  it.each(['olga', 'bob', 'ada'])('are not applied by %s', async (user) => {
    expect((await apply({ as: { person: user } })).status).toBe(403);
  });

  it.each([
    { scope: { kind: 'all', value: 'x' } },
    { scope: { kind: 'owner', value: null } },
    { scope: { kind: 'role', value: 'orders-api' } },
    { scope: { kind: 'host', value: 'nobody-has-it' } },
    { scope: undefined },
    { reason: '' },
    { until: 'ever' },
  ])('are not applied with %j', async (patch) => {
    expect((await apply({ body: { ...BODY, emergency: true, ...patch } })).status).toBe(400);
  });

  it('are not there under other ids', async () => {
    for (const id of ['brk_none', `brk_${'0'.repeat(26)}`]) {
      expect((await call('getBrake', { path: { id } })).status).toBe(404);
      expect((await call('liftBrake', { path: { id }, body: {} })).status).toBe(404);
    }
  });
});
