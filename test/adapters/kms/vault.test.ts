// SPDX-License-Identifier: Apache-2.0
// The KMS adapters against the emulator, each under the role of the function that uses it.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ConnectCustomKeyStoreCommand,
  DeleteImportedKeyMaterialCommand,
  DisconnectCustomKeyStoreCommand,
  type KMSClient,
  PutKeyPolicyCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KmsCryptoUser } from '#adapters/kms/crypto-user.ts';
import { KmsDataKeyMaker } from '#adapters/kms/data-key-maker.ts';
import { KmsAliasWriter, KmsKeyRemover, KmsPolicies } from '#adapters/kms/key-administration.ts';
import { KmsBlockReader, KmsKeyBlocker } from '#adapters/kms/key-blocking.ts';
import { KmsKeyCreator } from '#adapters/kms/key-creator.ts';
import { KmsMaterialImporter } from '#adapters/kms/material-importer.ts';
import { KmsMaterialRotator } from '#adapters/kms/material-rotator.ts';
import { KmsProver } from '#adapters/kms/prover.ts';
import { type FunctionName, roleName } from '#core/contract/environment.ts';
import { describeOrigins } from '#test/adapters/contract/origins.contract.ts';
import { describeProofs } from '#test/adapters/contract/proofs.contract.ts';
import { describeVault } from '#test/adapters/contract/vault.contract.ts';
import {
  createConnectedKeyStore,
  startEmulator,
  type TestEmulator,
  waitForKeyStore,
} from '#test/emulator/support.ts';

const ACCOUNT = '000000000000';
const SECRET = 'gateway-secret';
const SITE = { stage: 'local', account: ACCOUNT, partition: 'aws' };
const KMS_ALLOWED = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }],
};

let folder: string;
let emulator: TestEmulator;
let keyStoreId: string;

/** A client whose calls come from a caller, as the gateway vouches for it. */
function vouched(
  client: KMSClient | { middlewareStack: KMSClient['middlewareStack'] },
  caller: object,
) {
  const value = Buffer.from(JSON.stringify(caller)).toString('base64url');
  client.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { headers: Record<string, string> };
      request.headers['x-keyturn-gateway-secret'] = SECRET;
      request.headers['x-keyturn-caller'] = value;
      return next(args);
    },
    { step: 'build' },
  );
}

/** A client under the role of a function, which IAM lets do everything: the key policy decides. */
function as(name: FunctionName): KMSClient {
  return asRole(roleName('local', name));
}

function asRole(role: string): KMSClient {
  const client = emulator.kms();
  const principalArn = `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/session`;
  const identityPolicies = [KMS_ALLOWED];
  vouched(client, { principalArn, account: ACCOUNT, identityPolicies, isRoot: false });
  return client;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
  writeFileSync(join(folder, 'secret'), SECRET);
  emulator = await startEmulator({ gatewaySecretPath: join(folder, 'secret') });
  keyStoreId = (await createConnectedKeyStore(emulator)).keyStoreId;
});
afterAll(async () => {
  await emulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

describeVault('KMS', async () => {
  const root = emulator.kms();
  const stopper = as('enforce-containment');
  const blocker = new KmsKeyBlocker(stopper);
  const reader = new KmsBlockReader(stopper, new KmsPolicies(stopper, SITE));
  return {
    keys: new KmsKeyCreator(as('create-version'), SITE),
    aliases: new KmsAliasWriter(as('place-alias')),
    policies: new KmsPolicies(as('apply-policy'), SITE),
    remover: new KmsKeyRemover(as('compensate-operation')),
    blocker: {
      disable: (keyId) => blocker.disable(keyId),
      revokeGrants: (keyId) => blocker.revokeGrants(keyId),
      isDisabled: (keyId) => reader.isDisabled(keyId),
    },
    verifier: new KmsCryptoUser(as('verify-version')),
    dataPlane: new KmsCryptoUser(as('use-key')),
    maker: new KmsDataKeyMaker(as('make-data-key')),
    keyStoreId,
    setConnected: async (isConnected) => {
      const id = { CustomKeyStoreId: keyStoreId };
      if (isConnected) await root.send(new ConnectCustomKeyStoreCommand(id));
      else await root.send(new DisconnectCustomKeyStoreCommand(id));
      await waitForKeyStore(root, keyStoreId, isConnected ? 'CONNECTED' : 'DISCONNECTED');
    },
  };
});

describeOrigins('KMS', async () => ({
  keys: new KmsKeyCreator(as('create-version'), SITE),
  policies: new KmsPolicies(as('apply-policy'), SITE),
  rotator: new KmsMaterialRotator(as('create-version')),
  importer: new KmsMaterialImporter(as('create-version')),
  dataPlane: new KmsCryptoUser(as('use-key')),
  keyStoreId,
}));

describeProofs('KMS', async () => ({
  keys: new KmsKeyCreator(as('create-version'), SITE),
  policies: new KmsPolicies(as('apply-policy'), SITE),
  prover: new KmsProver(as('verify-version')),
  crypto: new KmsCryptoUser(as('verify-version')),
  proverOf: (role) => new KmsProver(asRole(role.split('/').at(-1) ?? '')),
}));

/** A policy that leaves a key to IAM. */
const OPEN = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
      Action: 'kms:*',
      Resource: '*',
    },
  ],
};

describe('imported material that was lost', () => {
  it.each(['active', 'decrypt-only'] as const)(
    'under the policy %s is put back by recover-escrow, and by nobody else',
    async (template) => {
      const provenance = { stage: 'local', name: 'orders', version: 1, operationId: 'op_1' };
      const place = { origin: 'EXTERNAL' as const, keyStoreId: null };
      const { keyId } = await new KmsKeyCreator(as('create-version'), SITE).createKey(
        place,
        provenance,
      );
      const material = randomBytes(32);
      const importAs = (name: FunctionName) =>
        new KmsMaterialImporter(as(name)).importMaterial(keyId, material);
      await importAs('create-version');
      // No template lets anybody delete material: here it goes as root, who may put another policy.
      const root = emulator.kms();
      await root.send(new PutKeyPolicyCommand({ KeyId: keyId, Policy: JSON.stringify(OPEN) }));
      await root.send(new DeleteImportedKeyMaterialCommand({ KeyId: keyId }));
      await new KmsPolicies(as('apply-policy'), SITE).applyPolicy(keyId, template, []);

      for (const other of ['create-version', 'use-key', 'manage-escrow'] as const)
        await expect(importAs(other), other).rejects.toMatchObject({ code: 'AccessDenied' });
      await importAs('recover-escrow');

      expect(await new KmsMaterialImporter(as('verify-version')).hasMaterial(keyId)).toBe(true);
    },
  );
});
