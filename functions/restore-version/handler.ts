// SPDX-License-Identifier: Apache-2.0
// Gives a KMS key back whose destruction was stopped. It can take none away.
// Only the workflow `destroy-key` may invoke it.
import { z } from 'zod';
import { BudgetedKeyReviver } from '#adapters/budget/budgeted-destruction.ts';
import { KmsKeyReviver } from '#adapters/kms/key-destruction.ts';
import { systemClock } from '#adapters/system/system.ts';
import { restoreVersion } from '#core/operations/remove-version.ts';
import { environmentOf } from '../shared/environment.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { kmsClient, ledger, rateBudget } from '../shared/wiring.ts';

const environment = environmentOf('restore-version');
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  clock: systemClock,
  reviver: new BudgetedKeyReviver(
    new KmsKeyReviver(kmsClient()),
    rateBudget(environment.TABLE_NAME, environment.KMS_BUDGET),
    async () => 'priority',
  ),
};
const Input = z.object({ key: z.string(), version: z.int().positive() });

export const handler = stepHandler(Input, async (target) => {
  await restoreVersion(deps, target);
  return {};
});
