// SPDX-License-Identifier: Apache-2.0
// The end of a mass brake: off the roles that nothing else holds, proven, and the same however often a look dies.
import { beforeEach, describe, expect, it } from 'vitest';
import { verifyChain } from '#core/audit/chain.ts';
import { countsOf, QUIET_SECONDS } from '#core/operations/enforce-brakes.ts';
import { brakeStream } from '#core/ports/brakes.ts';
import { ask } from '#test/support/approvals.ts';
import { arn, BILLING, brakeScene, OWN } from '#test/support/brakes.ts';
import { ALICE, aWorld, CONSUMER, type World } from '#test/support/world.ts';

let world: World;
let scene: ReturnType<typeof brakeScene>;
beforeEach(async () => {
  world = await aWorld();
  scene = brakeScene(world);
});

describe('lifting a mass brake', () => {
  it('needs a quorum, takes it off each role, and says so when IAM shows none', async () => {
    await scene.aKey('alpha', [CONSUMER, BILLING, arn('gone')]);
    const brake = await scene.apply();
    await scene.look();
    await scene.lift(brake);
    expect(scene.on()).toEqual(['billing', 'orders-api']);
    expect(await scene.stored(brake)).toMatchObject({ state: 'lifting', lift: { by: ALICE.id } });
    await expect(ask(world, 'brake.lift', { operationId: brake.id })).rejects.toMatchObject({
      name: 'TransitionForbidden',
    });

    await scene.look();
    expect(scene.on()).toEqual([]);
    // A look that was applying it may still be under way.
    world.roleBrake.attached.add('billing');
    expect(await scene.stored(brake)).toMatchObject({ state: 'lifting', lift: { endedAt: null } });
    world.clock.advance(QUIET_SECONDS);
    expect(await scene.look()).toEqual({ brakes: 1, open: 0 });
    expect(scene.on()).toEqual([]);
    expect(await scene.stored(brake)).toMatchObject({
      ...{ state: 'lifted', lift: { endedAt: world.clock.now() } },
    });
    expect(countsOf(await scene.stored(brake))).toMatchObject({ lifted: 3 });
    expect(await world.brakes.listOpenBrakes()).toEqual([]);
    expect((await world.brakes.listEndedBrakes()).map(({ id }) => id)).toEqual([brake.id]);
    expect(world.brakes.audit.at(-1)).toMatchObject({ action: 'brake.lifted' });
    expect(await scene.look()).toEqual({ brakes: 0, open: 0 });
  });

  it('keeps roles that another brake holds, until that is lifted too', async () => {
    await scene.aKey('alpha', [CONSUMER, BILLING]);
    const narrow = await scene.apply({ scope: { kind: 'role', value: BILLING } });
    const wide = await scene.apply();
    await scene.look();
    expect(await scene.statesOf(wide)).toEqual({ [CONSUMER]: 'applied', [BILLING]: 'already' });
    await scene.letGo(wide);
    expect(await scene.statesOf(wide)).toEqual({ [CONSUMER]: 'lifted', [BILLING]: 'kept' });
    expect(await scene.stored(wide)).toMatchObject({ state: 'lifted' });
    expect(scene.on()).toEqual(['billing']);

    await scene.letGo(narrow);
    expect(scene.on()).toEqual([]);
  });

  it('waits while another brake does not know its roles yet', async () => {
    await scene.aKey('alpha', [CONSUMER]);
    const first = await scene.apply();
    await scene.look();
    await scene.lift(first);
    const second = await scene.apply();
    // The second has its turn before, but no time for it.
    world.roleBrake.faults.set('orders-api', 'Unavailable');
    const { listKeys } = world.store;
    world.store.listKeys = async () => Promise.reject(new Error('table not reachable'));
    await expect(scene.look()).rejects.toThrow('table not reachable');
    expect(scene.on()).toEqual(['orders-api']);
    world.store.listKeys = listKeys;
    world.roleBrake.faults.clear();

    await scene.look();
    expect(await scene.statesOf(first)).toEqual({ [CONSUMER]: 'kept' });
    expect(await scene.stored(second)).toMatchObject({ state: 'applied' });
  });

  it('tries again what failed, and never says that it is lifted before', async () => {
    await scene.aKey('alpha', [CONSUMER]);
    const brake = await scene.apply();
    await scene.look();
    world.roleBrake.faults.set('orders-api', 'AccessDenied');
    await scene.letGo(brake);
    expect(await scene.stored(brake)).toMatchObject({
      ...{ state: 'lifting', roles: [{ state: 'failed', cause: 'AccessDenied' }] },
    });
    world.roleBrake.faults.clear();
    await scene.look();
    expect(await scene.stored(brake)).toMatchObject({ state: 'lifted' });
  });

  it('is of a brake that there is', async () => {
    await expect(ask(world, 'brake.lift', { operationId: 'brk_none' })).rejects.toMatchObject({
      name: 'BrakeNotFound',
    });
  });
});

describe('a look that dies', () => {
  /** Nothing is answered from the n-th call of ledger, rows and IAM on: it was not made, or its answer is lost. */
  function dieAt(call: number, phase: 'before' | 'after'): void {
    let made = 0;
    world.onCall = (at) => {
      if (at.phase === 'before') made += 1;
      if (made > call || (made === call && at.phase === phase)) throw new Error('killed');
    };
  }

  it.each(['before', 'after'] as const)(
    '%s any call leaves nothing that the next one does not do',
    async (phase) => {
      await scene.aKey('alpha', [CONSUMER, BILLING, OWN]);
      const ended: string[] = [];
      for (let call = 1; call <= 40; call += 1) {
        const brake = await scene.apply();
        dieAt(call, phase);
        const isWhole = await scene.look().then(
          () => true,
          () => false,
        );
        world.onCall = () => {};
        await scene.look();
        expect(await scene.stored(brake)).toMatchObject({ state: 'applied' });
        expect(scene.on()).toEqual(['billing', 'orders-api']);

        await scene.lift(brake);
        dieAt(call, phase);
        await scene.look().catch(() => {});
        world.onCall = () => {};
        world.clock.advance(QUIET_SECONDS);
        await scene.look();
        expect(await scene.stored(brake)).toMatchObject({ state: 'lifted' });
        expect(scene.on()).toEqual([]);
        ended.push(isWhole ? 'whole' : 'killed');
        if (isWhole) break;
      }
      expect(ended.length).toBeGreaterThan(5);
      expect(ended.at(-1)).toBe('whole');
      expect(world.roleBrake.calls.filter((one) => one.includes('reencrypt'))).toEqual([]);
    },
  );

  it('and two at once are as one', async () => {
    await scene.aKey('alpha', [CONSUMER, BILLING]);
    const brake = await scene.apply();
    await Promise.all([scene.look(), scene.look(), scene.look()]);
    await scene.look();
    expect(await scene.stored(brake)).toMatchObject({ state: 'applied' });
    const { revision, auditHead } = await scene.stored(brake);
    const head = { sequence: revision, hash: auditHead };
    expect(verifyChain(brakeStream(brake.id), world.brakes.audit, head)).toBeNull();
  });
});
