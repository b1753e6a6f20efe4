// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { acknowledge } from '#core/operations/acknowledge-rotation.ts';
import { ask, execute, vote } from '#test/support/approvals.ts';
import { registered } from '#test/support/consumers.ts';
import { Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { aWorld, PERMIT, type World } from '#test/support/world.ts';

describe('forcing a rotation', () => {
  let world: World;
  let simulation: Simulation;
  let id: string;
  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    world.waits = { settleSeconds: 5, bakeSeconds: 0 };
    simulation = new Simulation(world);
    await registered(simulation, 'billing');
    await registered(simulation, 'shipping');
    id = await world.admitRotation();
    await simulation.runStarted();
  });
  const force = () => ask(world, 'rotation.force', { operationId: id });
  const approve = async () => {
    const approval = await force();
    await vote(world, approval, 'bob');
    return vote(world, approval, 'carol');
  };
  const ack = (consumer: string) =>
    acknowledge(world.deps, {
      operationId: id,
      consumer,
      version: 2,
      by: consumer,
      decision: PERMIT,
    });

  it('names who would break, and switches without them', async () => {
    const approval = await approve();
    expect(approval).toMatchObject({
      key: 'orders',
      version: 2,
      what: 'Switch orders to v2 without waiting for billing, shipping',
      blast: { consumers: 2 },
    });

    expect(await execute(world, approval)).toMatchObject({ state: 'executed', executedAs: id });
    await simulation.runStarted();

    expect(await world.store.readOperation(id)).toMatchObject({ state: 'done' });
    expect(await world.key()).toMatchObject({ currentVersion: 2 });
    expect(await world.actions()).toContain('rotation.forced');
  });

  it('does no harm to one who answers meanwhile', async () => {
    const approval = await approve();
    await ack('billing');
    expect(await execute(world, approval)).toMatchObject({ state: 'executed' });
  });

  it('is stale when everybody has answered', async () => {
    const approval = await approve();
    await ack('billing');
    await ack('shipping');
    expect(await execute(world, approval)).toMatchObject({ state: 'lapsed' });
  });

  it('makes no sense for a rotation that does not wait', async () => {
    await ack('billing');
    await ack('shipping');
    await expect(force()).rejects.toMatchObject({ name: 'TransitionForbidden' });
  });
});
