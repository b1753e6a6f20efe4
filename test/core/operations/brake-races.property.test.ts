// SPDX-License-Identifier: Apache-2.0
// A look at mass brakes that stalls at any of its calls, while other looks, decisions and hands go on: whatever happened, once
// nothing is under way IAM has the policy on the roles of the brakes that hold, and on no others.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { admitBrake } from '#core/operations/admit-brake.ts';
import { enforceBrakes, QUIET_SECONDS } from '#core/operations/enforce-brakes.ts';
import type { BrakeScope } from '#core/ports/brakes.ts';
import { ask, execute, vote } from '#test/support/approvals.ts';
import { runs } from '#test/support/runs.ts';
import { aWorld, CONSUMER, PERMIT, type World } from '#test/support/world.ts';

const BILLING = 'arn:aws:iam::000000000000:role/billing';
const FRESH = 'arn:aws:iam::000000000000:role/fresh';
const LOOK = { seconds: 30, atOnce: 2 };
const ACTS = ['look', 'lift wide', 'lift narrow', 'advance', 'by hand', 'new role'] as const;
type Act = (typeof ACTS)[number];

const look = (world: World) => enforceBrakes(world.deps, LOOK);
const aKey = (world: World, name: string, principals: readonly string[]) =>
  world.admitKey({
    name,
    access: principals.map((principal) => ({ principal, rights: ['decrypt'] as const })),
  });

async function begun(world: World, scope: BrakeScope, by: string): Promise<string> {
  const claim = { scope: [...by].reverse().join('').padEnd(64, '0'), bodyHash: 'body' };
  const said = { scope, reason: 'a library', isEmergency: true, by, decision: PERMIT, claim };
  return (await admitBrake(world.deps, said)).id;
}

async function lift(world: World, id: string): Promise<void> {
  if ((await world.brakes.readBrake(id))?.lift) return;
  const approval = await ask(world, 'brake.lift', { operationId: id });
  for (const user of ['bob', 'carol']) await vote(world, approval, user);
  expect(await execute(world, approval)).toMatchObject({ state: 'executed' });
}

/** Blocks the n-th call, once. @returns what lets it go on, or has it end there */
function stallAt(world: World, call: number) {
  let made = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  // The look may end before it comes that far.
  promise.catch(() => {});
  world.onCall = ({ phase }) => {
    if (phase !== 'before') return;
    made += 1;
    if (made !== call) return;
    reached.resolve();
    return promise;
  };
  return { reached: reached.promise, goOn: resolve, kill: () => reject(new Error('timed out')) };
}

it('ends with the policy on the roles of the brakes that hold, and on no others', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...ACTS), { maxLength: 10 }),
      fc.array(fc.constantFrom<Act>('look', 'lift wide', 'lift narrow'), { maxLength: 3 }),
      fc.integer({ min: 1, max: 30 }),
      async (during, before, call) => {
        const world = await aWorld();
        for (const name of ['orders-api', 'billing', 'fresh']) world.roleBrake.roles.add(name);
        await aKey(world, 'alpha', [CONSUMER, BILLING]);
        const wide = await begun(world, { kind: 'all', value: null }, 'usr_a');
        const narrow = await begun(world, { kind: 'role', value: BILLING }, 'usr_b');
        let passed = 0;
        let keys = 0;
        const acts: Record<Act, () => Promise<unknown>> = {
          look: () => look(world),
          'lift wide': () => lift(world, wide),
          'lift narrow': () => lift(world, narrow),
          advance: async () => {
            passed += 20;
            world.clock.advance(20);
          },
          'by hand': async () => world.roleBrake.attached.delete('billing'),
          'new role': () => {
            keys += 1;
            return aKey(world, `beta-${keys}`, [FRESH]);
          },
        };
        for (const act of before) await acts[act]();

        const stall = stallAt(world, call);
        const stalled = look(world).catch(() => null);
        await Promise.race([stall.reached, stalled]);
        world.onCall = () => {};
        for (const act of during) await acts[act]();
        // Its function has no more time than that.
        if (passed < QUIET_SECONDS) stall.goOn();
        else stall.kill();
        await stalled;

        for (let looks = 0; looks < 4; looks += 1) {
          await look(world);
          world.clock.advance(QUIET_SECONDS);
        }
        const [all, one] = [
          await world.brakes.readBrake(wide),
          await world.brakes.readBrake(narrow),
        ];
        const roles = keys > 0 ? ['billing', 'fresh', 'orders-api'] : ['billing', 'orders-api'];
        const held = all?.lift ? (one?.lift ? [] : ['billing']) : roles;
        expect([...world.roleBrake.attached].sort()).toEqual(held);
        for (const brake of [all, one])
          expect(brake?.state).toBe(brake?.lift ? 'lifted' : 'applied');
      },
    ),
    { numRuns: runs(300) },
  );
});
