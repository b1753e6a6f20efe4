// SPDX-License-Identifier: Apache-2.0
// A mass brake from the request to the proof, and the way back: on the roles of a scope, on no other, and never on those that
// Keyturn needs.
import { beforeEach, describe, expect, it } from 'vitest';
import { verifyChain } from '#core/audit/chain.ts';
import { type ApplyBrakeInput, admitBrake } from '#core/operations/admit-brake.ts';
import { askReview } from '#core/operations/ask-reviews.ts';
import { countsOf, enforceBrakes, QUIET_SECONDS } from '#core/operations/enforce-brakes.ts';
import { type BrakeRecord, brakeStream, MOST_BRAKES } from '#core/ports/brakes.ts';
import { approvalOf, ask, execute, vote } from '#test/support/approvals.ts';
import { ALICE, aWorld, CONSUMER, PERMIT, POLICY_SITE, type World } from '#test/support/world.ts';

const arn = (name: string, account = POLICY_SITE.account) => `arn:aws:iam::${account}:role/${name}`;
const BILLING = arn('billing');
const OWN = arn('keyturn-local-reencrypt');
const ALL = { kind: 'all', value: null } as const;
const LOOK = { seconds: 30, atOnce: 2 };

let world: World;
let claims: number;
beforeEach(async () => {
  world = await aWorld();
  claims = 0;
  world.roleBrake.roles.add('orders-api').add('billing').add('keyturn-local-reencrypt');
});

const grant = (principal: string) => ({ principal, rights: ['decrypt'] as const });
const aKey = (name: string, roles: readonly string[], more = {}) =>
  world.admitKey({ name, access: roles.map(grant), ...more });
const input = (more: Partial<ApplyBrakeInput> = {}): ApplyBrakeInput => {
  claims += 1;
  const scope = [...`${claims}`.padStart(64, '0')].reverse().join('');
  return {
    ...{ scope: ALL, reason: 'a library sends keys away', isEmergency: true },
    ...{ by: `usr_${claims}`, decision: PERMIT, claim: { scope, bodyHash: 'body' } },
    ...more,
  };
};
const apply = (more: Partial<ApplyBrakeInput> = {}) => admitBrake(world.deps, input(more));
const look = (more = {}) => enforceBrakes(world.deps, { ...LOOK, ...more });
async function stored({ id }: { id: string }): Promise<BrakeRecord> {
  const row = await world.brakes.readBrake(id);
  if (!row) throw new Error(`no brake ${id}`);
  return row;
}
const statesOf = async (brake: { id: string }) =>
  Object.fromEntries((await stored(brake)).roles.map(({ role, state }) => [role, state]));
const on = () => [...world.roleBrake.attached].sort();
async function lift({ id }: { id: string }) {
  const approval = await ask(world, 'brake.lift', { operationId: id });
  for (const user of ['bob', 'carol']) await vote(world, approval, user);
  expect(await execute(world, approval)).toMatchObject({ state: 'executed', executedAs: id });
}
/** Looks until no application can be under way any more. */
async function letGo(brake: { id: string }) {
  await lift(brake);
  await look();
  world.clock.advance(QUIET_SECONDS);
  await look();
}

describe('a mass brake', () => {
  it('is applied to the roles of all keys, and says so only when IAM shows it on each', async () => {
    await aKey('alpha', [CONSUMER]);
    await aKey('beta', [CONSUMER, BILLING]);
    const brake = await apply();
    expect(brake).toMatchObject({ state: 'applying', roles: [], confirmedAt: null });
    expect(on()).toEqual([]);
    let shown = new Set<string>();
    const { braked } = world.roleBrake;
    world.roleBrake.braked = async () => shown;

    expect(await look()).toEqual({ brakes: 1, open: 2 });
    expect(on()).toEqual(['billing', 'orders-api']);
    expect(await stored(brake)).toMatchObject({ state: 'applying', confirmedAt: null });
    shown = new Set(['orders-api']);
    await look();
    expect(await stored(brake)).toMatchObject({ state: 'applying' });
    expect(await statesOf(brake)).toEqual({ [CONSUMER]: 'applied', [BILLING]: 'pending' });
    world.roleBrake.braked = braked;

    expect(await look()).toEqual({ brakes: 1, open: 0 });
    expect(await stored(brake)).toMatchObject({
      ...{ state: 'applied', confirmedAt: world.clock.now() },
    });
  });

  it('changes and writes nothing while it stays as it is', async () => {
    await aKey('alpha', [CONSUMER]);
    const brake = await apply();
    await look();
    const { revision } = await stored(brake);
    const calls = world.roleBrake.calls.length;
    world.clock.advance(600);

    await look();
    expect((await stored(brake)).revision).toBe(revision);
    expect(world.roleBrake.calls).toHaveLength(calls);
  });

  it.each([
    [{ kind: 'owner', value: 'olga' } as const, ['orders-api']],
    [{ kind: 'application', value: 'shop' } as const, ['billing']],
    [{ kind: 'host', value: 'db-1' } as const, ['orders-api']],
    [{ kind: 'class', value: 'internal-data' } as const, ['billing']],
    [{ kind: 'role', value: BILLING } as const, ['billing']],
  ])('of scope %j is put on its roles alone', async (scope, names) => {
    await aKey('alpha', [CONSUMER], { host: 'db-1' });
    world.directory.ownerExists = async () => true;
    await aKey('beta', [BILLING], { owner: 'frank', class: 'internal-data', application: 'shop' });
    await apply({ scope });
    await look();

    expect(on()).toEqual(names);
  });

  it('finds roles that come to its scope later, and those that were let loose by hand', async () => {
    await aKey('alpha', [CONSUMER]);
    const brake = await apply();
    await look();
    await aKey('beta', [BILLING]);
    world.roleBrake.attached.delete('orders-api');

    await look();
    expect(on()).toEqual(['billing', 'orders-api']);
    expect(await stored(brake)).toMatchObject({ state: 'applied' });
    const actions = world.brakes.audit.map(({ action }) => action);
    expect(actions.filter((one) => one === 'brake.applied')).toHaveLength(2);
  });

  it('goes on where a look ran out of time, and says nothing before', async () => {
    const names = Array.from({ length: 7 }, (_, n) => `role-${n}`);
    for (const name of names) world.roleBrake.roles.add(name);
    await aKey(
      'alpha',
      names.map((name) => arn(name)),
    );
    const brake = await apply();
    // Only what is begun with the look is done.
    await look({ seconds: 0, atOnce: 1 });
    expect(on()).toHaveLength(1);
    expect(await stored(brake)).toMatchObject({ state: 'applying', passes: 0 });
    for (let left = 10; left > 0 && on().length < names.length; left -= 1)
      await look({ seconds: 0, atOnce: 1 });
    expect(on()).toEqual(names);
    await look();
    expect(await stored(brake)).toMatchObject({ state: 'applied' });
  });

  it('says of each role what became of it, and tries again what failed', async () => {
    const [gone, foreign] = [arn('gone'), arn('partner', '444455556666')];
    await aKey('alpha', [CONSUMER, BILLING, gone, foreign]);
    world.roleBrake.attached.add('orders-api').add('partner');
    world.roleBrake.faults.set('billing', 'Throttled');
    const brake = await apply();
    await look();

    const causes = (await stored(brake)).roles.map(({ role, state, cause }) => [
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
    expect(await stored(brake)).toMatchObject({ state: 'applying' });
    expect(world.roleBrake.calls).not.toContain('apply partner');

    world.roleBrake.faults.clear();
    world.roleBrake.roles.add('gone');
    await look();
    expect(await statesOf(brake)).toEqual({
      ...{ [CONSUMER]: 'already', [BILLING]: 'applied', [gone]: 'applied', [foreign]: 'failed' },
    });
    // It cannot be on a role of another account: it never says that it is on every role.
    expect(await stored(brake)).toMatchObject({ state: 'applying', confirmedAt: null });
  });

  it('names in its audit records, which are one chain, each role with what became of it', async () => {
    await aKey('alpha', [CONSUMER]);
    const brake = await apply();
    await look();
    const { revision, auditHead } = await stored(brake);

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
    await aKey('alpha', [CONSUMER]);
    await expect(apply({ isEmergency: false })).rejects.toMatchObject({ name: 'ApprovalRequired' });
    const brake = await apply({ by: ALICE.id });
    expect(brake.openReview).toMatchObject({ by: ALICE.id });
    await expect(apply({ by: ALICE.id })).rejects.toMatchObject({ name: 'ApprovalRequired' });
    await apply({ by: 'usr_dan' });
    world.clock.advance(3600);
    await apply({ by: ALICE.id });

    const reviewId = await askReview(world.deps, brake.id, ALICE);
    const review = await approvalOf(world, reviewId ?? '');
    expect(review.what).toContain('denied all consumers the use of keys at KMS alone');
    for (const user of ['bob', 'carol']) await vote(world, review, user);
    expect(await execute(world, review)).toMatchObject({ state: 'executed' });
    expect((await stored(brake)).openReview).toBeNull();
    expect(world.brakes.audit.at(-1)).toMatchObject({ action: 'brake.reviewed' });
  });

  it('is a signed quorum else, which applies it once', async () => {
    await aKey('alpha', [CONSUMER, OWN]);
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
    await look();
    expect(on()).toEqual(['orders-api']);
  });

  it('asks the same once, and another thing under the same key never', async () => {
    await aKey('alpha', [CONSUMER]);
    const asked = input();
    const brake = await admitBrake(world.deps, asked);
    expect(await admitBrake(world.deps, asked)).toEqual(brake);
    const other = { ...asked, claim: { ...asked.claim, bodyHash: 'other' } };
    await expect(admitBrake(world.deps, other)).rejects.toMatchObject({
      name: 'IdempotencyKeyReused',
    });
    for (let more = 1; more < MOST_BRAKES; more += 1) await apply();
    await expect(apply()).rejects.toMatchObject({ name: 'TransitionForbidden' });
  });
});

describe('what no mass brake touches', () => {
  const scope = { kind: 'role', value: OWN } as const;

  it('is refused where it is asked for, by name, also by a quorum', async () => {
    await aKey('alpha', [CONSUMER]);
    const refusal = {
      name: 'RoleProtected',
      message: `${OWN} is one of those that Keyturn needs to act, or that its settings protect: no brake is put on it`,
    };
    await expect(apply({ scope })).rejects.toMatchObject(refusal);
    const parameters = { scope: scope.kind, value: scope.value };
    await expect(ask(world, 'brake.apply', { parameters })).rejects.toMatchObject(refusal);

    await aKey('beta', [OWN], { application: 'shop' });
    const shop = { kind: 'application', value: 'shop' } as const;
    await expect(apply({ scope: shop })).rejects.toMatchObject(refusal);
    expect(await world.brakes.listOpenBrakes()).toEqual([]);
  });

  it('is left out of a scope and shown, whatever its keys name', async () => {
    world.protectedRoles = [BILLING];
    await aKey('alpha', [CONSUMER, OWN, BILLING]);
    const brake = await apply();
    await look();
    await look();

    expect(world.roleBrake.calls).toEqual(['apply orders-api']);
    expect(await statesOf(brake)).toEqual({
      ...{ [CONSUMER]: 'applied', [OWN]: 'protected', [BILLING]: 'protected' },
    });
    expect(await stored(brake)).toMatchObject({ state: 'applied' });
    await letGo(brake);
    expect(world.roleBrake.calls).toEqual(['apply orders-api', 'lift orders-api']);
  });

  it('is a scope that no key has a role for', async () => {
    await aKey('alpha', [CONSUMER]);
    for (const nobody of [
      { kind: 'host', value: 'db-9' } as const,
      { kind: 'role', value: BILLING } as const,
    ])
      await expect(apply({ scope: nobody })).rejects.toMatchObject({ name: 'ValidationFailed' });
  });
});

describe('lifting a mass brake', () => {
  it('needs a quorum, takes it off each role, and says so when IAM shows none', async () => {
    await aKey('alpha', [CONSUMER, BILLING, arn('gone')]);
    const brake = await apply();
    await look();
    await lift(brake);
    expect(on()).toEqual(['billing', 'orders-api']);
    expect(await stored(brake)).toMatchObject({ state: 'lifting', lift: { by: ALICE.id } });
    await expect(ask(world, 'brake.lift', { operationId: brake.id })).rejects.toMatchObject({
      name: 'TransitionForbidden',
    });

    await look();
    expect(on()).toEqual([]);
    // A look that was applying it may still be under way.
    world.roleBrake.attached.add('billing');
    expect(await stored(brake)).toMatchObject({ state: 'lifting', lift: { endedAt: null } });
    world.clock.advance(QUIET_SECONDS);
    expect(await look()).toEqual({ brakes: 1, open: 0 });
    expect(on()).toEqual([]);
    expect(await stored(brake)).toMatchObject({
      ...{ state: 'lifted', lift: { endedAt: world.clock.now() } },
    });
    expect(countsOf(await stored(brake))).toMatchObject({ lifted: 3 });
    expect(await world.brakes.listOpenBrakes()).toEqual([]);
    expect((await world.brakes.listEndedBrakes()).map(({ id }) => id)).toEqual([brake.id]);
    expect(world.brakes.audit.at(-1)).toMatchObject({ action: 'brake.lifted' });
    expect(await look()).toEqual({ brakes: 0, open: 0 });
  });

  it('keeps roles that another brake holds, until that is lifted too', async () => {
    await aKey('alpha', [CONSUMER, BILLING]);
    const narrow = await apply({ scope: { kind: 'role', value: BILLING } });
    const wide = await apply();
    await look();
    expect(await statesOf(wide)).toEqual({ [CONSUMER]: 'applied', [BILLING]: 'already' });
    await letGo(wide);
    expect(await statesOf(wide)).toEqual({ [CONSUMER]: 'lifted', [BILLING]: 'kept' });
    expect(await stored(wide)).toMatchObject({ state: 'lifted' });
    expect(on()).toEqual(['billing']);

    await letGo(narrow);
    expect(on()).toEqual([]);
  });

  it('waits while another brake does not know its roles yet', async () => {
    await aKey('alpha', [CONSUMER]);
    const first = await apply();
    await look();
    await lift(first);
    const second = await apply();
    // The second has its turn before, but no time for it.
    world.roleBrake.faults.set('orders-api', 'Unavailable');
    const { listKeys } = world.store;
    world.store.listKeys = async () => Promise.reject(new Error('table not reachable'));
    await expect(look()).rejects.toThrow('table not reachable');
    expect(on()).toEqual(['orders-api']);
    world.store.listKeys = listKeys;
    world.roleBrake.faults.clear();

    await look();
    expect(await statesOf(first)).toEqual({ [CONSUMER]: 'kept' });
    expect(await stored(second)).toMatchObject({ state: 'applied' });
  });

  it('tries again what failed, and never says that it is lifted before', async () => {
    await aKey('alpha', [CONSUMER]);
    const brake = await apply();
    await look();
    world.roleBrake.faults.set('orders-api', 'AccessDenied');
    await letGo(brake);
    expect(await stored(brake)).toMatchObject({
      ...{ state: 'lifting', roles: [{ state: 'failed', cause: 'AccessDenied' }] },
    });
    world.roleBrake.faults.clear();
    await look();
    expect(await stored(brake)).toMatchObject({ state: 'lifted' });
  });

  it('is of a brake that there is', async () => {
    await expect(ask(world, 'brake.lift', { operationId: 'brk_none' })).rejects.toMatchObject({
      name: 'BrakeNotFound',
    });
  });
});
