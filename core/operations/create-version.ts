// SPDX-License-Identifier: Apache-2.0
// Step: the KMS key of the new version. KMS CreateKey takes no client token, so the attempt is recorded first: a
// later try knows that an unrecorded key may exist, looks for it by its tags, and adopts it (faults F1, F2). Where the
// origin rotates in place, KMS is asked for new material of the key that is there.
import { KeyturnError } from '../errors.ts';
import { KEY_SPEC_TABLE, specOf } from '../keys/key-specs.ts';
import { strategyOf } from '../keys/origins/all.ts';
import type { Instant, KeyRecord, OperationRecord } from '../keys/records.ts';
import type {
  CreatedKey,
  KeyCreator,
  KeyPlace,
  MaterialRotator,
  Provenance,
} from '../ports/key-vault.ts';
import { type Draft, mutateKey } from './mutate-key.ts';
import { type InPlaceResult, isInPlace, rotateInPlace } from './rotate-in-place.ts';
import type { StepContext, StepDeps, StepInput } from './run-step.ts';
import { leasedContext, openStep, recordStep } from './run-step.ts';
import { searchFrom } from './sweep-orphans.ts';

export interface CreateVersionDeps extends StepDeps {
  readonly creator: KeyCreator;
  /**
   * Waits until CreateKey is within the rate budget. Asked before the attempt is recorded: a call that was never made
   * leaves nothing to look for.
   * @throws KeyturnError `Throttled` when the turn is far away
   */
  readonly awaitTurn: () => Promise<void>;
  readonly rotator: MaterialRotator;
  /** Generates and imports material for a key that waits for some. */
  readonly material: MaterialSource;
  readonly stage: string;
}

/** Where imported material comes from. */
export interface MaterialSource {
  /** Gives a KMS key that waits for material some; one that has its material is left alone. */
  provide(keyId: string, context: StepContext): Promise<{ readonly expiresAt: Instant | null }>;
}

/** What a version with a KMS key adds to the count of its class, or, when it is undone, takes from it. */
export function occupancyOf(
  { keyStore, class: className }: KeyRecord,
  { previousVersion }: OperationRecord,
  sign: 1 | -1,
): NonNullable<Draft['occupancy']> {
  const keys = previousVersion === null ? sign : 0;
  return { keyStore, class: className, keys, versions: sign };
}

/** @returns false when another invocation of the step has recorded its key meanwhile */
async function noteAttempt(deps: CreateVersionDeps, input: StepInput): Promise<boolean> {
  return mutateKey(deps.ledger, input.key, (snapshot) => {
    const { version, operation } = leasedContext(snapshot, input);
    if (version.keyId !== null) return { draft: null, result: false };
    const creationAttempts = version.creationAttempts + 1;
    const draft = {
      versions: [{ ...version, creationAttempts }],
      audit: {
        at: deps.clock.now(),
        actor: `workflow/${operation.kind}`,
        action: 'version.creation-attempted',
        decision: { effect: 'permit' as const, rule: 'lease-holder' },
        operationId: input.operationId,
        detail: { version: version.version, attempt: creationAttempts },
      },
    };
    return { draft, result: true };
  });
}

async function adoptOrCreate(
  deps: CreateVersionDeps,
  context: StepContext,
  provenance: Provenance,
): Promise<{ key: CreatedKey; adopted: boolean }> {
  const strategy = strategyOf(context.snapshot.key);
  if (context.version.creationAttempts > 0) {
    const found = await deps.creator.findUnrecorded(provenance);
    // The oldest one, so that every attempt that looks adopts the same; the sweep removes the others.
    const [oldest] = found
      .filter(
        ({ state }) => state === 'enabled' || (state === 'waiting' && strategy.importsMaterial),
      )
      .sort((a, b) => `${a.createdAt}${a.keyId}`.localeCompare(`${b.createdAt}${b.keyId}`));
    if (oldest) return { key: oldest, adopted: true };
  }
  const place = await placeOf(deps, context);
  return { key: await deps.creator.createKey(place, provenance), adopted: false };
}

async function placeOf(
  deps: CreateVersionDeps,
  { snapshot: { key } }: StepContext,
): Promise<KeyPlace> {
  const { origin, keyStore: standard } = strategyOf(key);
  if (standard !== null) {
    const keySpec = specOf(key);
    return { origin, keyStoreId: null, spec: { keySpec, usage: KEY_SPEC_TABLE[keySpec].usage } };
  }
  const keyStore = await deps.ledger.readKeyStore(key.keyStore);
  if (keyStore?.keyStoreId) return { origin, keyStoreId: keyStore.keyStoreId };
  throw new KeyturnError(
    'KeyStoreMisconfigured',
    `key store ${key.keyStore} is not provisioned; run "keyturn key-store provision" first`,
    { details: { keyStore: key.keyStore } },
  );
}

/**
 * Makes or adopts the version's KMS key and records it.
 * @throws KeyturnError `LeaseLost`, `KeyStoreMisconfigured`, and what the vault answers
 */
export async function createVersion(
  deps: CreateVersionDeps,
  input: StepInput,
): Promise<InPlaceResult> {
  const context = await openStep(deps, input);
  const { version } = context;
  if (isInPlace(context)) return rotateInPlace(deps, input, context);
  if (version.keyId === null) {
    const provenance: Provenance = {
      stage: deps.stage,
      name: input.key,
      version: version.version,
      operationId: input.operationId,
    };
    await deps.awaitTurn();
    const hasTried = version.creationAttempts > 0;
    if (hasTried || (await noteAttempt(deps, input)))
      await makeAndRecord(deps, input, context, provenance);
  }
  await markRecorded(deps, input);
  return { isBudgetLow: false };
}

/** More than one try may have left more than one key: then the sweep is told to look for the others. */
async function makeAndRecord(
  deps: CreateVersionDeps,
  input: StepInput,
  context: StepContext,
  provenance: Provenance,
): Promise<void> {
  const { key, adopted } = await adoptOrCreate(deps, context, provenance);
  // Before it is recorded: a version is never without its material.
  const { expiresAt } = strategyOf(context.snapshot.key).importsMaterial
    ? await deps.material.provide(key.keyId, context)
    : { expiresAt: null };
  const hasTried = context.version.creationAttempts > 0;
  await recordStep(deps, input, 'CreateVersion', ({ version: current, operation, snapshot }) => {
    const isDoubtful = hasTried || current.creationAttempts > 1 || key.isDoubtful === true;
    return {
      action: adopted ? 'version.adopted' : 'version.created',
      detail: { keyId: key.keyId },
      versions: [
        {
          ...current,
          keyId: key.keyId,
          keyArn: key.keyArn,
          ...(key.materialId ? { materialId: key.materialId } : {}),
          ...(expiresAt ? { materialExpiresAt: expiresAt } : {}),
        },
      ],
      occupancy: occupancyOf(snapshot.key, operation, 1),
      recordedKey: { keyId: key.keyId, name: input.key, version: current.version },
      ...(isDoubtful ? { key: { orphanSearch: searchFrom(deps.clock.now()) } } : {}),
    };
  });
}

/**
 * Marks the key that is recorded, which is not the one made here when another invocation of the step was faster: that
 * one stays unmarked, so that the sweep removes it. An attempt that died before the mark is made good for as long as
 * the version is young: later steps take the creator's right to mark away.
 */
async function markRecorded(deps: CreateVersionDeps, input: StepInput): Promise<void> {
  const { version } = await openStep(deps, input);
  if (version.keyId !== null && version.substate === 'creating')
    await deps.creator.markRecorded(version.keyId);
}
