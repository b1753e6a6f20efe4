// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { systemClock } from '#adapters/system/system.ts';
import { describeFailure } from '#core/operations/end-operation.ts';
import { recordProgress } from '#core/provisioning/provision-key-store.ts';
import { environmentOf } from '../shared/environment.ts';
import { FailureSchema, stepHandler } from '../shared/step-handler.ts';
import { ledger } from '../shared/wiring.ts';

const environment = environmentOf('record-key-store');
const deps = { ledger: ledger(environment.TABLE_NAME), clock: systemClock };
const Input = z.object({
  operationId: z.string(),
  keyStore: z.string(),
  step: z.string().max(64),
  clusterId: z.string().optional(),
  keyStoreId: z.string().optional(),
  outcome: z.enum(['done', 'parked']).optional(),
  failure: FailureSchema.optional(),
});

export const handler = stepHandler(Input, async ({ failure, ...progress }) => {
  const cause = failure ? describeFailure(failure) : undefined;
  await recordProgress(deps, { ...progress, cause });
});
