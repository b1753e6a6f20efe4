// SPDX-License-Identifier: Apache-2.0
import { BudgetedKeyCreator } from '#adapters/budget/budgeted-vault.ts';
import { KmsKeyCreator } from '#adapters/kms/key-creator.ts';
import { systemClock } from '#adapters/system/system.ts';
import { laneOf } from '#core/limits/lanes.ts';
import { createVersion } from '#core/operations/create-version.ts';
import { environmentOf } from '../shared/environment.ts';
import { StepInputSchema, stepHandler } from '../shared/step-handler.ts';
import { kmsClient, ledger, policySite, rateBudget } from '../shared/wiring.ts';

const environment = environmentOf('create-version');
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  clock: systemClock,
  stage: environment.STAGE,
};
const kms = new KmsKeyCreator(kmsClient(), policySite(environment));
const budget = rateBudget(environment.TABLE_NAME, environment.KMS_BUDGET);

export const handler = stepHandler(StepInputSchema, (input) => {
  const lane = () => laneOf(deps.ledger, input.operationId);
  return createVersion({ ...deps, creator: new BudgetedKeyCreator(kms, budget, lane) }, input);
});
