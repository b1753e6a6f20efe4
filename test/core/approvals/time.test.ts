// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { recordDelivery, resumeApprovals, tendApproval } from '#core/operations/tend-approval.ts';
import { approvalOf, ask, vote } from '#test/support/approvals.ts';
import { registered } from '#test/support/consumers.ts';
import { Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { aWorld, type World } from '#test/support/world.ts';

describe('the time of a request', () => {
  let world: World;
  let approval: ApprovalRecord;
  const WINDOW = 86_400;
  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    await registered(new Simulation(world));
    approval = await ask(world, 'key.release', { key: 'orders' });
  });
  const tend = () => tendApproval(world.deps, approval.id);
  const state = async () => (await approvalOf(world, approval.id)).state;

  it('reminds at 50 % and at 80 %, once each, and expires', async () => {
    expect(await tend()).toEqual({ state: 'pending', waitSeconds: WINDOW / 2 });
    world.clock.advance(WINDOW / 2);
    expect(await tend()).toEqual({ state: 'pending', waitSeconds: 0.3 * WINDOW });
    const { revision } = await approvalOf(world, approval.id);
    await tend();
    expect((await approvalOf(world, approval.id)).revision).toBe(revision);
    world.clock.advance(0.3 * WINDOW);
    await tend();
    expect((await approvalOf(world, approval.id)).remindedPercent).toBe(80);
    world.clock.advance(0.2 * WINDOW);
    expect((await tend()).state).toBe('expired');
    const { records } = await world.store.readAudit(`approval/${approval.id}`, 0, 10);
    expect(records.map(({ action }) => action)).toEqual([
      'approval.requested',
      'approval.reminded',
      'approval.escalated',
      'approval.expired',
    ]);
  });

  it('gives half as much time again, once, when nobody could be told', async () => {
    const told = (delivered: boolean) =>
      recordDelivery(world.deps, { id: approval.id, channel: 'email', delivered });
    await told(false);
    await told(false);
    world.clock.advance(WINDOW);
    expect(await tend()).toMatchObject({ state: 'pending' });
    await vote(world, approval, 'bob');
    world.clock.advance(WINDOW / 2);
    expect((await tend()).state).toBe('expired');
  });

  it('goes on with its votes when its execution was lost', async () => {
    await vote(world, approval, 'bob');
    world.clock.advance(WINDOW / 2 + 59);
    expect(await resumeApprovals(world.deps)).toBe(0);
    world.clock.advance(2);
    expect(await resumeApprovals(world.deps)).toBe(1);
    expect(await resumeApprovals(world.deps)).toBe(0);

    expect(world.workflows.started.at(-1)).toMatchObject({
      kind: 'approve',
      operationId: approval.id,
      attempt: 2,
    });
    await vote(world, approval, 'carol');
    expect(await state()).toBe('approved');
  });

  it('executes what was approved even when the execution was lost behind the last vote', async () => {
    await vote(world, approval, 'bob');
    await vote(world, approval, 'carol');
    world.clock.advance(61);
    expect(await resumeApprovals(world.deps)).toBe(1);
    expect(world.workflows.started.at(-1)?.input).toMatchObject({ wait: { state: 'approved' } });
  });

  it('ends by the sweep alone, when nothing else is left', async () => {
    world.clock.advance(2 * WINDOW);
    expect(await resumeApprovals(world.deps)).toBe(0);
    expect(await state()).toBe('expired');
  });
});
