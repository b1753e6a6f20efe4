// SPDX-License-Identifier: Apache-2.0
// What the function of a run's steps adds to its use cases: a run that parks is counted, for an alarm.
import { beforeEach, expect, it } from 'vitest';
import { METRICS } from '#core/contract/metrics.ts';
import { current, renewWorld } from '#test/support/functions.ts';
import { metrics } from '#test/support/metrics.ts';
import { admit, register } from '#test/support/reencryption.ts';
import { withActiveKey } from '#test/support/steps.ts';

process.env['RETRY_AFTER_SECONDS'] = '300';
const { handler } = await import('#functions/track-reencryption/handler.ts');

beforeEach(async () => {
  metrics.length = 0;
  await renewWorld();
  await withActiveKey(current.world);
  await register(current.world);
});

it('counts a run that parks, and none that a newer attempt has taken over', async () => {
  const { operationId } = await admit(current.world);
  const run = await handler({ act: 'begin', operationId, attempt: 1 }, {});
  const park = { ...run, act: 'park', failure: { Error: 'Throttled', Cause: '' } };

  await expect(handler({ ...park, fence: 99 }, {})).rejects.toMatchObject({ name: 'LeaseLost' });
  expect(metrics).toEqual([]);
  await handler(park, {});
  expect((await current.world.snapshot()).reencryption).toMatchObject({ state: 'parked' });
  expect(metrics).toEqual([[METRICS.parkedReencryptions.name, 'Count', 1], ['published']]);
});
