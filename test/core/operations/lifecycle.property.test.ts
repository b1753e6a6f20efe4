// SPDX-License-Identifier: Apache-2.0
// Random histories of legal use cases, any of which may come at any time: whatever happens, the invariants hold.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyChain } from '#core/audit/chain.ts';
import type { VersionRecord } from '#core/keys/records.ts';
import { isLegal } from '#core/keys/transitions.ts';
import { closePolicy } from '#core/operations/apply-policy.ts';
import { compensateOperation, parkOperation } from '#core/operations/end-operation.ts';
import { keyStream } from '#core/operations/mutate-key.ts';
import { findDueRotations } from '#core/operations/rotation-sweep.ts';
import type { StepInput } from '#core/operations/run-step.ts';
import { sweepOrphans } from '#core/operations/sweep-orphans.ts';
import { updateKey } from '#core/operations/update-key.ts';
import { runs } from '#test/support/runs.ts';
import { begin, ROTATION_STEPS } from '#test/support/steps.ts';
import { aWorld, KEY_STORE_ID, PERMIT, STAGE, type World } from '#test/support/world.ts';

const FAILURE = { error: 'X', cause: 'y' };

/** One thing that can happen; what the domain refuses is part of the game. */
type Act = (world: World, input: StepInput) => Promise<unknown>;

const ACTS: Record<string, Act> = {
  rotate: (world) => world.admitRotation(),
  sweep: (world) => findDueRotations(world.deps, STAGE, 100),
  sweepOrphans: (world) => sweepOrphans(world.deps, STAGE, null, 600),
  park: (world, input) => parkOperation(world.deps, { ...input, failure: FAILURE }, 60),
  close: (world, input) => closePolicy(world.deps, input),
  compensate: (world, input) => compensateOperation(world.deps, { ...input, failure: FAILURE }),
  disconnect: async (world) => world.vault.setConnected(KEY_STORE_ID, false),
  connect: async (world) => world.vault.setConnected(KEY_STORE_ID, true),
  makeDue: async (world) =>
    updateKey(world.deps, {
      name: 'orders',
      nextRotationAt: world.clock.now(),
      expectedRevision: null,
      by: 'usr_alice',
      decision: PERMIT,
    }),
  hour: async (world) => world.clock.advance(3600),
  minute: async (world) => world.clock.advance(60),
  ...Object.fromEntries(ROTATION_STEPS.map((step) => [step.name, step.run])),
};

/** Steps come in their order more often than not, so that histories get somewhere. */
const anAct = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(...Object.keys(ACTS)).map((name) => [name]) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat({ max: 4 }), fc.nat({ max: 12 }))
      .map(([from, length]) => ROTATION_STEPS.slice(from, from + length).map((step) => step.name)),
  },
);
const aHistory = fc.array(anAct, { minLength: 1, maxLength: 12 }).map((acts) => acts.flat());

/** The input of the attempt that holds the key, or of one that is long gone. */
async function currentInput(world: World, last: StepInput): Promise<StepInput> {
  return begin(world).catch(() => last);
}

function checkVersions(before: readonly VersionRecord[], after: readonly VersionRecord[]): void {
  expect(after.length).toBeGreaterThanOrEqual(before.length);
  for (const [index, version] of after.entries()) {
    expect(version.version).toBe(index + 1);
    const earlier = before[index];
    if (!earlier) continue;
    expect(earlier.state === version.state || isLegal(earlier.state, version.state)).toBe(true);
    // A KMS key once recorded is never exchanged.
    if (earlier.keyId !== null) expect(version.keyId).toBe(earlier.keyId);
  }
}

async function checkWorld(world: World): Promise<void> {
  const { key, versions, operation } = await world.snapshot();
  const current = versions.find((version) => version.version === key.currentVersion);
  if (current) {
    expect(key.state).toBe(current.state);
    expect(key.currentKeyId).toBe(current.keyId);
    const target = world.vault.inspect().find((stored) => stored.keyId === current.keyId);
    expect(target).toMatchObject({
      isPendingDeletion: false,
      isRecorded: true,
      template: 'active',
    });
  }
  // Two versions are active only while one replaces the other.
  const active = versions.filter((version) => version.state === 'active');
  expect(active.length).toBeLessThanOrEqual(operation?.kind === 'rotate-key' ? 2 : 1);
  expect(operation === null).toBe(key.lease === null);
  if (operation) expect(['running', 'parked']).toContain(operation.state);
}

async function checkAudit(world: World): Promise<void> {
  const { key } = await world.snapshot();
  const { records, head } = await world.store.readAudit(keyStream('orders'), 0, 100_000);
  expect(head.sequence).toBe(key.revision);
  expect(verifyChain(keyStream('orders'), records, head)).toBeNull();
}

describe('random histories of a key', () => {
  it('move versions along legal edges only, and version numbers only up', async () => {
    await fc.assert(
      fc.asyncProperty(aHistory, async (history) => {
        const world = await aWorld();
        await world.admitKey();
        let input = await begin(world);
        let versions: readonly VersionRecord[] = [];
        const prologue = ROTATION_STEPS.map((step) => step.name);
        for (const name of [...prologue.slice(0, 7), 'CompleteOperation', ...history]) {
          input = await currentInput(world, input);
          await ACTS[name]?.(world, input).catch(refused);
          const after = (await world.snapshot()).versions;
          checkVersions(versions, after);
          versions = after;
          await checkWorld(world);
        }
        await checkAudit(world);
        expect((await world.key()).currentVersion).toBeGreaterThanOrEqual(1);
      }),
      { numRuns: runs(150) },
    );
  });
});

/** A refusal by the domain is a result; anything else is a bug. */
function refused(error: unknown): void {
  expect(error).toMatchObject({ code: expect.any(String) });
}
