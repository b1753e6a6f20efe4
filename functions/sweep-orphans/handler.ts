// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { BudgetedKeyRemover } from '#adapters/budget/budgeted-vault.ts';
import { KmsKeyRemover } from '#adapters/kms/key-administration.ts';
import { KmsKeyCreator } from '#adapters/kms/key-creator.ts';
import { systemClock } from '#adapters/system/system.ts';
import { sweepOrphans } from '#core/operations/sweep-orphans.ts';
import { environmentOf } from '../shared/environment.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { kmsClient, ledger, policySite, rateBudget } from '../shared/wiring.ts';

const environment = environmentOf('sweep-orphans');
const kms = kmsClient();
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  clock: systemClock,
  orphans: new KmsKeyCreator(kms, policySite(environment)),
  remover: new BudgetedKeyRemover(
    new KmsKeyRemover(kms),
    rateBudget(environment.TABLE_NAME, environment.KMS_BUDGET),
  ),
};
const Input = z.object({ cursor: z.string().nullable().default(null) });

export const handler = stepHandler(Input, async ({ cursor }) => {
  const swept = await sweepOrphans(
    deps,
    environment.STAGE,
    cursor,
    environment.ORPHAN_GRACE_SECONDS,
  );
  return { verdicts: swept.verdicts, cursor: swept.nextCursor, hasMore: swept.nextCursor !== null };
});
