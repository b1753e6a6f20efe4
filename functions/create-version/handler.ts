// SPDX-License-Identifier: Apache-2.0
// Makes the KMS key of a version, or asks KMS for new material of the one that is there. Material of origin EXTERNAL is
// generated here, leaves only encrypted to KMS, and is wiped.
import { BudgetedKeyCreator, BudgetedMaterialRotator } from '#adapters/budget/budgeted-vault.ts';
import { KmsKeyCreator } from '#adapters/kms/key-creator.ts';
import { KmsMaterialImporter } from '#adapters/kms/material-importer.ts';
import { KmsMaterialRotator } from '#adapters/kms/material-rotator.ts';
import { systemClock, systemRandom } from '#adapters/system/system.ts';
import { laneOf } from '#core/limits/lanes.ts';
import { createVersion } from '#core/operations/create-version.ts';
import { importedMaterial } from '#core/operations/import-material.ts';
import { CLASSES } from '#policies/classes.ts';
import { environmentOf } from '../shared/environment.ts';
import { StepInputSchema, stepHandler } from '../shared/step-handler.ts';
import { kmsClient, ledger, policySite, rateBudget } from '../shared/wiring.ts';

const environment = environmentOf('create-version');
const client = kmsClient();
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  clock: systemClock,
  stage: environment.STAGE,
  material: importedMaterial({
    importer: new KmsMaterialImporter(client),
    clock: systemClock,
    random: systemRandom,
    classes: CLASSES,
  }),
};
const creator = new KmsKeyCreator(client, policySite(environment));
const rotator = new KmsMaterialRotator(client);
const budget = rateBudget(environment.TABLE_NAME, environment.KMS_BUDGET);

export const handler = stepHandler(StepInputSchema, (input) => {
  const lane = () => laneOf(deps.ledger, input.operationId);
  const ports = {
    creator: new BudgetedKeyCreator(creator, budget, lane),
    rotator: new BudgetedMaterialRotator(rotator, budget, lane),
  };
  return createVersion({ ...deps, ...ports }, input);
});
