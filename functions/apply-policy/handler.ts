// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { BudgetedPolicyWriter } from '#adapters/budget/budgeted-vault.ts';
import { KmsPolicies } from '#adapters/kms/key-administration.ts';
import { systemClock } from '#adapters/system/system.ts';
import { laneOf } from '#core/limits/lanes.ts';
import { closePolicy, openPolicy, restrictPolicy } from '#core/operations/apply-policy.ts';
import { applyAccess } from '#core/operations/update-access.ts';
import { environmentOf } from '../shared/environment.ts';
import { StepInputSchema, stepHandler } from '../shared/step-handler.ts';
import { kmsClient, ledger, policySite, rateBudget } from '../shared/wiring.ts';

const environment = environmentOf('apply-policy');
const deps = { ledger: ledger(environment.TABLE_NAME), clock: systemClock };
const kms = new KmsPolicies(kmsClient(), policySite(environment));
const budget = rateBudget(environment.TABLE_NAME, environment.KMS_BUDGET);
const ACTS = {
  open: openPolicy,
  restrict: restrictPolicy,
  close: closePolicy,
  access: applyAccess,
} as const;
const Input = StepInputSchema.extend({ act: z.enum(['open', 'restrict', 'close', 'access']) });

export const handler = stepHandler(Input, ({ act, ...input }) => {
  const lane = () => laneOf(deps.ledger, input.operationId);
  return ACTS[act]({ ...deps, policies: new BudgetedPolicyWriter(kms, budget, lane) }, input);
});
