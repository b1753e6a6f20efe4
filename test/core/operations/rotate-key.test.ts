// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { idempotencyClaim } from '#core/operations/admit-operation.ts';
import { compensateOperation } from '#core/operations/end-operation.ts';
import { rotateKey } from '#core/operations/rotate-key.ts';
import { begin, ROTATION_STEPS, runSteps, withActiveKey } from '#test/support/steps.ts';
import { aRotation, aWorld, type World } from '#test/support/world.ts';

const CLAIM = { scope: 'scope-rotate', bodyHash: 'body' };

describe('rotateKey', () => {
  let world: World;
  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
  });

  it('admits the next version and starts the workflow', async () => {
    const { operationId } = await rotateKey(world.deps, { ...aRotation(), reason: 'yearly' });

    const { key, operation } = await world.snapshot();
    expect(key).toMatchObject({ currentVersion: 1, latestVersion: 2, state: 'active', fence: 2 });
    expect(operation).toMatchObject({
      id: operationId,
      kind: 'rotate-key',
      version: 2,
      previousVersion: 1,
      reason: 'yearly',
    });
    expect(world.workflows.started.at(-1)).toMatchObject({ kind: 'rotate-key', operationId });
  });

  it('refuses a second rotation while one runs, and says which', async () => {
    const operationId = await world.admitRotation();

    await expect(rotateKey(world.deps, aRotation())).rejects.toMatchObject({
      name: 'OperationInProgress',
      details: { operationId },
    });
  });

  it('refuses a key that is not active', async () => {
    const fresh = await aWorld();
    await fresh.admitKey();
    const failure = { error: 'X', cause: 'y' };
    await compensateOperation(fresh.deps, { ...(await begin(fresh)), failure });

    await expect(rotateKey(fresh.deps, aRotation())).rejects.toMatchObject({
      name: 'TransitionForbidden',
      details: { key: 'orders', state: 'pre-activation' },
    });
  });

  it('refuses an unknown key', async () => {
    await expect(rotateKey(world.deps, { ...aRotation(), name: 'none' })).rejects.toMatchObject({
      name: 'KeyNotFound',
    });
  });

  it('answers the same operation for the same request, also after it has ended', async () => {
    const first = await rotateKey(world.deps, { ...aRotation(), claim: CLAIM });
    await runSteps(world, await begin(world), ROTATION_STEPS);

    const again = await rotateKey(world.deps, { ...aRotation(), claim: CLAIM });

    expect(again).toEqual(first);
    expect((await world.key()).latestVersion).toBe(2);
  });

  it('gives one operation to the same request sent many times at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => rotateKey(world.deps, { ...aRotation(), claim: CLAIM })),
    );

    expect(new Set(answers.map((answer) => answer.operationId)).size).toBe(1);
  });

  it('counts versions up, never reusing a number', async () => {
    for (let version = 2; version <= 4; version += 1) {
      await world.admitRotation();
      await runSteps(world, await begin(world), ROTATION_STEPS);
    }

    const { key, versions } = await world.snapshot();
    expect(versions.map((version) => version.version)).toEqual([1, 2, 3, 4]);
    expect(key.currentVersion).toBe(4);
    expect(versions.map((version) => version.state)).toEqual([
      'deactivated',
      'deactivated',
      'deactivated',
      'active',
    ]);
  });
});

describe('an idempotency claim', () => {
  const base = ['usr_alice', 'POST /v1/keys', 'header-1', { a: 1, b: 2 }] as const;

  it('is the same for the same request, whatever the order of its members', () => {
    expect(idempotencyClaim('usr_alice', 'POST /v1/keys', 'header-1', { b: 2, a: 1 })).toEqual(
      idempotencyClaim(...base),
    );
  });

  it.each([
    ['caller', idempotencyClaim('usr_olga', base[1], base[2], base[3])],
    ['route', idempotencyClaim(base[0], 'POST /v1/keys/a/rotations', base[2], base[3])],
    ['header', idempotencyClaim(base[0], base[1], 'header-2', base[3])],
  ])('has a scope of its own for another %s', (_what, other) => {
    expect(other.scope).not.toBe(idempotencyClaim(...base).scope);
  });

  it('differs in the body hash alone for another body', () => {
    const other = idempotencyClaim(base[0], base[1], base[2], { a: 1, b: 3 });

    expect(other.scope).toBe(idempotencyClaim(...base).scope);
    expect(other.bodyHash).not.toBe(idempotencyClaim(...base).bodyHash);
  });
});
