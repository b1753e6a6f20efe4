// SPDX-License-Identifier: Apache-2.0
// A version that is new material of the KMS key that is there. KMS cannot take that back, so it is recorded before KMS
// is asked, and from then on the operation goes forward. Whether KMS has done it is read from the key: material other
// than that of the version before is the new one. A step that is run again looks for as long as KMS may not show it.
import { KeyturnError, precondition } from '../errors.ts';
import { strategyOf } from '../keys/origins/all.ts';
import { IN_PLACE_LIMIT, IN_PLACE_WARNING, inPlaceRotations } from '../keys/origins/strategy.ts';
import type { MaterialRotator } from '../ports/key-vault.ts';
import { later } from './admit-operation.ts';
import { mutateKey } from './mutate-key.ts';
import {
  leasedContext,
  recordStep,
  type StepContext,
  type StepDeps,
  type StepInput,
} from './run-step.ts';

/** KMS shows a change everywhere after minutes at most (AWS KMS developer guide, eventual consistency). */
const VISIBILITY_SECONDS = 300;

interface RotateInPlaceDeps extends StepDeps {
  readonly rotator: MaterialRotator;
}

/** True for a version that was begun in place, or is to be; one whose KMS key may exist stays what it is. */
export function isInPlace({ snapshot, version, previous }: StepContext): boolean {
  if (version.isInPlace) return true;
  if (version.keyId !== null || version.creationAttempts > 0 || previous === null) return false;
  return strategyOf(snapshot.key).nextVersion(snapshot) === 'in-place';
}

interface Intent {
  /** Material of the version before. */
  readonly before: string;
  /** False while what KMS was asked for may not be shown yet. */
  readonly mayAsk: boolean;
}

/** Records, before KMS is asked, that the version shares the KMS key of the one before, and what material that has. */
async function noteIntent(
  deps: RotateInPlaceDeps,
  input: StepInput,
  { previous }: StepContext,
): Promise<Intent> {
  precondition(previous?.keyId, 'a rotation in place has a KMS key to rotate');
  const before = previous.materialId ?? (await deps.rotator.currentMaterial(previous.keyId));
  return mutateKey<Intent>(deps.ledger, input.key, (snapshot) => {
    const { version, previous: current, operation } = leasedContext(snapshot, input);
    precondition(current, 'a rotation in place has a version before');
    const now = deps.clock.now();
    const asked = version.materialAskedAt;
    const known = current.materialId ?? before;
    if (asked && now < later(asked, VISIBILITY_SECONDS))
      return { draft: null, result: { before: known, mayAsk: false } };
    const { policyTemplate } = current;
    const draft = {
      versions: [
        { ...version, isInPlace: true as const, policyTemplate, materialAskedAt: now },
        { ...current, materialId: known },
      ],
      audit: {
        at: now,
        actor: `workflow/${operation.kind}`,
        action: 'version.in-place-intended',
        decision: { effect: 'permit' as const, rule: 'lease-holder' },
        operationId: input.operationId,
        detail: { version: version.version, keyId: current.keyId, material: known },
      },
    };
    return { draft, result: { before: known, mayAsk: true } };
  });
}

/** The material that KMS has made, asked for unless it may have been already. */
async function newMaterial(
  { rotator }: RotateInPlaceDeps,
  keyId: string,
  { before, mayAsk }: Intent,
): Promise<string> {
  const seen = await rotator.currentMaterial(keyId);
  if (seen !== before) return seen;
  if (mayAsk) await rotator.rotateMaterial(keyId);
  const made = await rotator.currentMaterial(keyId);
  if (made !== before) return made;
  throw new KeyturnError('KeyNotYetVisible', 'KMS does not show the new material yet');
}

/** What people should know of it. */
export interface InPlaceResult {
  /** True for the rotation that found few left; said once for each, by the run that recorded it. */
  readonly isBudgetLow: boolean;
}

/**
 * Asks KMS for new material of the current KMS key, and records it as the version.
 * @throws KeyturnError `LeaseLost`; `KeyNotYetVisible` while KMS does not show the new material; `InPlaceBudgetSpent`
 */
export async function rotateInPlace(
  deps: RotateInPlaceDeps,
  input: StepInput,
  context: StepContext,
): Promise<InPlaceResult> {
  const { previous, version } = context;
  if (version.keyId !== null) return { isBudgetLow: false };
  precondition(previous?.keyId, 'a rotation in place has a KMS key to rotate');
  const intent = await noteIntent(deps, input, context);
  const materialId = await newMaterial(deps, previous.keyId, intent);
  // `context` is of before: the version does not share the KMS key yet.
  const isBudgetLow = inPlaceRotations(context.snapshot) + 1 >= IN_PLACE_WARNING;
  await recordStep(
    deps,
    input,
    'CreateVersion',
    ({ snapshot, version: current, previous: old }) => {
      const used = inPlaceRotations(snapshot) + 1;
      const keyId = old?.keyId ?? null;
      precondition(keyId, 'a rotation in place keeps its KMS key');
      return {
        action: 'version.rotated-in-place',
        detail: {
          keyId,
          material: materialId,
          used,
          left: IN_PLACE_LIMIT - used,
          warning:
            used >= IN_PLACE_WARNING ? 'the next versions will be KMS keys of their own' : null,
        },
        versions: [{ ...current, keyId, keyArn: old?.keyArn ?? null, materialId }],
        recordedKey: { keyId, name: input.key, version: current.version },
      };
    },
  );
  return { isBudgetLow };
}
