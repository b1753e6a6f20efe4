// SPDX-License-Identifier: Apache-2.0
// A rotation and its consumers: told, reminded, acknowledging, and what the class does when some do not. Class `test`
// waits 30 s and undoes the rotation.
import { beforeEach, describe, expect, it } from 'vitest';
import {
  acknowledge,
  cancelRotation,
  extendAcknowledgement,
  readRotation,
  rotationStatus,
} from '#core/operations/acknowledge-rotation.ts';
import type { AcknowledgementPolicy } from '#core/policies/acknowledgement.ts';
import { registered } from '#test/support/consumers.ts';
import { Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { aWorld, PERMIT, type World } from '#test/support/world.ts';

const waits = (waitSeconds: number) => ({ mode: 'wait' as const, waitSeconds, url: null });

describe('a rotation of a key with consumers', () => {
  let world: World;
  let simulation: Simulation;
  let id: string;
  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    // A rotation that waits leaves its execution to end, so that time stands still behind the gate.
    world.waits = { settleSeconds: 5, bakeSeconds: 0 };
    simulation = new Simulation(world);
  });

  /** Starts a rotation and lets its execution run until it waits or ends. */
  async function rotate(): Promise<void> {
    id = await world.admitRotation();
    await simulation.runStarted();
  }
  const operation = () => readRotation(world.store, id);
  const ack = (consumer = 'billing', version = 2) =>
    acknowledge(world.deps, {
      operationId: id,
      consumer,
      version,
      by: `role/${consumer}`,
      decision: PERMIT,
    });
  const status = async () =>
    rotationStatus(await world.snapshot(), await operation(), world.clock.now());
  const sweepAfter = async (seconds: number) => {
    world.clock.advance(seconds);
    await simulation.sweep();
  };
  const policyOf = (patch: Partial<AcknowledgementPolicy>) => {
    const acknowledgement = { windowSeconds: 30, onDeadline: 'abort', maxExtensions: 0, ...patch };
    const classes = world.classes.map((policy) => ({
      ...policy,
      acknowledgement: acknowledgement as AcknowledgementPolicy,
    }));
    Object.assign(world, { classes });
  };

  it('does not wait, record or call anything more for a key without consumers', async () => {
    await rotate();

    expect((await operation()).state).toBe('done');
    const steps = (await operation()).timeline.map(({ step }) => step);
    expect(steps).not.toContain('StageVersion');
    expect(steps).not.toContain('AwaitAcknowledgements');
  });

  it('[INV-10] the alias is not switched before every consumer that answers has done so', async () => {
    await registered(simulation);
    await rotate();

    expect(await world.key()).toMatchObject({ currentVersion: 1 });
    expect(await status()).toMatchObject({ isWaiting: true, lagging: ['billing'] });
    const { records } = await world.store.readAudit('key/orders', 0, 1000);
    const staged = records.find(({ action }) => action === 'version.staged');
    expect(staged?.detail).toMatchObject({
      version: 2,
      alias: 'alias/keyturn/local/orders/v2',
      keyArn: (await world.version(2)).keyArn,
      lagging: 'billing',
      owner: 'olga',
    });
  });

  it('goes on at once with the last acknowledgement, and ends', async () => {
    await registered(simulation);
    await registered(simulation, 'reports', {
      principal: 'arn:aws:iam::444455556666:role/reports',
    });
    await rotate();
    await ack('billing');
    await simulation.runStarted();
    expect(await status()).toMatchObject({ isWaiting: true, lagging: ['reports'] });

    await ack('reports');
    await simulation.runStarted();

    expect(await operation()).toMatchObject({ state: 'done', attempt: 2 });
    expect(await world.key()).toMatchObject({ currentVersion: 2, lease: null });
    expect((await world.snapshot()).consumers.map((one) => one.lastSeenVersion)).toEqual([2, 2]);
    expect(await world.actions()).toContain('acknowledgement.completed');
  });

  it('takes the same acknowledgement twice as one', async () => {
    await registered(simulation);
    await registered(simulation, 'reports', {
      principal: 'arn:aws:iam::444455556666:role/reports',
    });
    await rotate();
    await ack();
    const { revision } = await world.key();

    await ack();

    expect((await world.key()).revision).toBe(revision);
  });

  it('refuses an acknowledgement of another version, of nobody, and of what was undone', async () => {
    await registered(simulation);
    await rotate();

    await expect(ack('billing', 1)).rejects.toMatchObject({ name: 'ValidationFailed' });
    await expect(ack('nobody')).rejects.toMatchObject({ name: 'ConsumerNotFound' });
    await sweepAfter(31);
    await expect(ack()).rejects.toMatchObject({ name: 'TransitionForbidden' });
  });

  it('reminds at 50 and 80 %, then undoes the rotation at its deadline, with the cause', async () => {
    await registered(simulation);
    await rotate();
    const reminders = async () => {
      const { records } = await world.store.readAudit('key/orders', 0, 1000);
      return records
        .filter(({ action }) => /^acknowledgement\.(reminded|overdue)$/.test(action))
        .map(({ action, detail }) => [action, detail['percent'] ?? null, detail['lagging']]);
    };
    await sweepAfter(14);
    expect(await reminders()).toEqual([]);
    await sweepAfter(1);
    expect(await reminders()).toEqual([['acknowledgement.reminded', 50, 'billing']]);
    await sweepAfter(9);
    expect(await reminders()).toHaveLength(2);
    const attempts = simulation.executions.length;

    await sweepAfter(6);

    expect(await reminders()).toEqual([
      ['acknowledgement.reminded', 50, 'billing'],
      ['acknowledgement.reminded', 80, 'billing'],
      ['acknowledgement.overdue', null, 'billing'],
    ]);
    expect(await operation()).toMatchObject({
      state: 'compensated',
      cause: expect.stringMatching(/AcknowledgementsMissing.*billing/),
    });
    expect(await world.key()).toMatchObject({ currentVersion: 1, lease: null, state: 'active' });
    // The sweep itself, one attempt and its undoing: reminders cost no execution of the rotation.
    expect(simulation.executions.length - attempts).toBe(3);
  });

  const cancel = () =>
    cancelRotation(world.deps, {
      operationId: id,
      reason: 'billing is gone',
      by: 'person/alice',
      decision: PERMIT,
    });

  it('is undone when somebody takes it back while it waits; the key is free again', async () => {
    await registered(simulation);
    await rotate();

    await cancel();
    expect(await status()).toMatchObject({ isWaiting: false });
    await simulation.runStarted();

    expect(await operation()).toMatchObject({
      state: 'compensated',
      cause: expect.stringMatching(/RotationCancelled.*person\/alice.*billing is gone/),
    });
    expect(await world.key()).toMatchObject({ currentVersion: 1, lease: null, state: 'active' });
    const { records } = await world.store.readAudit('key/orders', 0, 1000);
    expect(records.filter(({ action }) => action === 'rotation.cancelled')).toMatchObject([
      {
        actor: 'person/alice',
        detail: { version: 2, lagging: 'billing', reason: 'billing is gone' },
      },
    ]);
    const before = records.length;
    await cancel();
    expect((await world.store.readAudit('key/orders', 0, 1000)).records).toHaveLength(before);
    await rotate();
    expect(await operation()).toMatchObject({ state: 'running' });
  });

  it('is undone by the sweep when the start of the attempt that undoes was lost', async () => {
    await registered(simulation);
    await rotate();
    const { start } = world.workflows;
    Object.assign(world.workflows, { start: async () => Promise.reject(new Error('lost')) });
    await expect(cancel()).rejects.toThrow('lost');
    Object.assign(world.workflows, { start });

    // No acknowledgement and no force leads to a switch any more.
    await ack();
    await sweepAfter(1000);

    expect(await operation()).toMatchObject({ state: 'compensated' });
    expect(await world.key()).toMatchObject({ currentVersion: 1, lease: null });
  });

  it('is not taken back once nobody is waited for', async () => {
    await registered(simulation);
    await rotate();
    await ack();
    await simulation.runStarted();

    await expect(cancel()).rejects.toMatchObject({ name: 'TransitionForbidden' });
    expect(await world.key()).toMatchObject({ currentVersion: 2 });
  });

  it('gives the window again where the class extends, so often as it says', async () => {
    policyOf({ onDeadline: 'extend', maxExtensions: 1 });
    await registered(simulation);
    await rotate();

    await sweepAfter(31);
    expect(await status()).toMatchObject({ isWaiting: true });
    expect((await operation()).acknowledgement).toMatchObject({ extensions: 1 });

    await sweepAfter(31);
    expect((await operation()).state).toBe('compensated');
  });

  it('waits on where the class waits for force, telling the owner again and again', async () => {
    policyOf({ onDeadline: 'wait-for-force' });
    await registered(simulation);
    await rotate();

    await sweepAfter(31);
    await sweepAfter(31);

    expect(await status()).toMatchObject({ isWaiting: true });
    const overdue = (await world.actions()).filter((one) => one === 'acknowledgement.overdue');
    expect(overdue).toHaveLength(2);
    await ack();
    await simulation.runStarted();
    expect((await operation()).state).toBe('done');
  });

  it('waits until the instant that a person gives, and takes the same instant twice as one', async () => {
    await registered(simulation);
    await rotate();
    const until = new Date(Date.parse(world.clock.now()) + 600_000).toISOString();
    const extend = () =>
      extendAcknowledgement(world.deps, {
        operationId: id,
        until,
        reason: 'release',
        by: 'usr_alice',
        decision: PERMIT,
      });
    await extend();
    const { revision } = await world.key();
    await extend();
    expect((await world.key()).revision).toBe(revision);

    await sweepAfter(299);

    expect(await status()).toMatchObject({ isWaiting: true });
    expect((await operation()).acknowledgement).toMatchObject({
      deadlineAt: until,
      remindedPercent: 0,
    });
    await sweepAfter(302);
    expect((await operation()).state).toBe('compensated');
  });

  it.each([
    ['before the deadline that it has', -1000],
    ['more than 30 days ahead', 31 * 86_400_000],
  ])('refuses a new deadline %s', async (_what, milliseconds) => {
    await registered(simulation);
    await rotate();
    const until = new Date(Date.parse(world.clock.now()) + milliseconds).toISOString();
    const input = { operationId: id, until, reason: null, by: 'usr_alice', decision: PERMIT };

    await expect(extendAcknowledgement(world.deps, input)).rejects.toMatchObject({
      name: 'ValidationFailed',
    });
  });

  it('counts a consumer that only states a wait as ready after it', async () => {
    await registered(simulation, 'billing', { acknowledgement: waits(10) });
    await rotate();
    expect(await status()).toMatchObject({ isWaiting: true });

    await sweepAfter(10);

    expect((await operation()).state).toBe('done');
    expect((await world.key()).currentVersion).toBe(2);
  });

  it('does not even pause for a wait of nothing, and tells of the version all the same', async () => {
    await registered(simulation, 'billing', { acknowledgement: waits(0) });
    await rotate();

    expect((await operation()).state).toBe('done');
    expect(await world.actions()).toContain('version.staged');
  });

  it('is taken up by the sweep when the start of its next attempt was lost', async () => {
    await registered(simulation);
    await rotate();
    await ack();

    await simulation.settle();

    expect(await operation()).toMatchObject({ state: 'done' });
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'ends although the execution is lost at call %i of the attempt that the last acknowledgement starts',
    async (call) => {
      await registered(simulation);
      await rotate();
      await ack();
      simulation.killAt({ call, phase: 'after', of: 'execution' });
      await simulation.runStarted();

      await simulation.settle();

      expect(await operation()).toMatchObject({ state: 'done' });
      expect((await world.key()).currentVersion).toBe(2);
    },
  );
});
