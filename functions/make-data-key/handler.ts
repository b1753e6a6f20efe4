// SPDX-License-Identifier: Apache-2.0
import { BudgetedDataKeyMaker } from '#adapters/budget/budgeted-vault.ts';
import { KmsDataKeyMaker } from '#adapters/kms/data-key-maker.ts';
import { systemClock } from '#adapters/system/system.ts';
import { laneOf } from '#core/limits/lanes.ts';
import { makeDataKey } from '#core/operations/make-data-key.ts';
import { CLASSES } from '#policies/classes.ts';
import { environmentOf } from '../shared/environment.ts';
import { StepInputSchema, stepHandler } from '../shared/step-handler.ts';
import { kmsClient, ledger, rateBudget } from '../shared/wiring.ts';

const environment = environmentOf('make-data-key');
const deps = { ledger: ledger(environment.TABLE_NAME), clock: systemClock, classes: CLASSES };
const kms = new KmsDataKeyMaker(kmsClient());
const budget = rateBudget(environment.TABLE_NAME, environment.KMS_BUDGET);

export const handler = stepHandler(StepInputSchema, (input) => {
  const lane = () => laneOf(deps.ledger, input.operationId);
  return makeDataKey({ ...deps, maker: new BudgetedDataKeyMaker(kms, budget, lane) }, input);
});
