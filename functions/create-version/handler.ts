// SPDX-License-Identifier: Apache-2.0
// Makes the KMS key of a version, or asks KMS for new material of the one that is there. Material of origin EXTERNAL is
// generated here, leaves only encrypted to KMS and in shares sealed to custodians, and is wiped.
import { BudgetedKeyCreator, BudgetedMaterialRotator } from '#adapters/budget/budgeted-vault.ts';
import { ageSealer } from '#adapters/escrow/age-sealer.ts';
import { shamirSplitter } from '#adapters/escrow/shamir-splitter.ts';
import { KmsKeyCreator } from '#adapters/kms/key-creator.ts';
import { KmsMaterialImporter } from '#adapters/kms/material-importer.ts';
import { KmsMaterialRotator } from '#adapters/kms/material-rotator.ts';
import { KmsShareSigner } from '#adapters/kms/share-signer.ts';
import { systemClock, systemRandom, ulidIds } from '#adapters/system/system.ts';
import { METRICS } from '#core/contract/metrics.ts';
import { laneOf } from '#core/limits/lanes.ts';
import { createVersion } from '#core/operations/create-version.ts';
import { escrowedMaterial } from '#core/operations/escrowed-material.ts';
import { CLASSES } from '#policies/classes.ts';
import { counter } from '../shared/counting.ts';
import { environmentOf } from '../shared/environment.ts';
import { StepInputSchema, stepHandler } from '../shared/step-handler.ts';
import { custodians, kmsClient, ledger, policySite, rateBudget } from '../shared/wiring.ts';

const environment = environmentOf('create-version');
const countLowBudget = counter(METRICS.inPlaceBudgetLow);
const client = kmsClient();
const table = ledger(environment.TABLE_NAME);
const deps = {
  ledger: table,
  clock: systemClock,
  stage: environment.STAGE,
  material: escrowedMaterial({
    ledger: table,
    ids: ulidIds,
    splitter: shamirSplitter,
    sealer: ageSealer,
    signer: new KmsShareSigner(client, environment.ESCROW_KEY_ARN),
    custodians: custodians(environment.STAGE, environment.PEOPLE),
    importer: new KmsMaterialImporter(client),
    clock: systemClock,
    random: systemRandom,
    classes: CLASSES,
  }),
};
const creator = new KmsKeyCreator(client, policySite(environment));
const rotator = new KmsMaterialRotator(client);
const budget = rateBudget(environment.TABLE_NAME, environment.KMS_BUDGET);

export const handler = stepHandler(StepInputSchema, async (input) => {
  const lane = () => laneOf(deps.ledger, input.operationId);
  const budgeted = new BudgetedKeyCreator(creator, budget, lane);
  const ports = {
    creator: budgeted,
    awaitTurn: () => budgeted.awaitTurn(),
    rotator: new BudgetedMaterialRotator(rotator, budget, lane),
  };
  const { isBudgetLow } = await createVersion({ ...deps, ...ports }, input);
  if (isBudgetLow) {
    countLowBudget(1);
  }
  return {};
});
