// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { findDueRotations } from '#core/operations/rotation-sweep.ts';
import { updateKey } from '#core/operations/update-key.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { aWorld, PERMIT, STAGE, type World } from '#test/support/world.ts';

describe('updateKey', () => {
  let world: World;
  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
  });
  const input = (patch = {}) => ({
    name: 'orders',
    nextRotationAt: '2026-01-01T00:00:00.000Z',
    expectedRevision: null,
    by: 'usr_alice',
    decision: PERMIT,
    ...patch,
  });

  it('makes a key due, so that the next sweep rotates it', async () => {
    const updated = await updateKey(world.deps, input());

    expect(updated.nextRotationAt).toBe('2026-01-01T00:00:00.000Z');
    expect((await findDueRotations(world.deps, STAGE, 10)).starts).toHaveLength(1);
  });

  it('writes the old and the new date into the audit record', async () => {
    await updateKey(world.deps, input());

    const { records } = await world.store.readAudit('key/orders', 0, 1000);
    expect(records.at(-1)).toMatchObject({
      actor: 'usr_alice',
      action: 'key.due-date-set',
      detail: { from: '2026-01-02T00:00:00.000Z', to: '2026-01-01T00:00:00.000Z' },
    });
  });

  it('refuses a revision that is not the current one, and changes nothing', async () => {
    const before = await world.key();

    await expect(
      updateKey(world.deps, input({ expectedRevision: before.revision - 1 })),
    ).rejects.toMatchObject({ name: 'StaleRevision' });

    expect(await world.key()).toEqual(before);
  });

  it('refuses an unknown key', async () => {
    await expect(updateKey(world.deps, input({ name: 'none' }))).rejects.toMatchObject({
      name: 'KeyNotFound',
    });
  });

  it('refuses a key that is not active', async () => {
    await world.admitKey({ name: 'fresh' });

    await expect(updateKey(world.deps, input({ name: 'fresh' }))).rejects.toMatchObject({
      name: 'TransitionForbidden',
    });
  });
});
