// SPDX-License-Identifier: Apache-2.0
// Where a key is used: recorded, found by, and no way out of what contains it.
import { beforeEach, describe, expect, it } from 'vitest';
import { type AssignKeyInput, assignKey } from '#core/operations/assign-key.ts';
import { admitScope } from '#core/operations/contain-scope.ts';
import { withScopesDenied } from '#core/operations/deny-scopes.ts';
import { sweepScope } from '#core/operations/sweep-scope.ts';
import type { ListedScope } from '#core/ports/ledger.ts';
import { Simulation } from '#test/support/simulation.ts';
import { begin, GENERATION_STEPS, runSteps, withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, PERMIT, type World } from '#test/support/world.ts';

const HOST = { kind: 'host', value: 'web-1.example.com' } as const;
const PART = { page: 10, seconds: 30 };

describe('assignKey', () => {
  let world: World;
  let claims: number;
  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    claims = 0;
  });
  async function another(name: string, more: { host?: string } = {}) {
    await world.admitKey({ name, ...more });
    await runSteps(world, await begin(world, name), GENERATION_STEPS);
  }
  const assign = (said: Partial<AssignKeyInput>) =>
    assignKey(world.deps, {
      ...{ name: 'orders', expectedRevision: null, by: ALICE.id, decision: PERMIT },
      ...said,
    });
  const contain = async (
    kind: 'revocation' | 'suspension',
    scope: ListedScope = HOST,
  ): Promise<string> => {
    claims += 1;
    const said = { reason: 'the host was taken over', occurredAt: null, isEmergency: false };
    const claim = { scope: `${claims}`.padStart(64, '0'), bodyHash: 'body' };
    const { containment } = await admitScope(world.deps, {
      ...{ scope, kind, mode: 'hard', ...said, by: ALICE.id, decision: PERMIT },
      claim: { ...claim, scope: [...claim.scope].reverse().join('') },
    });
    return containment.id;
  };
  async function sweep(id: string) {
    while ((await sweepScope(world.deps, id, PART)).state === 'running');
    await new Simulation(world).runStarted();
  }
  const isDenied = async () =>
    (await withScopesDenied(world.ledger, world.scopes).readKeyRecord('orders'))?.containment !=
    null;
  const named = async (scope: ListedScope) =>
    (await world.ledger.listKeysOf(scope, null, 10)).items.map(({ name }) => name);

  it('records it with what it was before, and keys are found by it', async () => {
    await assign({ application: 'billing', host: HOST.value });
    const key = await assign({ application: 'shop', host: undefined });

    expect(key).toMatchObject({ application: 'shop', host: HOST.value });
    expect(await world.key()).toEqual(key);
    const { records } = await world.store.readAudit('key/orders', 0, 1000);
    expect(records.at(-1)).toMatchObject({
      actor: ALICE.id,
      action: 'key.assigned',
      detail: { applicationFrom: 'billing', applicationTo: 'shop' },
    });
    expect(await named({ kind: 'application', value: 'billing' })).toEqual([]);
    expect(await named({ kind: 'application', value: 'shop' })).toEqual(['orders']);
    expect(await named(HOST)).toEqual(['orders']);
    await assign({ host: null });
    expect(await named(HOST)).toEqual([]);
  });

  it('writes nothing for what it has already, and refuses a stale or an ended key', async () => {
    const { revision } = await assign({ host: HOST.value });
    expect((await assign({ host: HOST.value, application: null })).revision).toBe(revision);
    await expect(assign({ host: null, expectedRevision: revision - 1 })).rejects.toMatchObject({
      name: 'StaleRevision',
    });
    await expect(assign({ name: 'none', host: null })).rejects.toMatchObject({
      name: 'KeyNotFound',
    });
  });

  it('is said at generation too, and a name that begins anew leaves no trace of before', async () => {
    await world.admitKey({ name: 'fresh', host: HOST.value, application: 'billing' });
    expect(await named(HOST)).toEqual(['fresh']);
    const { lease: _lease, ...undone } = await world.key('fresh');
    await world.store.commit({
      expectedRevision: undone.revision,
      key: { ...undone, lease: null, revision: undone.revision + 1 },
      audit: { ...(await lastAudit('fresh')), sequence: undone.revision + 1 },
    });
    await world.admitKey({ name: 'fresh', host: 'web-2.example.com' });
    expect(await named(HOST)).toEqual([]);
    expect((await world.key('fresh')).application ?? null).toBeNull();
  });
  const lastAudit = async (name: string) => {
    const { records } = await world.store.readAudit(`key/${name}`, 0, 1000);
    const last = records.at(-1);
    if (!last) throw new Error('no record');
    return last;
  };

  it('contains all keys of a host, and of no other', async () => {
    await assign({ host: HOST.value });
    await another('other', { host: 'web-2.example.com' });

    await sweep(await contain('revocation'));

    expect((await world.key()).state).toBe('compromised');
    expect((await world.key('other')).state).toBe('active');
  });

  it('lets no key out of a denied scope, until it is lifted; and lets it in', async () => {
    await assign({ host: HOST.value, application: 'billing' });
    const id = await contain('suspension');
    expect(await isDenied()).toBe(true);
    const leave = () => assign({ host: 'web-2.example.com' });
    await expect(leave()).rejects.toMatchObject({
      name: 'TransitionForbidden',
      details: { containment: id },
    });
    await expect(assign({ host: null })).rejects.toMatchObject({ name: 'TransitionForbidden' });
    // It stays in the scope.
    await assign({ application: 'shop' });

    await sweep(id);
    await expect(leave()).rejects.toMatchObject({ name: 'TransitionForbidden' });

    await another('late');
    await contain('suspension', { kind: 'application', value: 'shop' });
    await assign({ name: 'late', application: 'shop' });
    const late = await withScopesDenied(world.ledger, world.scopes).readKeyRecord('late');
    expect(late?.containment).toMatchObject({ kind: 'suspension' });
  });

  it('is decided again when the scope is denied between the look and the write', async () => {
    await assign({ host: HOST.value });
    let isFirst = true;
    world.onCall = async ({ method, phase }) => {
      if (method !== 'commit' || phase !== 'before' || !isFirst) return;
      isFirst = false;
      await contain('suspension');
    };

    await expect(assign({ host: null })).rejects.toMatchObject({ name: 'TransitionForbidden' });
    expect(await isDenied()).toBe(true);
  });

  it('does not hold what is protected', async () => {
    world.containmentRules = { ...world.containmentRules, protectedKeys: ['orders'] };
    await assign({ host: HOST.value });
    await another('beside');
    await assign({ name: 'beside', host: HOST.value });
    await contain('suspension');
    expect(await assign({ host: null })).toMatchObject({ host: null });
  });
});
