// SPDX-License-Identifier: Apache-2.0
import {
  BudgetedAliasRemover,
  BudgetedKeyMarker,
  BudgetedKeyRemover,
} from '#adapters/budget/budgeted-vault.ts';
import { KmsAliasRemover, KmsKeyMarker, KmsKeyRemover } from '#adapters/kms/key-administration.ts';
import { systemClock } from '#adapters/system/system.ts';
import { compensateOperation } from '#core/operations/end-operation.ts';
import { environmentOf } from '../shared/environment.ts';
import { FailureSchema, StepInputSchema, stepHandler } from '../shared/step-handler.ts';
import { kmsClient, ledger, rateBudget } from '../shared/wiring.ts';

const environment = environmentOf('compensate-operation');
const client = kmsClient();
const budget = rateBudget(environment.TABLE_NAME, environment.KMS_BUDGET);
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  clock: systemClock,
  remover: new BudgetedKeyRemover(new KmsKeyRemover(client), budget),
  marker: new BudgetedKeyMarker(new KmsKeyMarker(client), budget),
  aliasRemover: new BudgetedAliasRemover(new KmsAliasRemover(client), budget),
};

export const handler = stepHandler(StepInputSchema.extend({ failure: FailureSchema }), (input) =>
  compensateOperation(deps, input),
);
