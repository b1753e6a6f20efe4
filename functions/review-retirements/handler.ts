// SPDX-License-Identifier: Apache-2.0
// Judges replaced versions once a day, on evidence. It can destroy nothing, and takes nothing from anybody.
import { z } from 'zod';
import { KmsLastUseReader } from '#adapters/kms/reencryption.ts';
import { S3EvidenceStore } from '#adapters/s3/evidence-store.ts';
import { systemClock } from '#adapters/system/system.ts';
import { KeyName } from '#core/contract/api.ts';
import { reviewRetirements } from '#core/operations/review-retirements.ts';
import { CLASSES } from '#policies/classes.ts';
import { environmentOf } from '../shared/environment.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { keyUseLog, kmsClient, ledger, pauseRows, s3Client } from '../shared/wiring.ts';

const environment = environmentOf('review-retirements');
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  pauses: pauseRows(environment.TABLE_NAME),
  clock: systemClock,
  classes: CLASSES,
  lastUses: new KmsLastUseReader(kmsClient()),
  uses: keyUseLog(environment.TABLE_NAME),
  evidence: new S3EvidenceStore(s3Client(environment.STAGE), environment.EVIDENCE_BUCKET),
};
const Input = z.object({ keys: z.array(KeyName).max(200) });

export const handler = stepHandler(Input, async ({ keys }) => reviewRetirements(deps, keys));
