// SPDX-License-Identifier: Apache-2.0
// A world with a version that may be destroyed, its approval, and the workflow's loop over the use cases.
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { destructionOf } from '#core/keys/destruction.ts';
import type { DestructionRecord } from '#core/keys/destruction-record.ts';
import { nextDestructionStep } from '#core/operations/advance-destruction.ts';
import { registerSource } from '#core/operations/register-source.ts';
import { removeVersion, restoreVersion } from '#core/operations/remove-version.ts';
import { retireVersion } from '#core/operations/retire-version.ts';
import { certifyDestruction, verifyDestruction } from '#core/operations/verify-destruction.ts';
import { ask, execute, vote } from './approvals.ts';
import { admit, register, runToEnd, write } from './reencryption.ts';
import { Simulation } from './simulation.ts';
import { begin, ROTATION_STEPS, runSteps, withActiveKey } from './steps.ts';
import { ALICE, aWorld, PERMIT, type World } from './world.ts';

export const V1 = { key: 'orders', version: 1 } as const;
/** A data key, wrapped under `orders`. */
export const ROWS_V1 = { key: 'rows', version: 1 } as const;

/** `orders` v1 is replaced, all its ciphertexts are re-encrypted, and the evidence is stored. */
export async function readyWorld(): Promise<World> {
  const world = await replacedWorld();
  await runToEnd(world, await admit(world));
  const verdict = await retireVersion(
    { ...world.deps, uses: world.keyUses },
    { ...V1, by: ALICE.id, decision: PERMIT },
  );
  if (!verdict.isReady) throw new Error(JSON.stringify(verdict.conditions));
  return world;
}

/** The same with ciphertexts that still lie under it. */
export async function replacedWorld(): Promise<World> {
  const world = await withActiveKey(await aWorld());
  await register(world);
  await write(world, ['a', 'b', 'c']);
  await world.admitRotation();
  await runSteps(world, await begin(world), ROTATION_STEPS);
  world.clock.advance(1);
  return world;
}

/** `rows` v1, of tier `data`, is replaced, nothing lies under it, and the evidence is stored. */
export async function readyDataWorld(): Promise<World> {
  const world = await replacedDataWorld();
  const verdict = await retireVersion(world.deps, { ...ROWS_V1, by: ALICE.id, decision: PERMIT });
  if (!verdict.isReady) throw new Error(JSON.stringify(verdict.conditions));
  return world;
}

export async function replacedDataWorld(): Promise<World> {
  const world = await withActiveKey(await aWorld());
  const simulation = new Simulation(world);
  await world.admitKey({ name: ROWS_V1.key, tier: 'data', parent: 'orders' });
  await simulation.runStarted();
  await registerSource(world.deps, {
    key: ROWS_V1.key,
    name: 'nothing',
    location: { kind: 'none', reason: 'a test stores nothing' },
    shards: 1,
    copies: [],
    by: ALICE.id,
    decision: PERMIT,
  });
  await world.admitRotation({ name: ROWS_V1.key });
  await simulation.runStarted();
  world.clock.advance(1);
  return world;
}

export function askDestruction(
  world: World,
  acceptLoss = false,
  version = 1,
  { key }: { readonly key: string } = V1,
) {
  return ask(world, 'version.destroy', { key, version, parameters: { acceptLoss } });
}

export async function approve(world: World, approval: ApprovalRecord) {
  for (const voter of ['bob', 'carol']) await vote(world, approval, voter);
  return execute(world, approval);
}

/** A destruction that was approved, and nothing done yet. */
export async function begunWorld(): Promise<World> {
  const world = await readyWorld();
  const { state } = await approve(world, await askDestruction(world));
  if (state !== 'executed') throw new Error(`not executed: ${state}`);
  return world;
}

/** One execution of the workflow. @returns the steps it did */
export async function drive(
  world: World,
  isLook = false,
  target: { readonly key: string; readonly version: number } = V1,
): Promise<readonly string[]> {
  const steps: string[] = [];
  for (let look = isLook; steps.length < 20; look = false) {
    const { step } = await nextDestructionStep(world.deps, { ...target, isLook: look });
    if (step === 'rest') return steps;
    steps.push(step);
    if (step === 'remove') await removeVersion(world.deps, target);
    if (step === 'restore') await restoreVersion(world.deps, target);
    if (step === 'verify') await verifyDestruction(world.deps, target);
    if (step === 'certify') await certifyDestruction(world.deps, target);
  }
  throw new Error(`the workflow does not end: ${steps.join(', ')}`);
}

export async function recordOf(
  world: World,
  { key, version }: { readonly key: string; readonly version: number } = V1,
): Promise<DestructionRecord> {
  return destructionOf(await world.snapshot(key), version).record;
}

export async function vaultState(world: World) {
  const { keyId } = await world.version(1);
  return (await world.keyStates.stateOf(keyId ?? '')).state;
}
