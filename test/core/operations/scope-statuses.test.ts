// SPDX-License-Identifier: Apache-2.0
// Keys of a denied scope are on the published list from the denial on, whatever the way through them has got to.
import { beforeEach, describe, expect, it } from 'vitest';
import type { StatusEntry } from '#core/keys/status.ts';
import { admitScope } from '#core/operations/contain-scope.ts';
import { ScopeStatuses, withScopes } from '#core/operations/scope-statuses.ts';
import { sweepScope } from '#core/operations/sweep-scope.ts';
import { begin, GENERATION_STEPS, runSteps, withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, PERMIT, type World } from '#test/support/world.ts';

describe('what scopes say on the published list', () => {
  let world: World;
  let statuses: ScopeStatuses;
  const contain = async (kind: 'revocation' | 'suspension', value = 'test') => {
    const { containment } = await admitScope(world.deps, {
      scope: { kind: 'class', value },
      kind,
      mode: 'hard',
      reason: 'leaked',
      occurredAt: null,
      isEmergency: false,
      by: ALICE.id,
      decision: PERMIT,
      claim: { scope: `${kind}${value}`.padEnd(64, '0'), bodyHash: 'body' },
    });
    return containment.id;
  };
  const names = async () => [...(await statuses.list()).keys()].sort();
  const make = async (name: string, patch: { readonly class: string }) => {
    await world.admitKey({ name, ...patch });
    await runSteps(world, await begin(world, name), GENERATION_STEPS);
  };
  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    await make('alpha', { class: 'test' });
    await make('other', { class: 'internal-data' });
    statuses = new ScopeStatuses(world.deps);
  });

  it('is nothing while none is denied', async () => {
    expect(await names()).toEqual([]);
  });

  it('is every key of it, with the denial, since then', async () => {
    const since = world.clock.now();
    await contain('revocation');
    expect((await statuses.list()).get('orders')).toMatchObject({
      key: 'orders',
      version: null,
      state: 'revoking',
      reason: 'key-compromise',
      since,
    });
    expect(await names()).toEqual(['alpha', 'orders']);
  });

  it('leaves protected keys out', async () => {
    world.containmentRules = { ...world.containmentRules, protectedKeys: ['alpha'] };
    await contain('revocation');
    expect(await names()).toEqual(['orders']);
  });

  it('is read again after ten seconds, for keys that joined it', async () => {
    await contain('revocation');
    await names();
    await make('beta', { class: 'test' });
    expect(await names()).toEqual(['alpha', 'orders']);
    world.clock.advance(10);
    expect(await names()).toEqual(['alpha', 'beta', 'orders']);
  });

  it('ends with the denial: by then each key says it itself', async () => {
    const id = await contain('revocation');
    await names();
    for (let part = 0; part < 20; part += 1)
      if ((await sweepScope(world.deps, id, { page: 10, seconds: 30 })).state === 'done') break;
    expect(await names()).toEqual([]);
    const own = await world.store.statuses.listStatus();
    expect(own.map(({ key }) => key)).toEqual(['alpha', 'orders']);
  });

  it('goes on with the next list where one would have to wait for its pages', async () => {
    await contain('revocation');
    const { listKeys } = world.deps.ledger;
    statuses = new ScopeStatuses({
      ...world.deps,
      ledger: {
        listKeysOf: (...call) => world.deps.ledger.listKeysOf(...call),
        listKeys: async (after) => {
          world.clock.advance(3);
          return listKeys.call(world.deps.ledger, after, 1);
        },
      },
    });
    expect(await names()).toEqual(['alpha']);
    expect(await names()).toEqual(['alpha', 'orders']);
  });

  it('is the stronger of the two where a key has an entry of its own', () => {
    const entry = (patch: Partial<StatusEntry>): StatusEntry => ({
      key: 'orders',
      version: null,
      state: 'suspended',
      since: '2026-01-01T00:00:00.000Z',
      reason: 'hold',
      updatedAt: '2026-01-01T00:00:00.000Z',
      ...patch,
    });
    const compromise = { state: 'revoking', reason: 'key-compromise' } as const;
    const merged = (own: Partial<StatusEntry>, scope: Partial<StatusEntry>) =>
      withScopes([entry(own)], new Map([['orders', entry(scope)]]));

    expect(merged({}, compromise)).toEqual([entry(compromise)]);
    expect(merged(compromise, {})).toEqual([entry(compromise)]);
    expect(merged({}, { state: 'suspending' })).toEqual([entry({})]);
    expect(merged({ state: 'resumed' }, { state: 'suspending' })).toEqual([
      entry({ state: 'suspending' }),
    ]);
    expect(merged({ version: 1, ...compromise }, {})).toEqual([
      entry({}),
      entry({ version: 1, ...compromise }),
    ]);
  });
});
