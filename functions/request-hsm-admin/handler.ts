// SPDX-License-Identifier: Apache-2.0
// Opens a task for an HSM administrator. The task token is sealed here and leaves this function only sealed; asked
// again for a task that is done, it resumes the state with the recorded answer.
import { SFNClient } from '@aws-sdk/client-sfn';
import { z } from 'zod';
import { KmsTokenSeal } from '#adapters/kms/token-seal.ts';
import { StepFunctionsTaskCallback } from '#adapters/stepfunctions/task-callback.ts';
import { systemClock } from '#adapters/system/system.ts';
import { answerOf, requestTask, taskIdOf } from '#core/provisioning/provision-key-store.ts';
import { environmentOf } from '../shared/environment.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { kmsClient, ledger } from '../shared/wiring.ts';

const environment = environmentOf('request-hsm-admin');
const deps = { ledger: ledger(environment.TABLE_NAME), clock: systemClock };
const seal = new KmsTokenSeal(kmsClient(), environment.TOKEN_KEY_ARN);
const callback = new StepFunctionsTaskCallback(new SFNClient({}));
const Input = z.object({
  operationId: z.string(),
  keyStore: z.string(),
  kind: z.enum(['sign-certificate', 'activate-cluster', 'reset-kmsuser']),
  taskToken: z.string().max(2048),
  certificateRequest: z.string().nullable(),
  clusterId: z.string().nullish(),
  round: z.int().positive().optional(),
});

export const handler = stepHandler(Input, async ({ taskToken, clusterId, round, ...asked }) => {
  const sealedToken = await seal.seal(taskToken, taskIdOf(asked.kind, asked.operationId, round));
  const where = { ...(clusterId ? { clusterId } : {}), ...(round ? { round } : {}) };
  const task = await requestTask(deps, { ...asked, ...where, sealedToken });
  if (task.state === 'done') await callback.succeed(taskToken, answerOf(task));
});
