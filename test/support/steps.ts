// SPDX-License-Identifier: Apache-2.0
// The functions of the workflows, over the real use cases and the ports of a world: what Lambda would run.

import { MemoryKeyUseLog } from '#adapters/memory/key-use-log.ts';
import type { FunctionName } from '#core/contract/environment.ts';
import type { Check } from '#core/contract/vocabulary.ts';
import { adoptVersion, restorePolicy } from '#core/operations/adopt-version.ts';
import { nextDestructionStep } from '#core/operations/advance-destruction.ts';
import { closePolicy, openPolicy, restrictPolicy } from '#core/operations/apply-policy.ts';
import { beginOperation } from '#core/operations/begin-operation.ts';
import { beginRun, closePass, parkRun } from '#core/operations/close-pass.ts';
import { createVersion } from '#core/operations/create-version.ts';
import {
  compensateOperation,
  completeOperation,
  directionAfterFailure,
  type Failure,
  parkOperation,
} from '#core/operations/end-operation.ts';
import { enforceContainment, repeatContainment } from '#core/operations/enforce-containment.ts';
import { makeDataKey } from '#core/operations/make-data-key.ts';
import { nameVersion, probeAlias, switchAlias } from '#core/operations/place-alias.ts';
import { reencryptShard } from '#core/operations/reencrypt-shard.ts';
import { removeVersion, restoreVersion } from '#core/operations/remove-version.ts';
import { liftContainment } from '#core/operations/resume-key.ts';
import { reviewPolicies } from '#core/operations/review-policies.ts';
import { reviewRetirements } from '#core/operations/review-retirements.ts';
import { findDueRotations, type SweepResult } from '#core/operations/rotation-sweep.ts';
import type { StepInput } from '#core/operations/run-step.ts';
import { findDueReencryptions } from '#core/operations/start-reencryption.ts';
import { sweepOrphans } from '#core/operations/sweep-orphans.ts';
import { applyAccess } from '#core/operations/update-access.ts';
import { certifyDestruction, verifyDestruction } from '#core/operations/verify-destruction.ts';
import { verifyVersion } from '#core/operations/verify-version.ts';
import { STAGE, WAITS, type World } from './world.ts';

/** Seconds until a parked operation is taken up again. */
export const RETRY_AFTER_SECONDS = 300;
export const ORPHAN_GRACE_SECONDS = 600;

type Payload = StepInput & {
  attempt: number;
  source: string;
  version: number;
  isLook: boolean;
  keys: readonly string[];
  shard: number;
  pass: number;
  act:
    | keyof typeof ACTS
    | keyof typeof CONTAINMENT_ACTS
    | 'direct'
    | 'verify'
    | 'certify'
    | 'park'
    | 'begin'
    | 'close'
    | 'sweep';
  alias: 'version' | 'current' | 'probe';
  check: Check;
  cursor: string | null;
  failure: { Error: string; Cause: string };
};

const ALIASES = { version: nameVersion, current: switchAlias, probe: probeAlias } as const;
const ACTS = {
  open: openPolicy,
  restrict: restrictPolicy,
  close: closePolicy,
  restore: restorePolicy,
  access: applyAccess,
  lift: liftContainment,
} as const;
const CONTAINMENT_ACTS = { enforce: enforceContainment, repeat: repeatContainment } as const;
const failureOf = ({ failure }: Payload): Failure => ({
  error: failure.Error,
  cause: failure.Cause,
});

export type StepFunctionName = Exclude<
  FunctionName,
  | 'authorize-person'
  | 'serve-contract'
  | 'read-keys'
  | 'read-calendar'
  | 'read-usage'
  | 'release-keys'
  | 'contain-keys'
  | 'lift-scopes'
  | 'serve-status'
  | 'manage-destruction'
  | 'manage-adoptions'
  | 'plan-changes'
  | 'change-keys'
  | 'manage-consumers'
  | 'publish-events'
  | 'deliver-webhooks'
  | 'acknowledge-rotation'
  | 'watch-rotation'
  | 'use-key'
  | 'manage-key-stores'
  | 'manage-reencryption'
  | 'read-approvals'
  | 'cast-vote'
  | 'manage-policy'
  | 'open-ballot'
  | 'tend-approval'
  | 'execute-approved'
  | 'notify-approvers'
  | 'answer-mail'
  | 'answer-slack'
  | 'manage-elevations'
  | 'manage-pauses'
  | 'manage-brakes'
  | 'apply-brakes'
  | 'manage-signers'
  | 'manage-hsms'
  | 'watch-hsms'
  | 'manage-drills'
  | 'watch-drills'
  | 'manage-incidents'
  | 'manage-recoveries'
  | 'recover-key-store'
  | 'manage-holds'
  | 'manage-escrow'
  | 'recover-escrow'
  | 'judge-retirement'
  | 'request-hsm-admin'
  | 'create-key-store'
  | 'record-key-store'
  | 'receive-signals'
  | 'receive-acknowledgements'
  | 'record-key-use'
>;

/** Small pages, so that a history has many checkpoints. */
const SHARD_PACE = { pageItems: 3, concurrency: 2, seconds: 60 };

async function trackReencryption({ deps }: World, payload: Payload): Promise<unknown> {
  if (payload.act === 'begin') return beginRun(deps, payload);
  if (payload.act === 'sweep') {
    const starts = await findDueReencryptions(deps, 50);
    return { starts: starts.map(({ executionName, ...input }) => ({ executionName, input })) };
  }
  const run = { operationId: payload.operationId, key: payload.key, fence: payload.fence };
  if (payload.act === 'close') return closePass(deps, run);
  return parkRun(deps, { ...run, failure: failureOf(payload) }, RETRY_AFTER_SECONDS);
}

const NEVER_USED = {
  lastUse: async () => ({ at: null, operation: null, trackedSince: null }),
};

/** Every function of the key workflows, by name. */
export function stepFunctions(
  world: World,
): Record<StepFunctionName, (payload: Payload) => Promise<unknown>> {
  const { deps } = world;
  return {
    'begin-operation': (payload) => beginOperation(deps, payload, WAITS),
    'create-version': (payload) => createVersion(deps, payload),
    'adopt-version': (payload) => adoptVersion(deps, payload),
    'make-data-key': (payload) => makeDataKey(deps, payload),
    'verify-version': (payload) => verifyVersion(deps, payload),
    'place-alias': (payload) => ALIASES[payload.alias](deps, payload),
    'apply-policy': (payload) => {
      const { act } = payload;
      if (!(act in ACTS)) throw new Error('not an act of it');
      return ACTS[act as keyof typeof ACTS](deps, payload);
    },
    'enforce-containment': (payload) =>
      CONTAINMENT_ACTS[payload.act as keyof typeof CONTAINMENT_ACTS](deps, payload),
    'tend-destruction': (payload) => nextDestructionStep(deps, payload),
    'remove-version': (payload) => removeVersion(deps, payload),
    'restore-version': (payload) => restoreVersion(deps, payload),
    'certify-destruction': (payload) =>
      payload.act === 'verify'
        ? verifyDestruction(deps, payload)
        : certifyDestruction(deps, payload),
    'complete-operation': (payload) => completeOperation(deps, payload),
    'compensate-operation': (payload) =>
      compensateOperation(deps, { ...payload, failure: failureOf(payload) }),
    'park-operation': async (payload) => {
      const input = { ...payload, failure: failureOf(payload) };
      if (payload.act === 'direct') return { direction: await directionAfterFailure(deps, input) };
      await parkOperation(deps, input, RETRY_AFTER_SECONDS);
      return {};
    },
    reencrypt: (payload) => reencryptShard(deps, payload, SHARD_PACE),
    'track-reencryption': (payload) => trackReencryption(world, payload),
    'find-due-rotations': () => findDueRotations(deps, STAGE, 100),
    'review-policies': async ({ cursor }) => {
      const { nextCursor, replaced } = await reviewPolicies(deps, cursor, 2);
      return { replaced, cursor: nextCursor, hasMore: nextCursor !== null };
    },
    // Nobody used anything here: what is judged is judged on the records.
    'review-retirements': ({ keys }) =>
      reviewRetirements({ ...deps, lastUses: NEVER_USED, uses: new MemoryKeyUseLog() }, keys),
    'sweep-orphans': async ({ cursor }) => {
      const swept = await sweepOrphans(deps, STAGE, cursor, ORPHAN_GRACE_SECONDS);
      return { ...swept, cursor: swept.nextCursor, hasMore: swept.nextCursor !== null };
    },
  };
}

/** Begins the operation that holds the key. @returns the input of its steps */
export async function begin(world: World, name = 'orders'): Promise<StepInput> {
  const { operation } = await world.snapshot(name);
  if (!operation) throw new Error(`no operation holds ${name}`);
  const { operationId, key, fence } = await beginOperation(
    world.deps,
    { operationId: operation.id, attempt: operation.attempt },
    WAITS,
  );
  return { operationId, key, fence };
}

/** A step of a workflow by its state's name. */
export interface NamedStep {
  readonly name: string;
  readonly run: (world: World, input: StepInput) => Promise<unknown>;
}

const verify = (check: Check) => (world: World, input: StepInput) =>
  verifyVersion(world.deps, { ...input, check });

/** The steps of a generation behind BeginOperation, in order. */
export const GENERATION_STEPS: readonly NamedStep[] = [
  { name: 'CreateVersion', run: (world, input) => createVersion(world.deps, input) },
  { name: 'VerifyVersion', run: verify('canary') },
  { name: 'NameVersion', run: (world, input) => nameVersion(world.deps, input) },
  { name: 'OpenPolicy', run: (world, input) => openPolicy(world.deps, input) },
  { name: 'ProbeOpen', run: verify('open') },
  { name: 'SwitchAlias', run: (world, input) => switchAlias(world.deps, input) },
  { name: 'ProbeAlias', run: (world, input) => probeAlias(world.deps, input) },
  { name: 'CompleteOperation', run: (world, input) => completeOperation(world.deps, input) },
];

/** The steps of an adoption behind BeginOperation, in order. */
export const ADOPTION_STEPS: readonly NamedStep[] = [
  { name: 'AdoptVersion', run: (world, input) => adoptVersion(world.deps, input) },
  ...GENERATION_STEPS.slice(1),
];

/** The steps of a rotation behind BeginOperation, in order. */
export const ROTATION_STEPS: readonly NamedStep[] = [
  ...GENERATION_STEPS.slice(0, -1),
  { name: 'RestrictPolicy', run: (world, input) => restrictPolicy(world.deps, input) },
  { name: 'ProbeDecryptOnly', run: verify('decrypt-only') },
  ...GENERATION_STEPS.slice(-1),
];

/** Runs steps up to and without the named one; all when there is no name. */
export async function runSteps(
  world: World,
  input: StepInput,
  steps: readonly NamedStep[],
  before?: string,
): Promise<void> {
  for (const step of steps) {
    if (step.name === before) return;
    await step.run(world, input);
  }
}

/** A world with an active key `orders` at version 1. */
export async function withActiveKey(world: World): Promise<World> {
  await world.admitKey();
  await runSteps(world, await begin(world), GENERATION_STEPS);
  return world;
}

/** A world whose `orders` is being rotated, just before the named step. */
export async function rotatingBefore(world: World, step: string): Promise<StepInput> {
  await withActiveKey(world);
  await world.admitRotation();
  const input = await begin(world);
  await runSteps(world, input, ROTATION_STEPS, step);
  return input;
}

/** Lets the lease run out and the sweep take the operation up again. */
export async function resumeBySweep(world: World): Promise<SweepResult> {
  world.clock.advance(3600);
  return findDueRotations(world.deps, STAGE, 100);
}

/** The same past every hook, for the middle of a call. */
export async function takeOver(world: World): Promise<void> {
  world.clock.advance(3600);
  const { store: ledger, clock, ids, slots, classes, pauses } = world;
  await findDueRotations({ ledger, clock, ids, slots, classes, pauses, waits: WAITS }, STAGE, 100);
}
