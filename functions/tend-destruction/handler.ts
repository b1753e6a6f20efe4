// SPDX-License-Identifier: Apache-2.0
// Says what a destruction needs next, and starts those whose time has come. It decides, and reaches no key.
import { z } from 'zod';
import { systemClock } from '#adapters/system/system.ts';
import { nextDestructionStep, resumeDestructions } from '#core/operations/advance-destruction.ts';
import { environmentOf } from '../shared/environment.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { ledger, pauseRows, workflows } from '../shared/wiring.ts';

const environment = environmentOf('tend-destruction');
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  pauses: pauseRows(environment.TABLE_NAME),
  clock: systemClock,
  workflows: workflows({ 'destroy-key': environment.DESTROY_KEY_ARN }),
};
const Input = z.discriminatedUnion('act', [
  z.object({
    act: z.literal('next'),
    key: z.string(),
    version: z.int().positive(),
    isLook: z.boolean(),
  }),
  z.object({ act: z.literal('resume') }),
]);

export const handler = stepHandler(Input, async (input) => {
  if (input.act === 'next') return nextDestructionStep(deps, input);
  return { started: await resumeDestructions(deps) };
});
