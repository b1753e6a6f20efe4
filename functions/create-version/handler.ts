// SPDX-License-Identifier: Apache-2.0
import { KmsKeyCreator } from '#adapters/kms/key-creator.ts';
import { systemClock } from '#adapters/system/system.ts';
import { createVersion } from '#core/operations/create-version.ts';
import { environmentOf } from '../shared/environment.ts';
import { StepInputSchema, stepHandler } from '../shared/step-handler.ts';
import { kmsClient, ledger, policySite } from '../shared/wiring.ts';

const environment = environmentOf('create-version');
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  clock: systemClock,
  creator: new KmsKeyCreator(kmsClient(), policySite(environment)),
  stage: environment.STAGE,
};

export const handler = stepHandler(StepInputSchema, (input) => createVersion(deps, input));
