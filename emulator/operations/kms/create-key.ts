// SPDX-License-Identifier: Apache-2.0
// CreateKey: in the standard store, or in a connected custom key store (symmetric only).
import { randomBytes, randomUUID } from 'node:crypto';
import { requireOwnAccount } from '../../authorization/accounts.ts';
import { authorizeAccount } from '../../authorization/authorize.ts';
import { defaultKeyPolicy } from '../../authorization/default-policy.ts';
import { checkLockout, checkPolicyForm } from '../../authorization/lockout.ts';
import { requestTagEntries } from '../../authorization/request-context.ts';
import { activeZones, currentCluster } from '../../hsm/cluster-state.ts';
import { livesOnDomainToken } from '../../hsm/key-material.ts';
import { keyMetadata } from '../../keys/key-metadata.ts';
import { connectedKeyStore } from '../../keys/key-store-lookup.ts';
import { newMultiRegionId } from '../../keys/multi-region.ts';
import { type NewKeyKind, newKeyKind, newKeyMembers } from '../../keys/new-key-request.ts';
import { withTags } from '../../keys/tags.ts';
import { AwsError } from '../../protocol/errors.ts';
import { type Call, operation } from '../../protocol/operation.ts';
import type { InputOf } from '../../protocol/shape.ts';
import { keyArn } from '../../settings.ts';
import type { KeyRecord } from '../../store/key-row.ts';

type CreateKeyInput = InputOf<typeof newKeyMembers>;

function draft(call: Call, input: CreateKeyInput, kind: NewKeyKind): KeyRecord {
  return {
    keyId: input.MultiRegion === true ? newMultiRegionId() : randomUUID(),
    createdAt: call.now,
    ...kind,
    keyStoreId: null,
    clusterId: null,
    materialId: randomBytes(32).toString('hex'),
    wrappedKey: null,
    publicKey: null,
    state: 'Enabled',
    deletionAt: null,
    description: input.Description ?? '',
    policy: input.Policy ?? defaultKeyPolicy(call.emulator.place.account),
    tags: withTags({}, input.Tags ?? []),
    rotationPeriodDays: null,
  };
}

function clusterOf(call: Call, keyStoreId: string): string {
  const { clusterId } = connectedKeyStore(call, keyStoreId);
  const cluster = currentCluster(call.emulator.store, call.emulator.clock, clusterId);
  if (cluster === undefined || cluster.state !== 'ACTIVE' || activeZones(cluster).size < 2) {
    throw new AwsError(
      'CloudHsmClusterInvalidConfigurationException',
      'The cluster must have at least two active HSMs in different Availability Zones.',
    );
  }
  return clusterId;
}

/** Row `creating`, then the token object, then the row becomes a key: a crash leaves no orphan. */
async function createInStore(call: Call, key: KeyRecord): Promise<void> {
  const { store, material, place } = call.emulator;
  store.keys.insert(key, 'creating', call.visibleAt);
  try {
    await material.generateInCluster(key.clusterId ?? '', key.keyId, keyArn(place, key.keyId));
  } catch (error) {
    store.keys.remove(key.keyId);
    throw error;
  }
  store.keys.finish(key.keyId);
}

async function createStandard(call: Call, key: KeyRecord): Promise<void> {
  const { store, material } = call.emulator;
  if (livesOnDomainToken(key.keySpec)) return createOnDomainToken(call, key);
  const isImported = key.origin === 'EXTERNAL';
  const wrapped = isImported ? {} : await material.generateStandard(key.keyId, key);
  store.keys.insert({ ...key, ...wrapped }, 'live', call.visibleAt);
}

async function createOnDomainToken(call: Call, key: KeyRecord): Promise<void> {
  const { store, material } = call.emulator;
  store.keys.insert(key, 'creating', call.visibleAt);
  try {
    store.keys.finish(key.keyId, await material.generateOnDomainToken(key.keyId));
  } catch (error) {
    store.keys.remove(key.keyId);
    throw error;
  }
}

/** Tagging is checked on the key to be: policies name it as `key/*`, as AWS's examples do. */
function checkPermission(call: Call, input: CreateKeyInput, kind: NewKeyKind, arn: string): void {
  authorizeAccount(call, 'kms:CreateKey', {
    'kms:KeySpec': kind.keySpec,
    'kms:CustomerMasterKeySpec': kind.keySpec,
    'kms:KeyUsage': kind.keyUsage,
    'kms:KeyOrigin': kind.origin,
    'kms:MultiRegion': input.MultiRegion ?? false,
    ...(input.MultiRegion === true ? { 'kms:MultiRegionKeyType': 'PRIMARY' } : {}),
    'kms:BypassPolicyLockoutSafetyCheck': input.BypassPolicyLockoutSafetyCheck ?? false,
    ...requestTagEntries(input.Tags ?? []),
  });
  if ((input.Tags ?? []).length > 0) {
    authorizeAccount(call, 'kms:TagResource', requestTagEntries(input.Tags ?? []), arn);
  }
}

/** The set before its first key: one without keys that a crash leaves is never found. */
function beginSet({ emulator }: Call, keyId: string): void {
  const { store, place } = emulator;
  const none = { passing: {}, pendingWindowDays: null };
  store.multiRegion.put({ keyId, primaryRegion: place.region, ...none });
}

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html */
export const createKey = operation('CreateKey', newKeyMembers, async (call, input) => {
  const kind = newKeyKind(input);
  const key = draft(call, input, kind);
  checkPermission(call, input, kind, keyArn(call.emulator.place, key.keyId));
  requireOwnAccount(call);
  if (input.Policy !== undefined) checkPolicyForm(input.Policy);
  if (input.BypassPolicyLockoutSafetyCheck !== true) checkLockout(call, key, key.policy);
  if (input.MultiRegion === true) beginSet(call, key.keyId);
  if (input.CustomKeyStoreId === undefined) {
    await createStandard(call, key);
    return { KeyMetadata: keyMetadata(call.emulator, key) };
  }
  const clusterId = clusterOf(call, input.CustomKeyStoreId);
  const stored = { ...key, keyStoreId: input.CustomKeyStoreId, clusterId };
  await createInStore(call, stored);
  return { KeyMetadata: keyMetadata(call.emulator, stored) };
});
