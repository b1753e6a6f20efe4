// SPDX-License-Identifier: Apache-2.0
// The steps of a run around its workers, and the sweep's look for runs that are due. It never touches KMS or data.
import { z } from 'zod';
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import { METRICS } from '#core/contract/metrics.ts';
import { beginRun, closePass, parkRun } from '#core/operations/close-pass.ts';
import {
  findDueReencryptions,
  type ReencryptionStart,
} from '#core/operations/start-reencryption.ts';
import { counter } from '../shared/counting.ts';
import { environmentOf } from '../shared/environment.ts';
import { FailureSchema, StepInputSchema, stepHandler } from '../shared/step-handler.ts';
import { ledger, pauseRows, reencryptionProgress } from '../shared/wiring.ts';

/** Runs that one sweep starts at most: each is an execution of its own. */
const RUNS_PER_SWEEP = 50;

const environment = environmentOf('track-reencryption');
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  pauses: pauseRows(environment.TABLE_NAME),
  progress: reencryptionProgress(environment.TABLE_NAME),
  clock: systemClock,
  ids: ulidIds,
};
const countParked = counter(METRICS.parkedReencryptions);
/** As the sweep's workflow starts every execution. */
const toStart = ({ executionName, ...input }: ReencryptionStart) => ({ executionName, input });

const Input = z.discriminatedUnion('act', [
  z.object({
    act: z.literal('begin'),
    operationId: z.string().min(1).max(80),
    attempt: z.int().positive(),
  }),
  StepInputSchema.extend({ act: z.literal('close') }),
  StepInputSchema.extend({ act: z.literal('park'), failure: FailureSchema }),
  z.object({ act: z.literal('sweep') }),
]);

export const handler = stepHandler(Input, async (input) => {
  switch (input.act) {
    case 'begin':
      return beginRun(deps, input);
    case 'close':
      return closePass(deps, {
        operationId: input.operationId,
        key: input.key,
        fence: input.fence,
      });
    case 'park':
      await parkRun(deps, input, environment.RETRY_AFTER_SECONDS);
      countParked(1);
      return {};
    case 'sweep':
      return { starts: (await findDueReencryptions(deps, RUNS_PER_SWEEP)).map(toStart) };
  }
});
