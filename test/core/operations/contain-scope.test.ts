// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { KeyturnError } from '#core/errors.ts';
import { admitScope, type ContainScopeInput } from '#core/operations/contain-scope.ts';
import { withScopesDenied } from '#core/operations/deny-scopes.ts';
import { planScope } from '#core/operations/plan-scope.ts';
import { resumeScopes } from '#core/operations/resume-scopes.ts';
import { sweepScope } from '#core/operations/sweep-scope.ts';
import { encrypt } from '#core/operations/use-key.ts';
import { begin, GENERATION_STEPS, runSteps } from '#test/support/steps.ts';
import { ALICE, aWorld, PERMIT, type World } from '#test/support/world.ts';

const OWNER = { kind: 'owner', value: 'olga' } as const;
const NAMES = ['alpha', 'beta', 'gamma', 'orders'];
const PART = { page: 2, seconds: 30 };

describe('containment of a scope', () => {
  let world: World;
  let claims = 0;
  const input = (more: Partial<ContainScopeInput> = {}): ContainScopeInput => {
    claims += 1;
    return {
      scope: OWNER,
      kind: 'revocation',
      mode: 'hard',
      reason: 'the laptop of the owner was stolen',
      occurredAt: null,
      isEmergency: false,
      by: ALICE.id,
      decision: PERMIT,
      claim: {
        scope: `${claims}`.padStart(64, '0').split('').reverse().join(''),
        bodyHash: 'body',
      },
      ...more,
    };
  };
  const rows = () => withScopesDenied(world.ledger, world.scopes);
  async function use(name: string) {
    const key = await rows().readKeyRecord(name);
    if (!key) throw new Error(`no key ${name}`);
    return encrypt(
      { ...world.deps, ledger: rows(), crypto: world.vault.cryptoFor('use-key') },
      key,
      new Uint8Array([1]),
      {},
    );
  }
  async function sweepToEnd(id: string) {
    for (let part = 0; part < 50; part += 1) {
      const row = await sweepScope(world.deps, id, PART);
      if (row.state === 'done') return row;
    }
    throw new Error('it does not end');
  }
  beforeEach(async () => {
    world = await aWorld();
    for (const name of NAMES) {
      await world.admitKey({ name, class: name === 'gamma' ? 'internal-data' : 'test' });
      await runSteps(world, await begin(world, name), GENERATION_STEPS);
    }
  });

  it('plans: how many, in which order, the floor, and whether a quorum decides', async () => {
    await expect(planScope(world.deps, input())).resolves.toEqual({
      keys: 4,
      isPartial: false,
      already: 0,
      protectedKeys: [],
      order: [
        { class: 'internal-data', keys: 1 },
        { class: 'test', keys: 3 },
      ],
      // 4 DisableKey at 4.9 a second.
      floorSeconds: 1,
      quorumBecause: null,
    });
    expect(
      await planScope(world.deps, input({ scope: { kind: 'class', value: 'test' } })),
    ).toMatchObject({ keys: 3 });
  });

  it('denies all keys with the call, before any of them was touched', async () => {
    await expect(use('beta')).resolves.toMatchObject({ version: 1 });
    const { containment } = await admitScope(world.deps, input());
    for (const name of NAMES)
      await expect(use(name)).rejects.toMatchObject({ name: 'KeyNotUsable' });
    expect((await world.key()).containment).toBeUndefined();
    expect(containment).toMatchObject({ state: 'running', counts: { found: 4 } });
  });

  it('counts no further than it takes to know that a quorum decides', async () => {
    world.containmentRules = {
      ...world.containmentRules,
      scopes: { name: 'few', maxKeysPerHour: 2, classOrder: [] },
    };
    await expect(admitScope(world.deps, input())).rejects.toMatchObject({
      name: 'ApprovalRequired',
      message: expect.stringContaining('more than 3 keys'),
    });
    await expect(planScope(world.deps, input(), (keys) => keys < 1)).resolves.toMatchObject({
      keys: 1,
      isPartial: true,
    });
  });

  it('denies what a quorum has decided before it counts it', async () => {
    // The change of the request itself is another test's.
    const approve = () => undefined as never;
    const { containment } = await admitScope(world.deps, input({ approve }));
    expect(containment.counts.found).toBe(1);
    for (const name of NAMES)
      await expect(use(name)).rejects.toMatchObject({ name: 'KeyNotUsable' });
    expect((await sweepToEnd(containment.id)).counts).toMatchObject({ found: 4, contained: 4 });
  });

  it('contains each key in the order of the classes, and ends when nothing is left', async () => {
    const { containment } = await admitScope(world.deps, input());
    const row = await sweepToEnd(containment.id);
    expect(row).toMatchObject({
      state: 'done',
      counts: { found: 4, contained: 4, already: 0, refused: 0, failed: 0 },
    });
    expect(await world.scopes.readDenials('orders')).toMatchObject({ denials: [] });
    const ids = world.workflows.started
      .filter(({ kind }) => kind === 'revoke-key')
      .map(({ operationId }) => operationId);
    const keys = await Promise.all(
      ids.map(async (id) => (await world.ledger.readOperation(id))?.key),
    );
    expect(keys).toEqual(['gamma', 'alpha', 'beta', 'orders']);
    for (const name of NAMES)
      await expect(use(name)).rejects.toMatchObject({ name: 'KeyNotUsable' });
  });

  it('is started again once nobody has worked on it for a quarter of an hour, and not before', async () => {
    const { containment } = await admitScope(world.deps, input());
    const started = () =>
      world.workflows.started.filter(({ kind }) => kind === 'contain-scope').length;
    await sweepScope(world.deps, containment.id, PART);
    world.clock.advance(899);
    expect(await resumeScopes(world.deps)).toBe(0);
    world.clock.advance(1);
    expect(await resumeScopes(world.deps)).toBe(1);
    // Two looks of one minute are one start.
    expect(await resumeScopes(world.deps)).toBe(1);
    expect(started()).toBe(1);

    await sweepScope(world.deps, containment.id, PART);
    expect(await resumeScopes(world.deps)).toBe(0);
    await sweepToEnd(containment.id);
    world.clock.advance(10_000);
    expect(await resumeScopes(world.deps)).toBe(0);
    expect(started()).toBe(1);
  });

  it('goes on where it was stopped, and counts each key once', async () => {
    const { containment } = await admitScope(world.deps, input());
    let calls = 0;
    world.onCall = ({ method, phase }) => {
      if (method !== 'commitScope' || phase !== 'before') return;
      calls += 1;
      if (calls % 2 === 1) throw new Error('killed before the checkpoint');
    };
    let row = containment;
    for (let part = 0; row.state !== 'done' && part < 100; part += 1)
      row = await sweepScope(world.deps, containment.id, PART).catch(() => row);
    expect(row).toMatchObject({ state: 'done', counts: { contained: 4, already: 0, failed: 0 } });
    const stream = world.scopes.audit;
    expect(stream.map(({ action }) => action)).toContain('scope.contained');
  });

  it('tries again in another pass what failed, and stays denied until then', async () => {
    const { containment } = await admitScope(world.deps, input());
    let isDown = true;
    world.onCall = ({ method, phase }) => {
      if (isDown && method === 'readKey' && phase === 'before')
        throw new KeyturnError('DependencyUnavailable', 'the table does not answer');
    };
    let row = containment;
    while (row.checkpoint.pass < 2) row = await sweepScope(world.deps, containment.id, PART);
    await expect(use('beta')).rejects.toMatchObject({ name: 'KeyNotUsable' });
    isDown = false;
    expect(await sweepToEnd(containment.id)).toMatchObject({ counts: { contained: 4, failed: 0 } });
  });

  it('asks for a quorum beyond the cap of an hour, and where a class wants one', async () => {
    world.containmentRules = {
      ...world.containmentRules,
      scopes: { name: 'three', maxKeysPerHour: 3, classOrder: [] },
    };
    await expect(admitScope(world.deps, input())).rejects.toMatchObject({
      name: 'ApprovalRequired',
    });
    await expect(use('orders')).resolves.toBeDefined();
    const test = { kind: 'class', value: 'test' } as const;
    await expect(admitScope(world.deps, input({ scope: test }))).resolves.toMatchObject({
      isNew: true,
    });
    const rest = { kind: 'class', value: 'internal-data' } as const;
    await expect(admitScope(world.deps, input({ scope: rest }))).rejects.toMatchObject({
      name: 'ApprovalRequired',
    });
    world.clock.advance(3600);
    await expect(admitScope(world.deps, input({ scope: rest }))).resolves.toMatchObject({
      isNew: true,
    });
  });

  it('leaves out what is protected, and refuses a scope of nothing else or of nothing', async () => {
    world.containmentRules = { ...world.containmentRules, protectedKeys: ['orders', 'gamma'] };
    const { containment } = await admitScope(world.deps, input());
    await expect(use('orders')).resolves.toBeDefined();
    expect(await sweepToEnd(containment.id)).toMatchObject({
      counts: { contained: 2, refused: 2 },
    });
    const rest = { kind: 'class', value: 'internal-data' } as const;
    await expect(admitScope(world.deps, input({ scope: rest }))).rejects.toMatchObject({
      name: 'KeyProtected',
    });
    const none = { kind: 'owner', value: 'nobody' } as const;
    await expect(admitScope(world.deps, input({ scope: none }))).rejects.toMatchObject({
      name: 'ValidationFailed',
    });
  });

  it('is one containment however often the request is sent', async () => {
    const asked = input();
    const { containment } = await admitScope(world.deps, asked);
    await expect(admitScope(world.deps, asked)).resolves.toEqual({ containment, isNew: false });
    const other = { ...asked, claim: { ...asked.claim, bodyHash: 'other' } };
    await expect(admitScope(world.deps, other)).rejects.toMatchObject({
      name: 'IdempotencyKeyReused',
    });
  });
});
