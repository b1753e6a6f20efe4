// SPDX-License-Identifier: Apache-2.0
// Creates the custom key store on the activated cluster. The only function that can read the password of `kmsuser`.
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { KmsKeyStoreCreator } from '#adapters/kms/key-store-creator.ts';
import { precondition } from '#core/errors.ts';
import { trustAnchorOf } from '#core/provisioning/provision-key-store.ts';
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

export const handler = stepHandler(Input, async ({ keyStore, clusterId }) => {
  const trustAnchor = trustAnchorOf(await table.readTasks(keyStore));
  return { keyStoreId: await creator.createKeyStore(keyStore, clusterId, trustAnchor) };
});
