// SPDX-License-Identifier: Apache-2.0
// What the function that time drives adds to its use cases: consumers that lag are counted for an alarm, and a key that
// could not be looked at is an error, behind all other work.
import { beforeEach, expect, it } from 'vitest';
import { METRICS } from '#core/contract/metrics.ts';
import { KeyturnError } from '#core/errors.ts';
import { registered } from '#test/support/consumers.ts';
import { suspended } from '#test/support/containment.ts';
import { current, renewWorld } from '#test/support/functions.ts';
import { metrics } from '#test/support/metrics.ts';
import { Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';

const { handler } = await import('#functions/tend-approval/handler.ts');
const resume = () => handler({ act: 'resume' }, {});

beforeEach(async () => {
  metrics.length = 0;
  await renewWorld();
  await withActiveKey(current.world);
  const simulation = new Simulation(current.world);
  await registered(simulation);
  await suspended(simulation);
  current.world.clock.advance(300);
});

it('counts each consumer that lags once', async () => {
  expect(await resume()).toEqual({ started: 0, asked: 0 });
  expect(metrics).toEqual([[METRICS.purgeOverdue.name, 'Count', 1], ['published']]);
  await resume();
  expect(metrics).toHaveLength(2);
});

it('fails, behind its other work, when a key could not be looked at', async () => {
  current.world.onCall = ({ method, phase }) => {
    if (method === 'readKey' && phase === 'before')
      throw new KeyturnError('DependencyUnavailable', 'no answer');
  };
  await expect(resume()).rejects.toThrow('consumers of orders could not be looked at');
  expect(await current.world.store.readDecisionPolicy()).not.toBeNull();
  expect(metrics).toEqual([]);

  current.world.onCall = () => {};
  await resume();
  expect(metrics).toEqual([[METRICS.purgeOverdue.name, 'Count', 1], ['published']]);
});
