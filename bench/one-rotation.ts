// SPDX-License-Identifier: Apache-2.0
// A rotation in this process: the real use cases and the DynamoDB adapter on a real table, the vault in memory. It
// counts what the table is asked for; the same steps run in the functions.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { DynamoDbLedger } from '#adapters/dynamodb/ledger.ts';
import { MemoryVault } from '#adapters/memory/vault.ts';
import { systemClock, systemRandom, ulidIds } from '#adapters/system/system.ts';
import { openPolicy, restrictPolicy } from '#core/operations/apply-policy.ts';
import { beginOperation } from '#core/operations/begin-operation.ts';
import { createVersion } from '#core/operations/create-version.ts';
import { completeOperation } from '#core/operations/end-operation.ts';
import { generateKey } from '#core/operations/generate-key.ts';
import { nameVersion, probeAlias, switchAlias } from '#core/operations/place-alias.ts';
import { admitRotation } from '#core/operations/rotate-key.ts';
import type { StepInput } from '#core/operations/run-step.ts';
import { verifyVersion } from '#core/operations/verify-version.ts';
import { CLASSES } from '#policies/classes.ts';
import { ROOT_KEY } from '#scripts/local/environment.ts';
import { DynamoDbUnits } from './dynamodb-units.ts';
import { KEY_STORE, type MeasuredStack } from './local-stack.ts';

const STAGE = 'local';
const WAITS = { settleSeconds: 0, bakeSeconds: 0 };
const PERMIT = { effect: 'permit', rule: 'bench' } as const;

/** Everything that the steps need, and the units they have used. */
export function inProcess({ stack, keyStoreId }: MeasuredStack) {
  const { gatewayUrl: endpoint, region, tableName } = stack.info;
  const client = DynamoDBDocumentClient.from(
    new DynamoDBClient({ endpoint, region, credentials: ROOT_KEY }),
  );
  const units = new DynamoDbUnits();
  units.watch(client);
  const vault = new MemoryVault({ clock: systemClock, keyStores: [keyStoreId] });
  const deps = {
    ledger: new DynamoDbLedger(client, tableName ?? ''),
    clock: systemClock,
    ids: ulidIds,
    waits: WAITS,
    classes: CLASSES,
    stage: STAGE,
    random: systemRandom,
    creator: vault,
    awaitTurn: async () => {},
    rotator: vault,
    // Keys of the key store need none.
    material: { provide: async () => ({ expiresAt: null }) },
    aliases: vault,
    policies: vault,
    untagger: vault,
    crypto: vault.cryptoFor('verify-version'),
    prover: vault.proverFor('verify-version'),
    directory: { ownerExists: async () => true },
    workflows: { start: async () => {} },
  };
  return { deps, units, client };
}

export type InProcess = ReturnType<typeof inProcess>;

/** Takes an admitted operation through its steps. */
async function finish(
  { deps }: InProcess,
  input: StepInput & { attempt: number },
  isRotation: boolean,
) {
  await beginOperation(deps, input, WAITS);
  await createVersion(deps, input);
  await verifyVersion(deps, { ...input, check: 'canary' });
  await nameVersion(deps, input);
  await openPolicy(deps, input);
  await verifyVersion(deps, { ...input, check: 'open' });
  await switchAlias(deps, input);
  await probeAlias(deps, input);
  if (isRotation) {
    await restrictPolicy(deps, input);
    await verifyVersion(deps, { ...input, check: 'decrypt-only' });
  }
  await completeOperation(deps, input);
}

/** An active key of this process's vault. */
export async function generateHere(here: InProcess, name: string): Promise<void> {
  const site = {
    stage: STAGE,
    keyStore: KEY_STORE,
    classes: CLASSES,
    dataKeyShards: 1,
    hsmType: 'hsm2m.medium',
  } as const;
  const { operationId } = await generateKey(
    here.deps,
    { ...site, environments: ['development'] },
    {
      name,
      class: 'test',
      owner: 'payments',
      purpose: 'bench',
      environment: 'development',
      tier: 'kms',
      access: [],
    },
    {
      principal: { id: 'bench', kind: 'system', name: null, groups: [] },
      decision: PERMIT,
      claim: { scope: `bench/${name}`, bodyHash: name },
    },
  );
  await finish(here, { operationId, key: name, fence: 1, attempt: 1 }, false);
}

/** Takes the rotation that a sweep has admitted to its end. */
export async function finishHere(here: InProcess, name: string): Promise<void> {
  const snapshot = await here.deps.ledger.readKey(name);
  const { operation, key } = snapshot ?? {};
  if (!operation || !key?.lease) throw new Error(`${name} was not admitted`);
  const { fence } = key.lease;
  const { id: operationId, attempt } = operation;
  await finish(here, { operationId, key: name, fence, attempt }, true);
}

/** Rotates such a key, its admission included. */
export async function rotateHere(here: InProcess, name: string): Promise<void> {
  const placed = await admitRotation(here.deps, {
    name,
    stage: STAGE,
    trigger: 'schedule',
    requestedBy: 'bench',
    reason: null,
    decision: PERMIT,
    claim: null,
    batchId: ulidIds.batchId(),
  });
  if (!placed) throw new Error(`${name} was not admitted`);
  await finish(here, placed.item, true);
}
