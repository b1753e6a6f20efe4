// SPDX-License-Identifier: Apache-2.0
import { BudgetedKeyRemover } from '#adapters/budget/budgeted-vault.ts';
import { KmsKeyRemover } from '#adapters/kms/key-administration.ts';
import { systemClock } from '#adapters/system/system.ts';
import { compensateOperation } from '#core/operations/end-operation.ts';
import { environmentOf } from '../shared/environment.ts';
import { FailureSchema, StepInputSchema, stepHandler } from '../shared/step-handler.ts';
import { kmsClient, ledger, rateBudget } from '../shared/wiring.ts';

const environment = environmentOf('compensate-operation');
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  clock: systemClock,
  remover: new BudgetedKeyRemover(
    new KmsKeyRemover(kmsClient()),
    rateBudget(environment.TABLE_NAME, environment.KMS_BUDGET),
  ),
};

export const handler = stepHandler(StepInputSchema.extend({ failure: FailureSchema }), (input) =>
  compensateOperation(deps, input),
);
