// SPDX-License-Identifier: Apache-2.0
// Asked with `act: direct`, it says which way a failed operation goes; with `act: park`, it parks it.
import { z } from 'zod';
import { systemClock } from '#adapters/system/system.ts';
import { METRICS } from '#core/contract/metrics.ts';
import { directionAfterFailure, parkOperation } from '#core/operations/end-operation.ts';
import { counter } from '../shared/counting.ts';
import { environmentOf } from '../shared/environment.ts';
import { FailureSchema, StepInputSchema, stepHandler } from '../shared/step-handler.ts';
import { ledger } from '../shared/wiring.ts';

const environment = environmentOf('park-operation');
const deps = { ledger: ledger(environment.TABLE_NAME), clock: systemClock };
const countParked = counter(METRICS.parkedOperations);
const Input = StepInputSchema.extend({ act: z.enum(['direct', 'park']), failure: FailureSchema });

export const handler = stepHandler(Input, async (input) => {
  if (input.act === 'direct') return { direction: await directionAfterFailure(deps, input) };
  await parkOperation(deps, input, environment.RETRY_AFTER_SECONDS);
  countParked(1);
  return {};
});
