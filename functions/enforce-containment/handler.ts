// SPDX-License-Identifier: Apache-2.0
// Makes KMS refuse what the record denies. Only the workflow `revoke-key` may invoke it.
import { z } from 'zod';
import { BudgetedKeyBlocker, BudgetedPolicyWriter } from '#adapters/budget/budgeted-vault.ts';
import { KmsPolicies } from '#adapters/kms/key-administration.ts';
import { KmsKeyBlocker } from '#adapters/kms/key-blocking.ts';
import { systemClock } from '#adapters/system/system.ts';
import { enforceContainment, repeatContainment } from '#core/operations/enforce-containment.ts';
import { environmentOf } from '../shared/environment.ts';
import { StepInputSchema, stepHandler } from '../shared/step-handler.ts';
import { kmsClient, ledger, policySite, rateBudget } from '../shared/wiring.ts';

const environment = environmentOf('enforce-containment');
const kms = kmsClient();
const budget = rateBudget(environment.TABLE_NAME, environment.KMS_BUDGET);
const lane = async () => 'priority' as const;
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  clock: systemClock,
  policies: new BudgetedPolicyWriter(new KmsPolicies(kms, policySite(environment)), budget, lane),
  blocker: new BudgetedKeyBlocker(new KmsKeyBlocker(kms), budget, lane),
};
const ACTS = { enforce: enforceContainment, repeat: repeatContainment } as const;
const Input = StepInputSchema.extend({ act: z.enum(['enforce', 'repeat']) });

export const handler = stepHandler(Input, ({ act, ...input }) => ACTS[act](deps, input));
