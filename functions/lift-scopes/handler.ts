// SPDX-License-Identifier: Apache-2.0
// Goes on with scopes whose suspension people decided to lift. Apart from the functions that stop keys: none of those can
// start what lets one be used again, and this one stops nothing. Only the schedule may invoke it.
import { z } from 'zod';
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import { sweepLifts } from '#core/operations/lift-scope.ts';
import { CONTAINMENT_RULES } from '#policies/containment-rules.ts';
import { environmentOf } from '../shared/environment.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { ledger, scopeRows, workflows } from '../shared/wiring.ts';

const environment = environmentOf('lift-scopes');
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  scopes: scopeRows(environment.TABLE_NAME),
  containmentRules: CONTAINMENT_RULES,
  workflows: workflows({ 'resume-key': environment.RESUME_KEY_ARN }),
  clock: systemClock,
  ids: ulidIds,
};
/** Of the 60 s that it may run; no key is begun behind that. */
const WORK_SECONDS = 40;

export const handler = stepHandler(z.unknown(), async () => ({
  lifting: await sweepLifts(deps, WORK_SECONDS),
}));
