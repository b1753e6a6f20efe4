// SPDX-License-Identifier: Apache-2.0
// Every order in which several callers' reads and writes can interleave: fast-check's scheduler decides who goes on.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CountingIds } from '#adapters/memory/ids.ts';
import { verifyChain } from '#core/audit/chain.ts';
import { keyStream } from '#core/operations/mutate-key.ts';
import { admitRotation } from '#core/operations/rotate-key.ts';
import { findDueRotations } from '#core/operations/rotation-sweep.ts';
import type { Ledger } from '#core/ports/ledger.ts';
import { runs } from '#test/support/runs.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { aRotation, aWorld, STAGE, WAITS, type World } from '#test/support/world.ts';

/** The ledger with each call put off until the scheduler lets it happen. */
function scheduled(world: World, scheduler: fc.Scheduler): Ledger {
  return new Proxy(world.store, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') return member;
      return async (...parameters: unknown[]) => {
        await scheduler.schedule(Promise.resolve(), String(property));
        return member.apply(target, parameters);
      };
    },
  });
}

describe('interleaved admissions', () => {
  it('[INV-04] two rotations of one key never run at once', async () => {
    const callers = fc.record({
      requests: fc.nat({ max: 3 }),
      sweeps: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), callers, async (scheduler, { requests, sweeps }) => {
        const world = await withActiveKey(await aWorld());
        world.clock.advance(86_400);
        const ids = new CountingIds();
        // Ids of the requests differ from those that the world gave out before.
        Array.from({ length: 100 }, () => ids.operationId());
        const { clock, slots, classes, pauses } = world;
        const ledger = scheduled(world, scheduler);
        const deps = { ledger, clock, ids, slots, classes, pauses, waits: WAITS };
        const admitted: (string | null)[] = [];
        const work = [
          ...Array.from({ length: requests }, async () => {
            const placed = await admitRotation(deps, aRotation()).catch(inProgress);
            admitted.push(placed?.item.operationId ?? null);
          }),
          ...Array.from({ length: sweeps }, async () => {
            const { operations } = await findDueRotations(deps, STAGE, 10);
            admitted.push(...operations.map(({ operationId }) => operationId));
          }),
        ];
        await scheduler.waitIdle();
        await Promise.all(work);

        const { key, versions, operation } = await world.snapshot();
        expect(admitted.filter((id) => id !== null)).toEqual([operation?.id]);
        expect(key).toMatchObject({ latestVersion: 2, fence: 2 });
        expect(versions).toHaveLength(2);
        const { records, head } = await world.store.readAudit(keyStream('orders'), 0, 1000);
        expect(verifyChain(keyStream('orders'), records, head)).toBeNull();
      }),
      { numRuns: runs(200) },
    );
  });

  it('give a stale operation to one new attempt, whichever sweep comes first', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const world = await withActiveKey(await aWorld());
        const operationId = await world.admitRotation();
        world.clock.advance(3600);
        const { clock, ids, slots, classes, pauses } = world;
        const ledger = scheduled(world, scheduler);
        const deps = { ledger, clock, ids, slots, classes, pauses, waits: WAITS };
        const work = Promise.all([1, 2, 3].map(() => findDueRotations(deps, STAGE, 10)));
        await scheduler.waitIdle();
        const operations = (await work).flatMap((found) => found.operations);

        expect(operations).toEqual([{ operationId, attempt: 2 }]);
        expect((await world.key()).lease).toMatchObject({ operationId, fence: 3 });
      }),
      { numRuns: runs(100) },
    );
  });
});

function inProgress(error: unknown): null {
  expect(error).toMatchObject({ name: 'OperationInProgress' });
  return null;
}
