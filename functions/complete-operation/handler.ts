// SPDX-License-Identifier: Apache-2.0
import { BudgetedKeyUntagger } from '#adapters/budget/budgeted-vault.ts';
import { KmsKeyUntagger } from '#adapters/kms/key-administration.ts';
import { systemClock } from '#adapters/system/system.ts';
import { completeOperation } from '#core/operations/end-operation.ts';
import { environmentOf } from '../shared/environment.ts';
import { StepInputSchema, stepHandler } from '../shared/step-handler.ts';
import { kmsClient, ledger, rateBudget } from '../shared/wiring.ts';

const environment = environmentOf('complete-operation');
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  clock: systemClock,
  untagger: new BudgetedKeyUntagger(
    new KmsKeyUntagger(kmsClient()),
    rateBudget(environment.TABLE_NAME, environment.KMS_BUDGET),
  ),
};

export const handler = stepHandler(StepInputSchema, (input) => completeOperation(deps, input));
