// SPDX-License-Identifier: Apache-2.0
// Writes key policies: opens, restricts, closes; gives an adopted key its own back; and lifts a suspension.
import { z } from 'zod';
import {
  BudgetedKeyEnabler,
  BudgetedPolicyRestorer,
  BudgetedPolicyWriter,
} from '#adapters/budget/budgeted-vault.ts';
import { KmsPolicies } from '#adapters/kms/key-administration.ts';
import { KmsKeyEnabler } from '#adapters/kms/key-blocking.ts';
import { S3EvidenceStore } from '#adapters/s3/evidence-store.ts';
import { systemClock } from '#adapters/system/system.ts';
import { laneOf } from '#core/limits/lanes.ts';
import { restorePolicy } from '#core/operations/adopt-version.ts';
import { closePolicy, openPolicy, restrictPolicy } from '#core/operations/apply-policy.ts';
import { liftContainment } from '#core/operations/resume-key.ts';
import { applyAccess } from '#core/operations/update-access.ts';
import { environmentOf } from '../shared/environment.ts';
import { StepInputSchema, stepHandler } from '../shared/step-handler.ts';
import { kmsClient, ledger, policySite, rateBudget, s3Client } from '../shared/wiring.ts';

const environment = environmentOf('apply-policy');
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  clock: systemClock,
  evidence: new S3EvidenceStore(s3Client(environment.STAGE), environment.EVIDENCE_BUCKET),
};
const client = kmsClient();
const kms = new KmsPolicies(client, policySite(environment));
const budget = rateBudget(environment.TABLE_NAME, environment.KMS_BUDGET);
const ACTS = {
  open: openPolicy,
  restrict: restrictPolicy,
  close: closePolicy,
  restore: restorePolicy,
  access: applyAccess,
  lift: liftContainment,
} as const;
const Input = StepInputSchema.extend({
  act: z.enum(['open', 'restrict', 'close', 'restore', 'access', 'lift']),
});

export const handler = stepHandler(Input, ({ act, ...input }) => {
  const lane = () => laneOf(deps.ledger, input.operationId);
  const policies = new BudgetedPolicyWriter(kms, budget, lane);
  const restorer = new BudgetedPolicyRestorer(kms, budget, lane);
  const enabler = new BudgetedKeyEnabler(new KmsKeyEnabler(client), budget, lane);
  return ACTS[act]({ ...deps, policies, restorer, enabler }, input);
});
