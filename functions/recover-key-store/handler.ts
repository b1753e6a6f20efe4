// SPDX-License-Identifier: Apache-2.0
// One step of the recovery of a key store, or its end after a failure. Beside `create-key-store` the only function that
// can read the password of `kmsuser`.
import { CloudHSMV2Client } from '@aws-sdk/client-cloudhsm-v2';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { CloudHsmRecoverySite } from '#adapters/kms/recovery-site.ts';
import { systemClock } from '#adapters/system/system.ts';
import { precondition } from '#core/errors.ts';
import { describeFailure } from '#core/operations/end-operation.ts';
import { parkRecovery } from '#core/recovery/key-store-recovery.ts';
import { recoverKeyStore } from '#core/recovery/recover-key-store.ts';
import { environmentOf } from '../shared/environment.ts';
import { FailureSchema, stepHandler } from '../shared/step-handler.ts';
import { kmsClient, ledger } from '../shared/wiring.ts';

const environment = environmentOf('recover-key-store');
const secrets = new SecretsManagerClient({});
const { zones, pollSeconds, pollLimit, ...place } = environment.CLUSTER_SETTINGS;

async function password(): Promise<string> {
  const command = new GetSecretValueCommand({ SecretId: environment.KEY_STORE_SECRET_ARN });
  const { SecretString } = await secrets.send(command);
  precondition(SecretString, 'the secret of the key store has a value');
  return SecretString;
}

const clients = { hsm: new CloudHSMV2Client({ maxAttempts: 4 }), kms: kmsClient() };
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  clock: systemClock,
  site: new CloudHsmRecoverySite(clients, place, password),
  zones,
  patienceSeconds: pollSeconds * pollLimit,
};
/** Rounds of starting HSMs, disconnecting and connecting. */
const PHASES_THAT_WAIT = 9;
const Input = z.object({
  operationId: z.string(),
  keyStore: z.string(),
  attempt: z.int().positive(),
  failure: FailureSchema.optional(),
});

export const handler = stepHandler(Input, async ({ failure, ...at }) => {
  const pace = { waitSeconds: pollSeconds, lookLimit: pollLimit * PHASES_THAT_WAIT };
  if (!failure) return { ...(await recoverKeyStore(deps, at)), ...pace };
  await parkRecovery(deps, at, describeFailure(failure));
  return { next: 'done' as const, round: 1, clusterId: null, ...pace };
});
