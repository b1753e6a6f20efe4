// SPDX-License-Identifier: Apache-2.0
// When a sweep looks for KMS keys that no record knows: only where a row says that there may be one, and until it must
// have been seen.
import { beforeEach, describe, expect, it } from 'vitest';
import { createVersion } from '#core/operations/create-version.ts';
import { compensateOperation } from '#core/operations/end-operation.ts';
import { findDueRotations } from '#core/operations/rotation-sweep.ts';
import { rotatingBefore, withActiveKey } from '#test/support/steps.ts';
import { aWorld, STAGE, type World } from '#test/support/world.ts';

const FAILURE = { error: 'DependencyUnavailable', cause: 'no answer' };

let world: World;
beforeEach(async () => {
  world = await aWorld();
});

const isSearching = async () => (await findDueRotations(world.deps, STAGE, 100)).searchOrphans;

/** CreateKey makes the key, and its answer is lost. */
function loseAnswers(times: number): void {
  const create = world.vault.createKey.bind(world.vault);
  let left = times;
  world.vault.createKey = async (...request) => {
    const made = await create(...request);
    left -= 1;
    if (left >= 0) throw new Error('the answer is lost');
    return made;
  };
}

describe('the search for orphans', () => {
  it('is not made while every CreateKey was answered', async () => {
    await withActiveKey(world);

    expect(await isSearching()).toBe(false);
    expect((await world.key()).orphanSearch).toBeUndefined();
  });

  it('is made after an undone version whose CreateKey was not answered, for 50 minutes, then no more', async () => {
    const input = await rotatingBefore(world, 'CreateVersion');
    loseAnswers(1);
    await createVersion(world.deps, input).catch(() => {});
    await compensateOperation(world.deps, { ...input, failure: FAILURE });

    const looks: boolean[] = [];
    for (let minute = 0; minute <= 80; minute += 5) {
      looks.push(await isSearching());
      world.clock.advance(300);
    }
    expect(looks.slice(0, 11).filter((look) => look)).toHaveLength(6);
    expect(looks.slice(11).some((look) => look)).toBe(false);
    expect((await world.key()).orphanSearch).toBeNull();
  });

  it('is made after a version that a second try made', async () => {
    const input = await rotatingBefore(world, 'CreateVersion');
    loseAnswers(1);
    await createVersion(world.deps, input).catch(() => {});
    await createVersion(world.deps, input);

    expect((await world.version(2)).keyId).not.toBeNull();
    expect(await isSearching()).toBe(true);
  });

  it('is made when the client itself had to ask more than once', async () => {
    const input = await rotatingBefore(world, 'CreateVersion');
    const create = world.vault.createKey.bind(world.vault);
    world.vault.createKey = async (...request) => ({
      ...(await create(...request)),
      isDoubtful: true,
    });
    await createVersion(world.deps, input);

    expect(await isSearching()).toBe(true);
  });

  it('is made by a sweep that cannot note it, too', async () => {
    const input = await rotatingBefore(world, 'CreateVersion');
    loseAnswers(1);
    await createVersion(world.deps, input).catch(() => {});
    await compensateOperation(world.deps, { ...input, failure: FAILURE });
    const commit = world.store.commit.bind(world.store);
    world.store.commit = async (change) =>
      change.audit.action === 'orphan.searched'
        ? commit({ ...change, expectedRevision: -1 })
        : commit(change);

    expect(await isSearching()).toBe(true);
  });
});
