// SPDX-License-Identifier: Apache-2.0
import { BudgetedKeyMarker } from '#adapters/budget/budgeted-vault.ts';
import { KmsKeyMarker } from '#adapters/kms/key-administration.ts';
import { KmsKeyInspector } from '#adapters/kms/key-inspector.ts';
import { S3EvidenceStore } from '#adapters/s3/evidence-store.ts';
import { systemClock } from '#adapters/system/system.ts';
import { laneOf } from '#core/limits/lanes.ts';
import { adoptVersion } from '#core/operations/adopt-version.ts';
import { environmentOf } from '../shared/environment.ts';
import { StepInputSchema, stepHandler } from '../shared/step-handler.ts';
import { kmsClient, ledger, rateBudget, s3Client } from '../shared/wiring.ts';

const environment = environmentOf('adopt-version');
const client = kmsClient();
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  clock: systemClock,
  inspector: new KmsKeyInspector(client),
  evidence: new S3EvidenceStore(s3Client(environment.STAGE), environment.EVIDENCE_BUCKET),
  stage: environment.STAGE,
};
const kms = new KmsKeyMarker(client);
const budget = rateBudget(environment.TABLE_NAME, environment.KMS_BUDGET);

export const handler = stepHandler(StepInputSchema, (input) => {
  const lane = () => laneOf(deps.ledger, input.operationId);
  return adoptVersion({ ...deps, marker: new BudgetedKeyMarker(kms, budget, lane) }, input);
});
