// SPDX-License-Identifier: Apache-2.0
// Rights for a while: who may ask for what, that they end by the clock or before, and that no vote is borrowed by them.
import { beforeEach, describe, expect, it } from 'vitest';
import { AccessTableAuthorizer } from '#adapters/access-table/authorizer.ts';
import { actOf } from '#core/approvals/acts/all.ts';
import { verifyChain } from '#core/audit/chain.ts';
import type { Action } from '#core/contract/routes.ts';
import { activeOf, revokeElevation } from '#core/operations/elevations.ts';
import { executeApproved } from '#core/operations/execute-approved.ts';
import { DIRECTORY } from '#policies/directory.ts';
import { ROLE_RULES } from '#policies/roles.ts';
import { approvalOf, execute, vote } from '#test/support/approvals.ts';
import { askElevation, elevated, elevationsOf, seeded } from '#test/support/elevations.ts';
import { aWorld, PERMIT, type World } from '#test/support/world.ts';

let world: World;
beforeEach(async () => {
  world = await aWorld();
});

const may = async (user: string, action: Action) => {
  const authorizer = new AccessTableAuthorizer(ROLE_RULES, DIRECTORY.local, async (sub) =>
    activeOf(await elevationsOf(world), sub, world.clock.now()),
  );
  return authorizer.authorize(seeded(user), action, {});
};
const revoke = (id: string, user = 'bob') =>
  revokeElevation(world.deps, { id, by: seeded(user), decision: PERMIT });

describe('an elevation', () => {
  it('gives one person the rights of a group, named in each decision, until its time is over', async () => {
    expect((await may('carol', 'key:create')).effect).toBe('forbid');
    const { id, until, grantedAt } = await elevated(world, 'carol');

    expect(Date.parse(until) - Date.parse(grantedAt)).toBe(3_600_000);
    expect(await may('carol', 'key:create')).toEqual({
      effect: 'permit',
      rule: `operators-run-the-service by ${id}`,
    });
    expect((await may('dan', 'key:create')).effect).toBe('forbid');
    // What she may anyway, she may not by it.
    expect((await may('carol', 'approval:vote')).rule).toBe('custodians-decide');

    world.clock.advance(3599);
    expect((await may('carol', 'key:create')).effect).toBe('permit');
    world.clock.advance(1);
    expect(await may('carol', 'key:create')).toEqual({
      effect: 'forbid',
      rule: 'no-rule-permits',
    });
  });

  it('gives nothing to who is not in the directory any more', async () => {
    await elevated(world, 'carol');
    const without = DIRECTORY.local.filter(({ user }) => user !== 'carol');
    const authorizer = new AccessTableAuthorizer(ROLE_RULES, without, async () => [
      { id: 'elv_1', group: 'grp_operators' },
    ]);

    expect((await authorizer.authorize(seeded('carol'), 'key:create', {})).effect).toBe('forbid');
  });

  it('needs two others, and never who asks', async () => {
    const approval = await askElevation(world, 'carol');
    expect(approval).toMatchObject({
      what: 'Give carol the rights of grp_operators for 60 min',
      rule: { name: 'short-rights', required: 2 },
    });
    expect(approval.roster.map(({ user }) => user)).not.toContain('carol');
    await expect(vote(world, approval, 'carol')).rejects.toMatchObject({ code: 'NotEligible' });
    await vote(world, approval, 'dan');
    expect((await execute(world, approval)).state).toBe('pending');
    expect(await elevationsOf(world)).toEqual([]);
  });

  it('is granted once, however often its execution is tried', async () => {
    const approval = await askElevation(world, 'carol');
    for (const user of ['dan', 'erin']) await vote(world, approval, user);
    const runs = await Promise.allSettled([1, 2, 3].map(() => execute(world, approval)));

    expect(runs.some(({ status }) => status === 'fulfilled')).toBe(true);
    await execute(world, approval);
    expect(await elevationsOf(world)).toHaveLength(1);
    expect((await approvalOf(world, approval.id)).state).toBe('executed');
  });

  it('that was lost between its write and its answer is there once', async () => {
    const approval = await askElevation(world, 'carol');
    for (const user of ['dan', 'erin']) await vote(world, approval, user);
    world.onCall = ({ method, phase }) => {
      if (method === 'commitElevations' && phase === 'after') throw new Error('crash');
    };
    await expect(execute(world, approval)).rejects.toThrow();
    world.onCall = () => {};

    expect((await executeApproved(world.deps, actOf, approval.id)).state).toBe('executed');
    expect(await elevationsOf(world)).toHaveLength(1);
  });
});

describe('an elevation is refused', () => {
  it.each([
    ['into a group whose members decide', 'alice', { group: 'grp_custodians' }, 'NotServedHere'],
    ['into a group without rights', 'carol', { group: 'grp_everything' }, 'NotServedHere'],
    ['to who is in the group', 'alice', { group: 'grp_operators' }, 'TransitionForbidden'],
    ['to strangers', 'mallory', {}, 'TransitionForbidden'],
  ])('%s', async (_name, user, parameters, code) => {
    await expect(askElevation(world, user, parameters)).rejects.toMatchObject({ code });
    expect(await elevationsOf(world)).toEqual([]);
  });

  it('while the same one holds, and is granted again afterwards', async () => {
    await elevated(world, 'carol');
    await expect(askElevation(world, 'carol')).rejects.toMatchObject({
      code: 'TransitionForbidden',
    });
    world.clock.advance(3600);

    expect((await elevated(world, 'carol')).sub).toBe('usr_carol');
    expect(await elevationsOf(world)).toHaveLength(2);
  });

  it('when two requests for it were approved: the second lapses', async () => {
    const [first, second] = [
      await askElevation(world, 'carol'),
      await askElevation(world, 'carol'),
    ];
    for (const approval of [first, second])
      for (const user of ['dan', 'erin']) await vote(world, approval, user);

    expect((await execute(world, first)).state).toBe('executed');
    expect((await execute(world, second)).state).toBe('lapsed');
    expect(await elevationsOf(world)).toHaveLength(1);
  });

  it('when who asked has changed groups since', async () => {
    const approval = await askElevation(world, 'carol');
    for (const user of ['dan', 'erin']) await vote(world, approval, user);
    world.people = world.people.map((one) =>
      one.user === 'carol' ? { ...one, groups: [...one.groups, 'grp_auditors'] } : one,
    );

    expect((await execute(world, approval)).state).toBe('lapsed');
    expect(await elevationsOf(world)).toEqual([]);
  });
});

describe('ending an elevation early', () => {
  it('holds at once, is told in the audit of its request, and verifies', async () => {
    const { id, approvalId } = await elevated(world, 'carol');
    world.clock.advance(60);
    const ended = await revoke(id);

    expect(ended).toMatchObject({ revokedBy: 'usr_bob', revokedAt: world.clock.now() });
    expect((await may('carol', 'key:create')).effect).toBe('forbid');
    const { records, head } = await world.store.readAudit(`approval/${approvalId}`, 0, 100);
    expect(records.at(-1)).toMatchObject({
      action: 'elevation.revoked',
      actor: 'usr_bob',
      detail: { elevation: id, person: 'usr_carol', group: 'grp_operators' },
    });
    expect(verifyChain(`approval/${approvalId}`, records, head)).toBeNull();
  });

  it('twice changes nothing more, and neither does ending what has ended', async () => {
    const { id } = await elevated(world, 'carol');
    const first = await revoke(id);
    world.clock.advance(10);
    expect(await revoke(id, 'alice')).toEqual(first);
    const short = await elevated(world, 'frank', { seconds: 30 });
    world.clock.advance(30);
    expect(await revoke(short.id)).toMatchObject({ revokedAt: null });
  });

  it('does not find what is not there', async () => {
    await expect(revoke('elv_01JD2Q4Y8Z5V7K3M9N6P0R1S2T')).rejects.toMatchObject({
      code: 'ElevationNotFound',
    });
  });

  it('and another grant at the same time both hold', async () => {
    const { id } = await elevated(world, 'carol');
    await Promise.all([revoke(id), elevated(world, 'frank', { group: 'grp_auditors' })]);

    const items = await elevationsOf(world);
    expect(items.map(({ user, revokedAt }) => [user, revokedAt !== null])).toEqual([
      ['carol', true],
      ['frank', false],
    ]);
  });
});

describe('the list', () => {
  it('shows what has ended for 30 days', async () => {
    await elevated(world, 'carol', { seconds: 30 });
    world.clock.advance(29 * 86_400);
    await elevated(world, 'frank');
    expect(await elevationsOf(world)).toHaveLength(2);
    world.clock.advance(2 * 86_400);
    await elevated(world, 'bob');

    expect((await elevationsOf(world)).map(({ user }) => user)).toEqual(['frank', 'bob']);
  });
});
