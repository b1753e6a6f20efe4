// SPDX-License-Identifier: Apache-2.0
// Creates the custom key store on the activated cluster. The only function that can read the password of `kmsuser`.
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { KmsKeyStoreCreator } from '#adapters/kms/key-store-creator.ts';
import { KeyturnError, precondition } from '#core/errors.ts';
import { environmentOf } from '../shared/environment.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { kmsClient, ledger } from '../shared/wiring.ts';

const environment = environmentOf('create-key-store');
const table = ledger(environment.TABLE_NAME);
const secrets = new SecretsManagerClient({});

async function password(): Promise<string> {
  const command = new GetSecretValueCommand({ SecretId: environment.KEY_STORE_SECRET_ARN });
  const { SecretString } = await secrets.send(command);
  precondition(SecretString, 'the secret of the key store has a value');
  return SecretString;
}

const creator = new KmsKeyStoreCreator(kmsClient(), password);
const Input = z.object({ operationId: z.string(), keyStore: z.string(), clusterId: z.string() });

export const handler = stepHandler(Input, async ({ operationId, keyStore, clusterId }) => {
  const tasks = await table.readTasks(keyStore);
  const signed = tasks.find((task) => task.id === `sign-certificate-${operationId}`);
  if (!signed?.trustAnchor)
    throw new KeyturnError('TaskNotFound', 'the trust anchor was not recorded');
  return { keyStoreId: await creator.createKeyStore(keyStore, clusterId, signed.trustAnchor) };
});
