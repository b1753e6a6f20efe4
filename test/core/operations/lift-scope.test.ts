// SPDX-License-Identifier: Apache-2.0
// A suspended scope is lifted by one decision: every key that it suspended, and none that something else stopped.
import { beforeEach, describe, expect, it } from 'vitest';
import { toEvent } from '#core/contract/events.ts';
import { KeyturnError } from '#core/errors.ts';
import { containKey } from '#core/operations/contain-key.ts';
import { admitScope } from '#core/operations/contain-scope.ts';
import { withScopesDenied } from '#core/operations/deny-scopes.ts';
import { sweepLifts } from '#core/operations/lift-scope.ts';
import type { AskedScope } from '#core/operations/plan-scope.ts';
import { sweepScope } from '#core/operations/sweep-scope.ts';
import { encrypt } from '#core/operations/use-key.ts';
import { ask, execute, vote } from '#test/support/approvals.ts';
import { Simulation } from '#test/support/simulation.ts';
import { begin, GENERATION_STEPS, runSteps } from '#test/support/steps.ts';
import { ALICE, aWorld, PERMIT, type World } from '#test/support/world.ts';

const NAMES = ['alpha', 'beta', 'gamma', 'orders'];
const PART = { page: 10, seconds: 30 };

describe('the lifting of a scope', () => {
  let world: World;
  let simulation: Simulation;
  let claims: number;

  beforeEach(async () => {
    world = await aWorld();
    simulation = new Simulation(world);
    claims = 0;
    for (const name of NAMES) {
      await world.admitKey({ name, class: 'test' });
      await runSteps(world, await begin(world, name), GENERATION_STEPS);
    }
  });

  const claim = () => {
    claims += 1;
    return { scope: `${claims}`.padStart(64, '0').split('').reverse().join(''), bodyHash: 'body' };
  };
  const said = () => ({
    reason: 'odd decrypts',
    occurredAt: null,
    isEmergency: false,
    by: ALICE.id,
    decision: PERMIT,
    claim: claim(),
  });
  const begun = async (
    kind: AskedScope['kind'] = 'suspension',
    mode: AskedScope['mode'] = 'hard',
  ) => {
    const scope = { kind: 'owner', value: 'olga' } as const;
    return (await admitScope(world.deps, { scope, kind, mode, ...said() })).containment;
  };
  async function suspended(mode: AskedScope['mode'] = 'hard') {
    const { id } = await begun('suspension', mode);
    while ((await sweepScope(world.deps, id, PART)).state === 'running');
    await simulation.runStarted();
    return id;
  }
  const requested = (id: string) => ask(world, 'scope.lift', { operationId: id });
  async function decided(id: string) {
    const approval = await requested(id);
    for (const user of ['bob', 'carol']) await vote(world, approval, user);
    await execute(world, approval);
  }
  const rowOf = async (id: string) => {
    const row = await world.scopes.readScope(id);
    if (!row) throw new Error(`no ${id}`);
    return row;
  };
  /** Looks as the schedule makes them, with the operations in between, until there is nothing left to look at. */
  async function looks() {
    for (let look = 0; look < 10; look += 1) {
      if ((await sweepLifts(world.deps, 40)) === 0) return;
      await simulation.runStarted();
      world.clock.advance(60);
    }
    throw new Error('it does not end');
  }
  const rows = () => withScopesDenied(world.ledger, world.scopes);
  async function use(name: string) {
    const key = await rows().readKeyRecord(name);
    if (!key) throw new Error(`no key ${name}`);
    const deps = { ...world.deps, ledger: rows(), crypto: world.vault.cryptoFor('use-key') };
    return encrypt(deps, key, new Uint8Array([1]), {});
  }
  const states = async () => Promise.all(NAMES.map(async (name) => (await world.key(name)).state));

  it('lets every key be used again, each proven by itself, with one request', async () => {
    const id = await suspended();
    expect(await states()).toEqual(NAMES.map(() => 'suspended'));
    const approval = await requested(id);
    expect(approval).toMatchObject({ class: 'test', parameters: { cacheSeconds: 300 } });
    expect(approval.what).toContain('4 keys of owner olga');
    await expect(use('beta')).rejects.toMatchObject({ name: 'KeyNotUsable' });

    await decided(id);
    expect(await rowOf(id)).toMatchObject({ state: 'lifting', lift: { counts: { lifted: 0 } } });
    await looks();

    expect(await rowOf(id)).toMatchObject({
      state: 'lifted',
      lift: { counts: { lifted: 4, failed: 0 }, endedAt: expect.any(String) },
    });
    expect(await states()).toEqual(NAMES.map(() => 'active'));
    for (const name of NAMES) await expect(use(name)).resolves.toMatchObject({ version: 1 });
    expect(world.scopes.audit.map(({ action }) => action)).toContain('scope.lifted');
  });

  it.each(['hard', null] as const)(
    'is told of from its denial to its end, without what people wrote; mode %s',
    async (mode) => {
      const id = await suspended(mode);
      await decided(id);
      await looks();

      const events = world.scopes.audit.flatMap((record) => toEvent({ ...record }) ?? []);
      const scope = { key: null, containment: id, scope: 'owner', value: 'olga' };
      expect(events).toMatchObject([
        { name: 'scope.suspending', detail: { ...scope, mode, keys: 4, isEmergency: false } },
        { name: 'scope.contained', detail: { containment: id, contained: 4, already: 0 } },
        { name: 'scope.lifting', detail: scope },
        { name: 'scope.lifted', detail: { containment: id, lifted: 4, failed: 0 } },
      ]);
      expect(JSON.stringify(events)).not.toContain('odd decrypts');
    },
  );

  it('leaves what was suspended before, and what was revoked since', async () => {
    const own = { key: 'alpha', version: null, kind: 'suspension', mode: 'hard' } as const;
    await containKey(world.deps, { ...own, ...said() });
    await simulation.runStarted();
    const id = await suspended();
    await containKey(world.deps, { ...own, key: 'beta', kind: 'revocation', ...said() });
    await simulation.runStarted();

    await decided(id);
    await looks();

    expect(await states()).toEqual(['suspended', 'compromised', 'active', 'active']);
    expect(await rowOf(id)).toMatchObject({ state: 'lifted', lift: { counts: { lifted: 2 } } });
  });

  it('of one whose keys are still being contained ends that, and lifts what it got to', async () => {
    const { id } = await begun();
    await sweepScope(world.deps, id, { page: 2, seconds: 30 });
    await simulation.runStarted();
    await decided(id);

    // No key is lifted while a part that contains more may be under way; what it contains still is lifted as well.
    await expect(use('gamma')).resolves.toBeDefined();
    await sweepLifts(world.deps, 40);
    expect((await rowOf(id)).lift?.counts.lifted).toBe(0);
    expect((await sweepScope(world.deps, id, PART)).state).toBe('lifting');
    world.clock.advance(120);
    await looks();

    expect(await rowOf(id)).toMatchObject({ state: 'lifted' });
    expect(await states()).toEqual(NAMES.map(() => 'active'));
    expect(await world.scopes.readDenials('orders')).toMatchObject({ denials: [] });
  });

  it('goes on however it was stopped, and lifts each key once', async () => {
    const id = await suspended();
    await decided(id);
    let calls = 0;
    world.onCall = ({ phase }) => {
      calls += 1;
      if (phase === 'after' && calls % 7 === 0) throw new Error('killed');
    };
    for (let look = 0; look < 40; look += 1) {
      await sweepLifts(world.deps, 40).catch(() => {});
      world.clock.advance(1);
    }
    world.onCall = () => {};
    await simulation.runStarted();
    await looks();

    expect(await states()).toEqual(NAMES.map(() => 'active'));
    const lifts = world.workflows.started.filter(({ kind }) => kind === 'resume-key');
    expect(new Set(lifts.map(({ operationId }) => operationId)).size).toBe(4);
  });

  it('shows a key that could not be lifted, and tries it again in the next pass', async () => {
    const id = await suspended();
    await decided(id);
    let isDown = true;
    world.onCall = ({ method, phase }) => {
      if (!isDown || method !== 'readKey' || phase !== 'before') return;
      isDown = false;
      throw new KeyturnError('OperationInProgress', 'another operation holds it');
    };
    await sweepLifts(world.deps, 40);
    expect((await rowOf(id)).lift).toMatchObject({
      counts: { lifted: 3, failed: 1 },
      failures: [{ key: 'alpha', cause: 'OperationInProgress' }],
    });
    await looks();
    expect(await rowOf(id)).toMatchObject({
      state: 'lifted',
      lift: { counts: { lifted: 4, failed: 0 }, failures: [] },
    });
  });

  it('is refused for a revocation, once more, and for none', async () => {
    const revoked = await begun('revocation');
    await expect(requested(revoked.id)).rejects.toMatchObject({ name: 'TransitionForbidden' });
    await expect(requested('scp_none')).rejects.toMatchObject({ name: 'OperationNotFound' });
  });

  it('is refused a second time', async () => {
    const id = await suspended();
    await decided(id);
    await expect(requested(id)).rejects.toThrow(/lifting already/);
    await looks();
    await expect(requested(id)).rejects.toThrow(/lifted already/);
  });
});
