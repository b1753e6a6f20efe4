// SPDX-License-Identifier: Apache-2.0
// A mass brake from the request to the proof: on the roles of a scope, on no other, and never on those that Keyturn needs.
import { beforeEach, describe, expect, it } from 'vitest';
import { verifyChain } from '#core/audit/chain.ts';
import { admitBrake } from '#core/operations/admit-brake.ts';
import { askReview } from '#core/operations/ask-reviews.ts';
import { brakeStream, MOST_BRAKES } from '#core/ports/brakes.ts';
import { approvalOf, ask, execute, vote } from '#test/support/approvals.ts';
import { arn, BILLING, brakeScene, OWN } from '#test/support/brakes.ts';
import { ALICE, aWorld, CONSUMER, type World } from '#test/support/world.ts';

let world: World;
let scene: ReturnType<typeof brakeScene>;
beforeEach(async () => {
  world = await aWorld();
  scene = brakeScene(world);
});

describe('a mass brake', () => {
  it('is applied to the roles of all keys, and says so only when IAM shows it on each', async () => {
    await scene.aKey('alpha', [CONSUMER]);
    await scene.aKey('beta', [CONSUMER, BILLING]);
    const brake = await scene.apply();
    expect(brake).toMatchObject({ state: 'applying', roles: [], confirmedAt: null });
    expect(scene.on()).toEqual([]);
    let shown = new Set<string>();
    const { braked } = world.roleBrake;
    world.roleBrake.braked = async () => shown;

    expect(await scene.look()).toEqual({ brakes: 1, open: 0 });
    expect(scene.on()).toEqual(['billing', 'orders-api']);
    expect(await scene.stored(brake)).toMatchObject({ state: 'applying', confirmedAt: null });
    world.clock.advance(60);
    expect(await scene.look()).toEqual({ brakes: 1, open: 2 });
    shown = new Set(['orders-api']);
    await scene.look();
    expect(await scene.stored(brake)).toMatchObject({ state: 'applying' });
    expect(await scene.statesOf(brake)).toEqual({ [CONSUMER]: 'applied', [BILLING]: 'pending' });
    world.roleBrake.braked = braked;

    expect(await scene.look()).toEqual({ brakes: 1, open: 0 });
    expect(await scene.stored(brake)).toMatchObject({
      ...{ state: 'applied', confirmedAt: world.clock.now() },
    });
  });

  it('changes and writes nothing while it stays as it is', async () => {
    await scene.aKey('alpha', [CONSUMER]);
    const brake = await scene.apply();
    await scene.look();
    const { revision } = await scene.stored(brake);
    const calls = world.roleBrake.calls.length;
    world.clock.advance(600);

    await scene.look();
    expect((await scene.stored(brake)).revision).toBe(revision);
    expect(world.roleBrake.calls).toHaveLength(calls);
  });

  it.each([
    [{ kind: 'owner', value: 'olga' } as const, ['orders-api']],
    [{ kind: 'application', value: 'shop' } as const, ['billing']],
    [{ kind: 'host', value: 'db-1' } as const, ['orders-api']],
    [{ kind: 'class', value: 'internal-data' } as const, ['billing']],
    [{ kind: 'role', value: BILLING } as const, ['billing']],
  ])('of scope %j is put on its roles alone', async (scope, names) => {
    await scene.aKey('alpha', [CONSUMER], { host: 'db-1' });
    world.directory.ownerExists = async () => true;
    await scene.aKey('beta', [BILLING], {
      owner: 'frank',
      class: 'internal-data',
      application: 'shop',
    });
    await scene.apply({ scope });
    await scene.look();

    expect(scene.on()).toEqual(names);
  });

  it('finds roles that come to its scope later, and those that were let loose by hand', async () => {
    await scene.aKey('alpha', [CONSUMER]);
    const brake = await scene.apply();
    await scene.look();
    await scene.aKey('beta', [BILLING]);
    world.roleBrake.attached.delete('orders-api');

    await scene.look();
    expect(scene.on()).toEqual(['billing', 'orders-api']);
    expect(await scene.stored(brake)).toMatchObject({ state: 'applied' });
    const actions = world.brakes.audit.map(({ action }) => action);
    expect(actions.filter((one) => one === 'brake.applied')).toHaveLength(2);
  });

  it('says that it is not on every role while one is loose, and again once it is', async () => {
    await scene.aKey('alpha', [CONSUMER]);
    const brake = await scene.apply();
    await scene.look();
    world.roleBrake.attached.clear();
    world.roleBrake.faults.set('orders-api', 'Throttled');
    world.clock.advance(60);
    await scene.look();
    expect(await scene.stored(brake)).toMatchObject({ state: 'applying' });
    world.roleBrake.faults.clear();

    await scene.look();
    expect(await scene.stored(brake)).toMatchObject({
      ...{ state: 'applied', confirmedAt: world.clock.now() },
    });
    const actions = world.brakes.audit.map(({ action }) => action);
    expect(actions.filter((one) => one === 'brake.applied')).toHaveLength(2);
  });

  it('goes on where a look ran out of time, and says nothing before', async () => {
    const names = Array.from({ length: 7 }, (_, n) => `role-${n}`);
    for (const name of names) world.roleBrake.roles.add(name);
    await scene.aKey(
      'alpha',
      names.map((name) => arn(name)),
    );
    const brake = await scene.apply();
    // Only what is begun with the look is done.
    await scene.look({ seconds: 0, atOnce: 1 });
    expect(scene.on()).toHaveLength(1);
    expect(await scene.stored(brake)).toMatchObject({ state: 'applying', passes: 0 });
    for (let left = 10; left > 0 && scene.on().length < names.length; left -= 1)
      await scene.look({ seconds: 0, atOnce: 1 });
    expect(scene.on()).toEqual(names);
    await scene.look();
    expect(await scene.stored(brake)).toMatchObject({ state: 'applied' });
  });

  it('says of each role what became of it, and tries again what failed', async () => {
    // Named like one of Keyturn's: in another account that protects nobody.
    const [gone, foreign] = [arn('gone'), arn('keyturn-local-reencrypt', '444455556666')];
    await scene.aKey('alpha', [CONSUMER, BILLING, gone, foreign]);
    world.roleBrake.attached.add('orders-api').add('keyturn-local-reencrypt');
    world.roleBrake.faults.set('billing', 'Throttled');
    const brake = await scene.apply();
    await scene.look();

    const causes = (await scene.stored(brake)).roles.map(({ role, state, cause }) => [
      role,
      state,
      cause,
    ]);
    expect(causes).toEqual([
      [CONSUMER, 'already', null],
      [BILLING, 'failed', 'Throttled'],
      [gone, 'failed', 'RoleNotFound'],
      [foreign, 'failed', 'RoleOutsideAccount'],
    ]);
    expect(await scene.stored(brake)).toMatchObject({ state: 'applying' });
    expect(world.roleBrake.calls).not.toContain('apply keyturn-local-reencrypt');

    world.roleBrake.faults.clear();
    world.roleBrake.roles.add('gone');
    await scene.look();
    expect(await scene.statesOf(brake)).toEqual({
      ...{ [CONSUMER]: 'already', [BILLING]: 'applied', [gone]: 'applied', [foreign]: 'failed' },
    });
    // It cannot be on a role of another account: it never says that it is on every role.
    expect(await scene.stored(brake)).toMatchObject({ state: 'applying', confirmedAt: null });
  });

  it('names in its audit records, which are one chain, each role with what became of it', async () => {
    await scene.aKey('alpha', [CONSUMER]);
    const brake = await scene.apply();
    await scene.look();
    const { revision, auditHead } = await scene.stored(brake);

    const head = { sequence: revision, hash: auditHead };
    expect(verifyChain(brakeStream(brake.id), world.brakes.audit, head)).toBeNull();
    expect(world.brakes.audit.map(({ action }) => action)).toEqual([
      ...['brake.applying', 'brake.progressed', 'brake.applied'],
    ]);
    expect(world.brakes.audit.at(-1)?.detail).toMatchObject({
      ...{ applied: 1, roles: `applied ${CONSUMER}` },
    });
  });
});

describe('who decides on a mass brake', () => {
  it('is one person in an emergency, once in an hour, with a review', async () => {
    await scene.aKey('alpha', [CONSUMER]);
    await expect(scene.apply({ isEmergency: false })).rejects.toMatchObject({
      name: 'ApprovalRequired',
    });
    const brake = await scene.apply({ by: ALICE.id });
    expect(brake.openReview).toMatchObject({ by: ALICE.id });
    await expect(scene.apply({ by: ALICE.id })).rejects.toMatchObject({ name: 'ApprovalRequired' });
    await scene.apply({ by: 'usr_dan' });
    world.clock.advance(3600);
    await scene.apply({ by: ALICE.id });

    const reviewId = await askReview(world.deps, brake.id, ALICE);
    const review = await approvalOf(world, reviewId ?? '');
    expect(review.what).toContain('denied all consumers the use of keys at KMS alone');
    for (const user of ['bob', 'carol']) await vote(world, review, user);
    expect(await execute(world, review)).toMatchObject({ state: 'executed' });
    expect((await scene.stored(brake)).openReview).toBeNull();
    expect(world.brakes.audit.at(-1)).toMatchObject({ action: 'brake.reviewed' });
  });

  it('is a signed quorum else, which applies it once', async () => {
    await scene.aKey('alpha', [CONSUMER, OWN]);
    const parameters = { scope: 'all', value: null };
    const approval = await ask(world, 'brake.apply', { parameters });
    expect(approval).toMatchObject({
      rule: { signed: true, required: 2 },
      blast: { consumers: 1 },
    });
    expect(approval.what).toContain('Deny all consumers, by now 1 roles');
    await vote(world, approval, 'bob');
    expect(await execute(world, approval)).toMatchObject({ state: 'pending' });
    await vote(world, approval, 'carol');
    const { executedAs } = await execute(world, approval);
    expect(await execute(world, approval)).toMatchObject({ executedAs });

    const [brake] = await world.brakes.listOpenBrakes();
    expect(brake).toMatchObject({ id: executedAs, isEmergency: false, openReview: null });
    await scene.look();
    expect(scene.on()).toEqual(['orders-api']);
  });

  it('asks the same once, and another thing under the same key never', async () => {
    await scene.aKey('alpha', [CONSUMER]);
    const asked = scene.input();
    const brake = await admitBrake(world.deps, asked);
    expect(await admitBrake(world.deps, asked)).toEqual(brake);
    const other = { ...asked, claim: { ...asked.claim, bodyHash: 'other' } };
    await expect(admitBrake(world.deps, other)).rejects.toMatchObject({
      name: 'IdempotencyKeyReused',
    });
    for (let more = 1; more < MOST_BRAKES; more += 1) await scene.apply();
    await expect(scene.apply()).rejects.toMatchObject({ name: 'TransitionForbidden' });
  });
});

describe('what no mass brake touches', () => {
  const scope = { kind: 'role', value: OWN } as const;

  it('is refused where it is asked for, by name, also by a quorum', async () => {
    await scene.aKey('alpha', [CONSUMER]);
    const refusal = {
      name: 'RoleProtected',
      message: `${OWN} is one of those that Keyturn needs to act, or that its settings protect: no brake is put on it`,
    };
    await expect(scene.apply({ scope })).rejects.toMatchObject(refusal);
    const parameters = { scope: scope.kind, value: scope.value };
    await expect(ask(world, 'brake.apply', { parameters })).rejects.toMatchObject(refusal);

    await scene.aKey('beta', [OWN], { application: 'shop' });
    const shop = { kind: 'application', value: 'shop' } as const;
    await expect(scene.apply({ scope: shop })).rejects.toMatchObject(refusal);
    expect(await world.brakes.listOpenBrakes()).toEqual([]);
  });

  it('is left out of a scope and shown, whatever its keys name', async () => {
    world.protectedRoles = [BILLING];
    await scene.aKey('alpha', [CONSUMER, OWN, BILLING]);
    const brake = await scene.apply();
    await scene.look();
    await scene.look();

    expect(world.roleBrake.calls).toEqual(['apply orders-api']);
    expect(await scene.statesOf(brake)).toEqual({
      ...{ [CONSUMER]: 'applied', [OWN]: 'protected', [BILLING]: 'protected' },
    });
    expect(await scene.stored(brake)).toMatchObject({ state: 'applied' });
    await scene.letGo(brake);
    expect(world.roleBrake.calls).toEqual(['apply orders-api', 'lift orders-api']);
  });

  it('is a scope that no key has a role for', async () => {
    await scene.aKey('alpha', [CONSUMER]);
    for (const nobody of [
      { kind: 'host', value: 'db-9' } as const,
      { kind: 'role', value: BILLING } as const,
    ])
      await expect(scene.apply({ scope: nobody })).rejects.toMatchObject({
        name: 'ValidationFailed',
      });
  });
});
