// SPDX-License-Identifier: Apache-2.0
// Who decides changes only by those who decide (threat T8).
import { beforeEach, describe, expect, it } from 'vitest';
import { verifyChain } from '#core/audit/chain.ts';
import {
  DECISION_STREAM,
  recordFirstPolicy,
  withdrawPolicy,
} from '#core/operations/activate-policy.ts';
import { decisionDigest } from '#core/policies/decision-policy.ts';
import { approvalOf, ask, execute, vote } from '#test/support/approvals.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, PERMIT, type World } from '#test/support/world.ts';

const change = (world: World) => ask(world, 'quorum.change', {});
const lowered = (world: World) => {
  world.rules = world.rules.map((rule) =>
    rule.name === 'what-cannot-be-undone' || rule.name === 'what-changes-who-decides'
      ? { ...rule, required: 1, signed: false }
      : rule,
  );
};
const joined = (world: World, ...users: string[]) => {
  const people = users.map((user) => ({
    user,
    sub: `usr_${user}`,
    groups: ['grp_custodians'],
    teams: [],
  }));
  world.people = [...world.people, ...people];
};

describe('changing who decides', () => {
  let world: World;
  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    await recordFirstPolicy(world.deps);
  });
  const policy = async () => {
    const record = await world.store.readDecisionPolicy();
    if (!record) throw new Error('no policy is recorded');
    return record;
  };
  const agree = async () => {
    const approval = await change(world);
    for (const user of ['bob', 'carol', 'dan']) await vote(world, approval, user);
    return approval;
  };

  it('records the first once', async () => {
    expect(await recordFirstPolicy(world.deps)).toBe(false);
    expect(await policy()).toMatchObject({
      active: { digest: decisionDigest(world.deployed), approvalId: null },
      next: null,
      revision: 1,
    });
  });

  it('refuses to ask for what is in force', async () => {
    await expect(change(world)).rejects.toMatchObject({ name: 'NothingToActivate' });
  });

  it('asks as many as the old rule does, signed, where the new one asks fewer', async () => {
    lowered(world);
    const approval = await change(world);

    expect(approval.rule).toMatchObject({ required: 3, signed: true, slack: false });
    expect(approval.what).toMatch(/required 3 becomes 1/);
    await vote(world, approval, 'bob');
    expect((await approvalOf(world, approval.id)).state).toBe('pending');
  });

  it('asks as many as the new rule does where the old one asks fewer', async () => {
    world.rules = world.rules.map((rule) =>
      rule.name === 'what-changes-who-decides' ? { ...rule, required: 5 } : rule,
    );

    expect((await change(world)).rule.required).toBe(5);
  });

  it('lets nobody vote whom the change itself brings', async () => {
    joined(world, 'mallory', 'trudy', 'eve');
    const approval = await change(world);

    expect(approval.roster.map(({ user }) => user)).not.toContain('mallory');
    await expect(vote(world, approval, 'mallory')).rejects.toMatchObject({ name: 'NotEligible' });
  });

  it('comes into force after the delay, not before', async () => {
    lowered(world);
    const approval = await agree();
    await execute(world, approval);

    expect(
      (await world.deps.electorate.rules()).find(({ name }) => name === 'key-stores'),
    ).toBeDefined();
    const required = async () =>
      (await world.deps.electorate.rules()).find(({ name }) => name === 'what-cannot-be-undone')
        ?.required;
    expect(await required()).toBeUndefined();
    world.clock.advance(59);
    expect(await required()).toBeUndefined();
    world.clock.advance(1);
    expect(await required()).toBe(1);
    await expect(change(world)).rejects.toMatchObject({ name: 'NothingToActivate' });
  });

  it('holds requests made meanwhile to the old rule: a lowered quorum cannot be used in the same hour', async () => {
    world.rules = world.rules.map((rule) =>
      rule.name === 'daily-work' ? { ...rule, required: 1 } : rule,
    );
    await execute(world, await agree());
    const other = await ask(world, 'key.release', { key: 'orders' });

    expect(other.rule.required).toBe(2);
    world.clock.advance(61);
    // What was asked before stays as it was asked.
    await vote(world, other, 'bob');
    expect((await approvalOf(world, other.id)).state).toBe('pending');
  });

  it('lapses when another policy was deployed after the request', async () => {
    lowered(world);
    const approval = await agree();
    joined(world, 'mallory');

    expect(await execute(world, approval)).toMatchObject({ state: 'lapsed' });
    expect((await policy()).next).toBeNull();
  });

  it('is done once, and the chain shows it', async () => {
    lowered(world);
    const approval = await agree();
    await execute(world, approval);
    await execute(world, approval);

    const { records, head } = await world.store.readAudit(DECISION_STREAM, 0, 100);
    expect(records.map(({ action }) => action)).toEqual([
      'decision-policy.first',
      'decision-policy.scheduled',
    ]);
    expect(records[1]?.detail).toMatchObject({ approval: approval.id });
    expect(verifyChain(DECISION_STREAM, records, head)).toBeNull();
  });

  it('can be taken back while it waits, by one, and not after', async () => {
    lowered(world);
    await execute(world, await agree());

    await withdrawPolicy(world.deps, ALICE, PERMIT);
    expect((await policy()).next).toBeNull();
    await expect(withdrawPolicy(world.deps, ALICE, PERMIT)).rejects.toMatchObject({
      name: 'NothingToActivate',
    });
    world.clock.advance(120);
    expect((await change(world)).rule.required).toBe(3);
  });

  it('cannot be asked for where old and new share too few people', async () => {
    world.people = world.people.filter(({ user }) => !['bob', 'carol', 'dan'].includes(user));
    joined(world, 'mallory', 'trudy', 'eve');

    await expect(change(world)).rejects.toMatchObject({ name: 'ApprovalImpossible' });
  });
});
