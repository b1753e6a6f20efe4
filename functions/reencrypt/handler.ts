// SPDX-License-Identifier: Apache-2.0
// Works on one shard for a slice of time; its workflow calls it until the shard is done.
import { z } from 'zod';
import { KmsReEncryptor } from '#adapters/kms/reencryption.ts';
import { systemClock } from '#adapters/system/system.ts';
import type { SourceRecord } from '#core/keys/reencryption.ts';
import { DataKeySource } from '#core/operations/data-key-source.ts';
import { reencryptShard } from '#core/operations/reencrypt-shard.ts';
import { environmentOf } from '../shared/environment.ts';
import { StepInputSchema, stepHandler } from '../shared/step-handler.ts';
import {
  kmsClient,
  ledger,
  openSource,
  reencryptionProgress,
  workerBudget,
} from '../shared/wiring.ts';

/** A page is what a killed worker does again; a slice ends well before the function's time limit. */
const PACE = { pageItems: 100, concurrency: 16, seconds: 60 };

const environment = environmentOf('reencrypt');
const table = ledger(environment.TABLE_NAME);
const budget = workerBudget(environment.TABLE_NAME, environment.KMS_BUDGET);
const open = openSource(environment.STAGE, environment.NOTICE_KEY_ARN, budget);
const deps = {
  ledger: table,
  progress: reencryptionProgress(environment.TABLE_NAME),
  clock: systemClock,
  // The wrapped data keys lie in our own records, not in an application's store.
  openSource: (record: SourceRecord) =>
    record.location.kind === 'data-keys'
      ? new DataKeySource({ ledger: table, clock: systemClock }, record)
      : open(record),
  reEncryptor: new KmsReEncryptor(kmsClient()),
  budget,
};
const Input = StepInputSchema.extend({
  source: z.string().min(1).max(63),
  shard: z.int().min(0).max(63),
  pass: z.int().positive(),
});

export const handler = stepHandler(Input, (input) => reencryptShard(deps, input, PACE));
