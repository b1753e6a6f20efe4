// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { BudgetedAliasWriter } from '#adapters/budget/budgeted-vault.ts';
import { KmsAliasWriter } from '#adapters/kms/key-administration.ts';
import { systemClock } from '#adapters/system/system.ts';
import { laneOf } from '#core/limits/lanes.ts';
import { nameVersion, probeAlias, switchAlias } from '#core/operations/place-alias.ts';
import { CLASSES } from '#policies/classes.ts';
import { environmentOf } from '../shared/environment.ts';
import { StepInputSchema, stepHandler } from '../shared/step-handler.ts';
import { kmsClient, ledger, rateBudget } from '../shared/wiring.ts';

const environment = environmentOf('place-alias');
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  clock: systemClock,
  classes: CLASSES,
};
const kms = new KmsAliasWriter(kmsClient());
const budget = rateBudget(environment.TABLE_NAME, environment.KMS_BUDGET);
const ACTS = { version: nameVersion, current: switchAlias, probe: probeAlias } as const;
const Input = StepInputSchema.extend({ alias: z.enum(['version', 'current', 'probe']) });

export const handler = stepHandler(Input, ({ alias, ...input }) => {
  const lane = () => laneOf(deps.ledger, input.operationId);
  return ACTS[alias]({ ...deps, aliases: new BudgetedAliasWriter(kms, budget, lane) }, input);
});
