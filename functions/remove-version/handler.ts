// SPDX-License-Identifier: Apache-2.0
// Disables a KMS key, or schedules its deletion, as the record of its destruction says. It decides nothing.
// Only the workflow `destroy-key` may invoke it.
import { z } from 'zod';
import { BudgetedKeyRetirer } from '#adapters/budget/budgeted-destruction.ts';
import { KmsKeyRetirer } from '#adapters/kms/key-destruction.ts';
import { systemClock } from '#adapters/system/system.ts';
import { removeVersion } from '#core/operations/remove-version.ts';
import { environmentOf } from '../shared/environment.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { kmsClient, ledger, rateBudget } from '../shared/wiring.ts';

const environment = environmentOf('remove-version');
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  clock: systemClock,
  retirer: new BudgetedKeyRetirer(
    new KmsKeyRetirer(kmsClient()),
    rateBudget(environment.TABLE_NAME, environment.KMS_BUDGET),
  ),
};
const Input = z.object({ key: z.string(), version: z.int().positive() });

export const handler = stepHandler(Input, async (target) => {
  await removeVersion(deps, target);
  return {};
});
