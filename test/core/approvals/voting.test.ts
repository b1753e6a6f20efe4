// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { requestDigest } from '#core/approvals/request-digest.ts';
import { verifyChain } from '#core/audit/chain.ts';
import { approvalStream } from '#core/operations/mutate-approval.ts';
import { cancelApproval } from '#core/operations/tend-approval.ts';
import { approvalOf, ask, execute, person, vote, votersOf } from '#test/support/approvals.ts';
import { registered } from '#test/support/consumers.ts';
import { Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, PERMIT, type World } from '#test/support/world.ts';

describe('voting on an act', () => {
  let world: World;
  let simulation: Simulation;
  let approval: ApprovalRecord;
  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    simulation = new Simulation(world);
    await registered(simulation);
    approval = await ask(world, 'key.release', { key: 'orders' });
  });
  const now = () => approvalOf(world, approval.id);
  const refused = (name: string) => ({ name });

  it('freezes who may vote, by which rule, under one digest, and starts waiting', async () => {
    expect(approval).toMatchObject({
      state: 'pending',
      class: 'test',
      rule: { name: 'daily-work', required: 2 },
      blast: { consumers: 1, topOwners: ['olga'] },
    });
    expect(approval.roster.map(({ user }) => user)).toEqual([
      'bob',
      'carol',
      'dan',
      'erin',
      'frank',
    ]);
    expect(requestDigest(approval)).toBe(approval.digest);
    expect(world.workflows.started.at(-1)).toMatchObject({
      kind: 'approve',
      operationId: approval.id,
    });
  });

  it('[INV-05] an act with a quorum is done once at most, and only with the votes it needs', async () => {
    expect((await vote(world, approval, 'bob')).state).toBe('pending');
    expect(await execute(world, approval)).toMatchObject({ state: 'pending' });
    const approved = await vote(world, approval, 'carol');
    expect(approved).toMatchObject({ state: 'approved', executeBefore: expect.any(String) });

    const first = await execute(world, approval);
    const again = await execute(world, approval);

    expect(first).toMatchObject({ state: 'executed', executedAs: expect.stringMatching(/^op_/) });
    expect(again).toEqual(first);
    await simulation.run('update-access', first.executedAs ?? '', 1);
    expect((await world.key()).releasedAt).not.toBeNull();
    expect(
      (await world.actions()).filter((action) => action === 'key.release-admitted'),
    ).toHaveLength(1);
  });

  it('ends with one denial', async () => {
    await vote(world, approval, 'bob');
    const denied = await vote(world, approval, 'dan', { decision: 'deny', reason: 'not today' });

    expect(denied).toMatchObject({ state: 'denied', cause: 'denied by dan' });
    await expect(vote(world, approval, 'carol')).rejects.toMatchObject(refused('ApprovalClosed'));
    expect(await execute(world, approval)).toMatchObject({ state: 'denied' });
    expect((await world.key()).lease).toBeNull();
  });

  it.each([
    ['who asked', ALICE, 'NotEligible'],
    ['an operator', { ...person('alice'), id: 'usr_other' }, 'NotEligible'],
    ['somebody unknown', person('mallory'), 'NotEligible'],
    ['a workload', { ...person('bob'), kind: 'workload' as const }, 'NotEligible'],
    ['a part of Keyturn', { ...person('bob'), kind: 'system' as const }, 'NotEligible'],
  ])('refuses the vote of %s', async (_who, by, name) => {
    await expect(vote(world, approval, 'bob', { by })).rejects.toMatchObject(refused(name));
    expect((await now()).revision).toBe(approval.revision);
  });

  it('takes the same vote twice as one, and no other vote of the same person', async () => {
    const first = await vote(world, approval, 'bob');
    expect(await vote(world, approval, 'bob')).toEqual(first);
    await expect(vote(world, approval, 'bob', { decision: 'deny' })).rejects.toMatchObject(
      refused('AlreadyVoted'),
    );
    expect(votersOf((await now()).votes)).toEqual(['bob']);
  });

  it('refuses a vote on a request that the voter did not see', async () => {
    const digest = '0'.repeat(64);
    await expect(vote(world, approval, 'bob', { digest })).rejects.toMatchObject(
      refused('ApprovalStale'),
    );
  });

  it('counts nobody who has left since, and needs somebody else instead', async () => {
    await vote(world, approval, 'bob');
    world.people = world.people.filter(({ user }) => user !== 'bob');
    expect((await vote(world, approval, 'carol')).state).toBe('pending');
    expect((await vote(world, approval, 'dan')).state).toBe('approved');
  });

  it('does not execute when the quorum is gone by then', async () => {
    await vote(world, approval, 'bob');
    await vote(world, approval, 'carol');
    world.people = world.people.map((one) => (one.user === 'carol' ? { ...one, groups: [] } : one));

    expect(await execute(world, approval)).toMatchObject({
      state: 'lapsed',
      cause: expect.stringContaining('1 more of 2'),
    });
    expect((await world.key()).lease).toBeNull();
  });

  it('does not let somebody vote who joined after it was asked for', async () => {
    world.people = [
      ...world.people,
      { sub: 'usr_new', user: 'new', groups: ['grp_custodians'], teams: [] },
    ];
    await expect(vote(world, approval, 'new')).rejects.toMatchObject(refused('NotEligible'));
  });

  it('does not execute what has changed since it was asked for', async () => {
    await vote(world, approval, 'bob');
    await vote(world, approval, 'carol');
    await registered(simulation, 'shipping');

    expect(await execute(world, approval)).toMatchObject({
      state: 'lapsed',
      cause: expect.stringContaining('ApprovalStale'),
    });
    expect((await world.key()).releasedAt ?? null).toBeNull();
  });

  it('expires at its end, whatever comes then', async () => {
    await vote(world, approval, 'bob');
    world.clock.advance(approval.rule.windowSeconds);

    await expect(vote(world, approval, 'carol')).rejects.toMatchObject(refused('ApprovalClosed'));
    expect(await now()).toMatchObject({ state: 'expired', dueAt: null });
  });

  it('lapses when its window for execution passes', async () => {
    await vote(world, approval, 'bob');
    await vote(world, approval, 'carol');
    world.clock.advance(approval.rule.executionSeconds + 1);

    expect(await execute(world, approval)).toMatchObject({ state: 'lapsed' });
  });

  it('waits for the operation that holds the key, and then executes', async () => {
    await vote(world, approval, 'bob');
    await vote(world, approval, 'carol');
    const running = await world.admitRotation();
    await expect(execute(world, approval)).rejects.toMatchObject(refused('OperationInProgress'));
    expect((await now()).state).toBe('approved');
    expect(running).toMatch(/^op_/);
  });

  it('is taken back by who asked, and by nobody else', async () => {
    const cancel = (by = ALICE) =>
      cancelApproval(world.deps, { id: approval.id, by, decision: PERMIT });
    await expect(cancel(person('bob'))).rejects.toMatchObject(refused('NotEligible'));
    expect(await cancel()).toMatchObject({ state: 'cancelled' });
    await expect(vote(world, approval, 'bob')).rejects.toMatchObject(refused('ApprovalClosed'));
  });

  it('is one request for one Idempotency-Key', async () => {
    const requests = (await world.store.listApprovals('open', null, 10)).items;
    expect(requests.map(({ id }) => id)).toEqual([approval.id]);
  });

  it('has an audit chain of its own that anybody can verify', async () => {
    await vote(world, approval, 'bob');
    await vote(world, approval, 'carol');
    await execute(world, approval);
    const stream = approvalStream(approval.id);
    const { records, head } = await world.store.readAudit(stream, 0, 100);

    expect(records.map(({ action }) => action)).toEqual([
      'approval.requested',
      'approval.voted',
      'approval.approved',
      'approval.executed',
    ]);
    expect(verifyChain(stream, records, head)).toBeNull();
  });
});

describe('a rule that wants signed votes', () => {
  let world: World;
  let approval: ApprovalRecord;
  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    await registered(new Simulation(world));
    world.rules = world.rules.map((rule) => ({ ...rule, signed: true, slack: false }));
    approval = await ask(world, 'key.release', { key: 'orders' });
  });

  it('refuses an approval without a signature, or with a wrong one, and takes a denial without', async () => {
    await expect(vote(world, approval, 'bob', { signature: null })).rejects.toMatchObject({
      name: 'SignatureRequired',
    });
    world.signatureFault = 'another key signed it';
    await expect(vote(world, approval, 'bob')).rejects.toMatchObject({ name: 'SignatureInvalid' });
    const denied = await vote(world, approval, 'bob', { signature: null, decision: 'deny' });
    expect(denied.state).toBe('denied');
  });

  it('checks every signature again before it executes', async () => {
    await vote(world, approval, 'bob');
    await vote(world, approval, 'carol');
    world.signatureFault = 'the key was taken from the voter';

    expect(await execute(world, approval)).toMatchObject({
      state: 'lapsed',
      cause: expect.stringContaining('bob'),
    });
  });

  it('is not decided in Slack', async () => {
    await expect(vote(world, approval, 'bob', { channel: 'slack' })).rejects.toMatchObject({
      name: 'ChannelNotAllowed',
    });
  });
});
