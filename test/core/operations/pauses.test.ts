// SPDX-License-Identifier: Apache-2.0
// In a pause nothing that changes keys begins by schedule; what people ask for, what has begun, containment and use go on.
import { beforeEach, describe, expect, it } from 'vitest';
import { verifyChain } from '#core/audit/chain.ts';
import { toEvent } from '#core/contract/events.ts';
import { resumeDestructions } from '#core/operations/advance-destruction.ts';
import { type ContainKeyInput, containKey } from '#core/operations/contain-key.ts';
import { activePause, endPause, settlePause, startPause } from '#core/operations/pauses.ts';
import { pendingDeletions } from '#core/operations/pending-deletions.ts';
import { placeHold } from '#core/operations/place-hold.ts';
import { reviewRetirements } from '#core/operations/review-retirements.ts';
import { findDueRotations } from '#core/operations/rotation-sweep.ts';
import { findDueReencryptions } from '#core/operations/start-reencryption.ts';
import { stopDestruction } from '#core/operations/stop-destruction.ts';
import { encrypt } from '#core/operations/use-key.ts';
import { PAUSE_STREAM } from '#core/ports/pauses.ts';
import {
  approve,
  askDestruction,
  begunWorld,
  drive,
  ROWS_V1,
  readyDataWorld,
  readyWorld,
  recordOf,
  V1,
  vaultState,
} from '#test/support/destruction.ts';
import { admit } from '#test/support/reencryption.ts';
import { resumeBySweep, withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, PERMIT, STAGE, type World } from '#test/support/world.ts';

const HOUR = 3600;
const DAY = 86_400;
const pause = (world: World, hours = 2) =>
  startPause(world.deps, { reason: 'a storm', hours, by: ALICE.id, decision: PERMIT });
const end = (world: World, id: string) =>
  endPause(world.deps, { id, by: 'usr_dave', decision: PERMIT });
const sweep = (world: World, limit = 100) => findDueRotations(world.deps, STAGE, limit);
const containment: ContainKeyInput = {
  ...{ key: 'orders', version: null, mode: 'hard', reason: 'odd use', kind: 'suspension' },
  ...{ occurredAt: null, isEmergency: false, by: ALICE.id, decision: PERMIT },
  claim: { scope: 'contain', bodyHash: 'body' },
};

describe('a pause', () => {
  let world: World;
  beforeEach(async () => {
    world = await aWorld();
  });

  it('ends by the clock, which is recorded, and is one at a time', async () => {
    expect(await activePause(world.deps)).toBeNull();
    const first = await pause(world);
    expect(first).toMatchObject({ id: 'pause-1', by: ALICE.id, endedAt: null });
    await expect(pause(world)).rejects.toMatchObject({
      name: 'TransitionForbidden',
      details: { pause: 'pause-1' },
    });
    world.clock.advance(2 * HOUR - 1);
    expect(await settlePause(world.deps)).toMatchObject({ id: 'pause-1' });
    world.clock.advance(1);
    expect(await activePause(world.deps)).toBeNull();
    await Promise.all([settlePause(world.deps), settlePause(world.deps)]);
    expect((await world.pauses.readPause())?.pause).toMatchObject({
      ...{ endedAt: first.until, endedBy: 'system/pause' },
    });
    expect((await pause(world)).id).toBe('pause-3');
    const { audit } = world.pauses;
    expect(audit.map(({ action }) => action)).toEqual([
      'pause.started',
      'pause.expired',
      'pause.started',
    ]);
    const row = await world.pauses.readPause();
    const head = { sequence: row?.revision ?? 0, hash: row?.auditHead ?? '' };
    expect(verifyChain(PAUSE_STREAM, audit, head)).toBeNull();
    expect(audit.map(toEvent)).toMatchObject(
      ['pause.started', 'pause.expired', 'pause.started'].map((name) => ({
        name,
        detail: { key: null, pause: expect.stringMatching(/^pause-[13]$/) },
      })),
    );
  });

  it('is ended before by a person, once', async () => {
    const { id } = await pause(world);
    const ended = await end(world, id);
    expect(ended).toMatchObject({ endedBy: 'usr_dave', endedAt: world.clock.now() });
    expect(await activePause(world.deps)).toBeNull();
    world.clock.advance(60);
    expect(await end(world, id)).toEqual(ended);
    await expect(end(world, 'pause-9')).rejects.toMatchObject({ name: 'PauseNotFound' });
  });

  it('of two that begin at once is one', async () => {
    const both = await Promise.allSettled([pause(world), pause(world)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });
});

describe('while a pause holds', () => {
  it('nothing that is due is rotated by schedule; behind it, it is', async () => {
    const world = await withActiveKey(await aWorld());
    world.clock.advance(30 * DAY);
    await pause(world);
    expect(await sweep(world)).toMatchObject({ starts: [], operations: [] });
    expect((await world.key()).lease).toBeNull();
    // Somebody who rotates a key does so.
    expect(await world.admitRotation()).toMatch(/^op_/);

    const other = await withActiveKey(await aWorld());
    other.clock.advance(30 * DAY);
    await pause(other, 1);
    await sweep(other);
    other.clock.advance(HOUR);
    expect((await sweep(other)).operations).toHaveLength(1);
    expect(other.pauses.audit.map(({ action }) => action)).toContain('pause.expired');
  });

  it('what has begun goes on, behind any number that may not begin', async () => {
    const world = await withActiveKey(await aWorld());
    const operationId = await world.admitRotation();
    for (const name of ['a', 'b', 'c']) await world.admitKey({ name });
    await pause(world, 72);
    const { operations } = await resumeBySweep(world);
    expect(operations.map((one) => one.operationId)).toContain(operationId);
    expect(operations).toHaveLength(4);

    const due = await withActiveKey(await aWorld());
    due.clock.advance(30 * DAY);
    await due.admitKey({ name: 'late' });
    await pause(due, 72);
    due.clock.advance(HOUR);
    // The key that is due comes first in the list, and the sweep takes one.
    const found = await sweep(due, 1);
    expect(found.operations).toHaveLength(1);
    expect((await due.key()).lease).toBeNull();
  });

  it('keys are contained, and the sweep takes up what confirms it; keys are used', async () => {
    const world = await withActiveKey(await aWorld());
    await world.admitKey({ name: 'used' });
    await pause(world, 72);
    const key = await world.key();
    const crypto = world.vault.cryptoFor('use-key');
    await expect(
      encrypt({ ...world.deps, crypto }, key, new Uint8Array([1]), {}),
    ).resolves.toBeDefined();
    const { operationId } = await containKey(world.deps, containment);
    const { starts } = await resumeBySweep(world);
    expect(starts).toContainEqual(
      expect.objectContaining({ kind: 'revoke-key', input: { operationId, attempt: 2 } }),
    );
  });

  it('KMS keys that no record knows are not looked for', async () => {
    const world = await withActiveKey(await aWorld());
    const snapshot = await world.snapshot();
    const { revision } = snapshot.key;
    const search = { since: snapshot.key.createdAt, nextAt: world.clock.now() };
    await world.store.commit({
      expectedRevision: revision,
      key: { ...snapshot.key, orphanSearch: search, revision: revision + 1 },
      audit: { ...(await lastAudit(world)), sequence: revision + 1 },
    });
    world.clock.advance(30 * DAY);
    const { id } = await pause(world, 72);
    expect((await sweep(world)).searchOrphans).toBe(false);
    await end(world, id);
    expect((await sweep(world)).searchOrphans).toBe(true);
  });
  async function lastAudit(world: World) {
    const { records } = await world.store.readAudit('key/orders', 0, 1000);
    const last = records.at(-1);
    if (!last) throw new Error('no record');
    return last;
  }

  it('no re-encryption starts, and no version is judged', async () => {
    const world = await readyWorld();
    await admit(world);
    // Its workers have died.
    world.clock.advance(HOUR);
    const { id } = await pause(world);
    expect(await findDueReencryptions(world.deps, 10)).toEqual([]);
    const judge = () => reviewRetirements(world.deps, ['orders']);
    expect(await judge()).toEqual({ judged: 0, ready: 0 });
    await end(world, id);
    expect(await findDueReencryptions(world.deps, 10)).toHaveLength(1);
    expect(await judge()).toMatchObject({ judged: 1 });
  });

  it('no destruction goes on to KMS’s window, and one is stopped all the same', async () => {
    const world = await begunWorld();
    const { id } = await pause(world, 72);
    // What a quorum decided begins: disabled, which can be taken back.
    expect(await drive(world)).toEqual(['remove']);
    expect(await recordOf(world)).toMatchObject({ phase: 'quiet' });
    world.clock.advance(5);
    const started = () =>
      world.workflows.started.filter(({ kind }) => kind === 'destroy-key').length;
    const before = started();
    await resumeDestructions(world.deps);
    expect(started()).toBe(before);
    expect(await drive(world)).toEqual([]);
    expect(await vaultState(world)).toBe('disabled');
    await end(world, id);
    await resumeDestructions(world.deps);
    expect(started()).toBe(before + 1);
    expect(await drive(world)).toContain('remove');
    expect(await vaultState(world)).toBe('pending-deletion');

    // What KMS counts down itself goes on; the pause says so, and cancelling it works.
    const { keyId } = await world.version(1);
    expect(keyId).not.toBeNull();
    await pause(world, 72);
    const { deletionAt } = await recordOf(world);
    expect(await pendingDeletions(world)).toEqual([{ ...V1, deletionAt }]);
    await stopDestruction(world.deps, { ...V1, by: ALICE.id, reason: 'no', decision: PERMIT });
    expect(await drive(world)).toContain('restore');
    expect(await vaultState(world)).toBe('enabled');
    expect(await pendingDeletions(world)).toEqual([]);
  });

  it('what a hold objects to is taken back at the end of the quiet time', async () => {
    const world = await begunWorld();
    await drive(world);
    await pause(world, 72);
    await placeHold(world.deps, {
      ...{ key: 'orders', name: 'lawsuit', until: null, reason: 'evidence' },
      ...{ by: ALICE.id, decision: PERMIT },
    });
    world.clock.advance(5);
    expect(await drive(world)).toEqual(['restore']);
    expect(await vaultState(world)).toBe('enabled');
  });

  it('no wrapped data key is erased', async () => {
    const world = await readyDataWorld();
    await approve(world, await askDestruction(world, false, 1, ROWS_V1));
    await drive(world, false, ROWS_V1);
    world.clock.advance(5);
    await drive(world, false, ROWS_V1);
    world.clock.advance(7 * DAY);
    const { id } = await pause(world);
    expect(await drive(world, false, ROWS_V1)).toEqual([]);
    expect((await world.version(1, 'rows')).dataKey).not.toBeNull();
    await end(world, id);
    expect(await drive(world, false, ROWS_V1)).toContain('remove');
    expect((await world.version(1, 'rows')).dataKey).toBeNull();
  });
});
