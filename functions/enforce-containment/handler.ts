// SPDX-License-Identifier: Apache-2.0
// Makes KMS refuse what the record denies. Only the workflows `revoke-key` and `contain-scope` may invoke it, and the
// schedule by which those of a scope go on that were lost.
import { z } from 'zod';
import { BudgetedKeyBlocker, BudgetedPolicyWriter } from '#adapters/budget/budgeted-vault.ts';
import { KmsPolicies } from '#adapters/kms/key-administration.ts';
import { KmsBlockReader, KmsKeyBlocker } from '#adapters/kms/key-blocking.ts';
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import { enforceContainment, repeatContainment } from '#core/operations/enforce-containment.ts';
import { resumeScopes } from '#core/operations/resume-scopes.ts';
import { shouldWait, sweepScope } from '#core/operations/sweep-scope.ts';
import type { Lane } from '#core/ports/rate-budget.ts';
import { CONTAINMENT_RULES } from '#policies/containment-rules.ts';
import { environmentOf } from '../shared/environment.ts';
import { StepInputSchema, stepHandler } from '../shared/step-handler.ts';
import {
  kmsClient,
  ledger,
  policySite,
  rateBudget,
  scopeRows,
  startSlots,
  workflows,
} from '../shared/wiring.ts';

const environment = environmentOf('enforce-containment');
const kms = kmsClient();
const budget = rateBudget(environment.TABLE_NAME, environment.KMS_BUDGET);
const policies = new KmsPolicies(kms, policySite(environment));
/** Thousands of keys of a scope have nearly the whole quota; a key's own proof needs a call at times. */
const blocking = (lane: Lane) => ({
  policies: new BudgetedPolicyWriter(policies, budget, async () => lane),
  blocker: new BudgetedKeyBlocker(new KmsKeyBlocker(kms), budget, async () => lane),
});
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  scopes: scopeRows(environment.TABLE_NAME),
  slots: startSlots(environment.TABLE_NAME),
  containmentRules: CONTAINMENT_RULES,
  workflows: workflows({
    'revoke-key': environment.REVOKE_KEY_ARN,
    'contain-scope': environment.CONTAIN_SCOPE_ARN,
  }),
  clock: systemClock,
  ids: ulidIds,
  ...blocking('priority'),
  blockReader: new KmsBlockReader(kms, policies),
};
const ACTS = { enforce: enforceContainment, repeat: repeatContainment } as const;
const OfKey = StepInputSchema.extend({ act: z.enum(['enforce', 'repeat']) });
const OfScope = z.object({ act: z.literal('sweep'), containmentId: z.string().max(80) });
const OfAll = z.object({ act: z.literal('resume') });
const ofScope = { ...deps, ...blocking('incident') };
/** Ends well within the function's time, whatever its last keys wait for; between two parts KMS is not asked, so few. */
const PART = { page: 300, seconds: 18, atOnce: 8 };

const Input = z.discriminatedUnion('act', [OfKey, OfScope, OfAll]);

export const handler = stepHandler(Input, async (input) => {
  if (input.act === 'resume') return { started: await resumeScopes(deps) };
  if (input.act !== 'sweep') return ACTS[input.act](deps, input);
  const row = await sweepScope(ofScope, input.containmentId, PART);
  return { hasMore: row.state === 'running', mustWait: shouldWait(row) };
});
