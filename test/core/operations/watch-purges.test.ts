// SPDX-License-Identifier: Apache-2.0
// Consumers of a stopped key who do not say that their caches are empty are told of, once for each containment.
import { beforeEach, describe, expect, it } from 'vitest';
import { toEvent } from '#core/contract/events.ts';
import { KeyturnError } from '#core/errors.ts';
import { acknowledgePurge } from '#core/operations/acknowledge-purge.ts';
import { later } from '#core/operations/admit-operation.ts';
import { type ContainKeyInput, containKey } from '#core/operations/contain-key.ts';
import { mutateKey } from '#core/operations/mutate-key.ts';
import { releaseKey } from '#core/operations/release-key.ts';
import { watchPurges } from '#core/operations/watch-purges.ts';
import { ask, execute, vote } from '#test/support/approvals.ts';
import { register, registered } from '#test/support/consumers.ts';
import { anAuditEntry } from '#test/support/records.ts';
import { Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, PERMIT, type World } from '#test/support/world.ts';

const role = (name: string) => `arn:aws:iam::444455556666:role/${name}`;
const HOOK = { mode: 'webhook', waitSeconds: null, url: 'https://reports.example.com' } as const;

describe('the watch over caches of a stopped key', () => {
  let world: World;
  let simulation: Simulation;
  let claims = 0;
  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    simulation = new Simulation(world);
    await registered(simulation, 'reports', {
      ...{ principal: role('reports'), acknowledgement: HOOK },
    });
    await registered(simulation, 'shop', { principal: role('shop') });
  });

  const contain = async (input: Partial<ContainKeyInput> = {}) => {
    claims += 1;
    const { operationId } = await containKey(world.deps, {
      ...{ key: 'orders', version: null, kind: 'suspension', mode: 'locked', reason: 'odd use' },
      ...{ occurredAt: null, isEmergency: false, by: ALICE.id, decision: PERMIT },
      ...{ claim: { scope: `stop/${claims}`, bodyHash: 'body' }, ...input },
    });
    return operationId;
  };
  const prove = (operationId: string) => simulation.run('revoke-key', operationId, 1);
  const stop = async (input: Partial<ContainKeyInput> = {}) => {
    const operationId = await contain(input);
    await prove(operationId);
    return operationId;
  };
  /** Seconds behind the denial of the key. */
  const at = async (seconds: number, key = 'orders') => {
    const denied = (await world.key(key)).containment?.at ?? '';
    world.clock.advance(
      (Date.parse(later(denied, seconds)) - Date.parse(world.clock.now())) / 1000,
    );
  };
  const purged = async (operationId: string, ...names: string[]) => {
    const word = { key: 'orders', operationId, by: ALICE.id, decision: PERMIT };
    for (const consumer of names) await acknowledgePurge(world.deps, { ...word, consumer });
  };
  const approvedLift = async () => {
    const approval = await ask(world, 'key.lift-suspension', { key: 'orders' });
    for (const user of ['bob', 'carol']) await vote(world, approval, user);
    return (await execute(world, approval)).executedAs ?? '';
  };
  const lift = async () => simulation.run('resume-key', await approvedLift(), 1);
  const look = () => watchPurges(world.deps);
  const watch = async (key = 'orders') => (await world.snapshot(key)).purgeWatch;
  const told = async (key = 'orders') => {
    const { records } = await world.store.readAudit(`key/${key}`, 0, 1000);
    const events = records.flatMap((record) => toEvent({ ...record }) ?? []);
    return events.filter(({ name }) => name === 'key.purge-overdue').map(({ detail }) => detail);
  };
  const NOBODY = { lagging: 0, failed: [] };

  it('tells once who has not said so, 300 seconds behind the denial, with or without a webhook', async () => {
    await contain();
    expect(await watch()).toBeNull();
    const operationId = (await world.key()).containment?.operationId ?? '';
    await prove(operationId);
    const since = (await world.key()).containment?.at ?? '';
    expect(await watch()).toEqual({ key: 'orders', operationId, dueAt: later(since, 300) });

    await at(299);
    expect(await look()).toEqual(NOBODY);
    expect(await told()).toEqual([]);
    await at(300);
    expect(await look()).toEqual({ lagging: 2, failed: [] });
    expect(await told()).toMatchObject([
      { key: 'orders', operationId, lagging: ['reports', 'shop'], owner: 'olga', since },
    ]);

    world.clock.advance(86_400);
    expect(await look()).toEqual(NOBODY);
    expect(await told()).toHaveLength(1);
  });

  it('leaves out who has said so, and ends when all have', async () => {
    const first = await stop();
    await purged(first, 'reports');
    await at(300);
    expect(await look()).toEqual({ lagging: 1, failed: [] });
    expect(await told()).toMatchObject([{ lagging: ['shop'] }]);

    const second = await stop({ kind: 'revocation' });
    await purged(second, 'reports', 'shop');
    await at(300);
    expect(await look()).toEqual(NOBODY);
    expect(await watch()).toMatchObject({ operationId: second, dueAt: null });
    expect(await told()).toHaveLength(1);
    const { records } = await world.store.readAudit('key/orders', 0, 1000);
    expect(records.at(-1)).toMatchObject({
      ...{ action: 'consumers.purge-watch-ended', operationId: second },
      ...{ detail: { because: 'purged' } },
    });
  });

  it('does not begin when all have said so before the proof', async () => {
    const operationId = await contain();
    await purged(operationId, 'reports', 'shop');
    await prove(operationId);
    expect(await world.key()).toMatchObject({ containment: { confirmedAt: expect.any(String) } });
    expect(await watch()).toBeNull();
  });

  it('does not begin for a suspension that was proven before a version of its key is revoked', async () => {
    await simulation.run('rotate-key', await world.admitRotation(), 1);
    const suspension = await contain();
    await purged(suspension, 'reports', 'shop');
    await prove(suspension);
    const revocation = await contain({ version: 1, kind: 'revocation' });
    await purged(revocation, 'reports', 'shop');
    await prove(revocation);
    expect(await watch()).toBeNull();
  });

  it('does not end before its time because a list that lags behind has it', async () => {
    await stop();
    await at(299);
    const purgeWatches = { listDuePurges: async () => ['orders'] };
    expect(await watchPurges({ ...world.deps, purgeWatches })).toEqual(NOBODY);
    await at(300);
    expect(await look()).toMatchObject({ lagging: 2 });
    expect(await watchPurges({ ...world.deps, purgeWatches })).toEqual(NOBODY);
  });

  it('does not wait for AWS services, which nobody can ask', async () => {
    await world.admitKey({ name: 'invoices' });
    await simulation.runStarted();
    const { keyArn: boundKeyArn } = await world.version(1, 'invoices');
    const service = { kind: 'aws-service', boundKeyArn } as const;
    await simulation.run('update-access', await register(world, 's3', service, 'invoices'), 1);
    await stop({ key: 'invoices' });
    expect(await watch('invoices')).toBeNull();
  });

  it('tells of a version that was revoked as of a key', async () => {
    await simulation.run('rotate-key', await world.admitRotation(), 1);
    const operationId = await stop({ version: 1, kind: 'revocation' });
    const since = (await world.version(1)).containment?.at ?? '';
    expect(await watch()).toMatchObject({ operationId, dueAt: later(since, 300) });
    world.clock.advance(300);
    expect(await look()).toEqual({ lagging: 2, failed: [] });
    expect(await told()).toMatchObject([{ operationId, since }]);
  });

  it('ends when a second containment has replaced the first, which begins its own with its proof', async () => {
    await stop();
    await at(290);
    const second = await contain({ kind: 'revocation' });
    world.clock.advance(10);
    expect(await look()).toEqual(NOBODY);
    expect(await watch()).toMatchObject({ dueAt: null });

    await prove(second);
    expect(await watch()).toMatchObject({ operationId: second, dueAt: expect.any(String) });
    await at(299);
    expect(await look()).toEqual(NOBODY);
    await at(300);
    expect(await look()).toMatchObject({ lagging: 2 });
    expect(await told()).toMatchObject([{ operationId: second }]);
  });

  it('ends without a word when the suspension was lifted meanwhile', async () => {
    await stop();
    const due = (await watch())?.dueAt ?? '';
    await lift();
    while (world.clock.now() < due) world.clock.advance(60);
    expect(await look()).toEqual(NOBODY);
    expect(await watch()).toMatchObject({ dueAt: null });
    expect(await told()).toEqual([]);
    const { records } = await world.store.readAudit('key/orders', 0, 1000);
    expect(records.at(-1)).toMatchObject({ detail: { because: 'lifted' } });
  });

  it('goes on with a version that was revoked under a suspension which is lifted', async () => {
    await simulation.run('rotate-key', await world.admitRotation(), 1);
    const suspension = await stop();
    const revocation = await stop({ version: 1, kind: 'revocation' });
    expect(await watch()).toMatchObject({ operationId: suspension });
    await lift();
    world.clock.advance(300);
    expect(await look()).toEqual(NOBODY);
    expect(await watch()).toMatchObject({ operationId: revocation });
    expect(await look()).toMatchObject({ lagging: 2 });
    expect(await told()).toMatchObject([{ operationId: revocation }]);
    expect(await look()).toEqual(NOBODY);
  });

  it('forgets no word when a version is revoked under a suspension', async () => {
    await simulation.run('rotate-key', await world.admitRotation(), 1);
    const suspension = await stop();
    await purged(suspension, 'reports', 'shop');
    const revocation = await stop({ version: 1, kind: 'revocation' });
    await purged(revocation, 'shop');
    await at(300);
    expect(await look()).toEqual(NOBODY);
    await lift();
    world.clock.advance(300);
    await look();
    expect(await told()).toMatchObject([{ operationId: revocation, lagging: ['reports'] }]);
    const { consumers } = await world.snapshot();
    const kept = consumers.find(({ name }) => name === 'reports')?.stops;
    expect(kept).toMatchObject([{ operationId: suspension, purgedAt: expect.any(String) }]);
  });

  it('tells nobody again of a suspension that is proven twice', async () => {
    await simulation.run('rotate-key', await world.admitRotation(), 1);
    const suspension = await stop();
    await at(300);
    await look();
    await approvedLift();
    const revocation = await contain({ version: 1, kind: 'revocation' });
    expect((await world.key()).containment).toMatchObject({ confirmedAt: null });
    await prove(revocation);
    expect((await world.key()).containment).toMatchObject({ confirmedAt: expect.any(String) });
    world.clock.advance(300);
    expect(await look()).toEqual(NOBODY);
    expect(await told()).toMatchObject([{ operationId: suspension }]);
  });

  it('tells once although two look at the same time', async () => {
    await stop();
    await at(300);
    const looks = await Promise.all([look(), look()]);
    expect(looks.map(({ lagging }) => lagging).sort()).toEqual([0, 2]);
    expect(await told()).toHaveLength(1);
  });

  it('heeds what is said in the middle of a look', async () => {
    const operationId = await stop();
    await at(300);
    let isFirst = true;
    world.onCall = async ({ method, phase }) => {
      if (method !== 'commit' || phase !== 'before' || !isFirst) return;
      isFirst = false;
      await purged(operationId, 'reports', 'shop');
    };
    expect(await look()).toEqual(NOBODY);
    expect(await told()).toEqual([]);
  });

  it.each([
    ['as ports fail', new KeyturnError('DependencyUnavailable', 'no answer')],
    ['as nothing should', new TypeError('no such member')],
  ])('goes on behind a key that fails %s, which is due still', async (_how, error) => {
    await world.admitKey({ name: 'invoices' });
    await simulation.runStarted();
    await simulation.run('update-access', await register(world, 'shop', {}, 'invoices'), 1);
    await stop();
    await stop({ key: 'invoices' });
    await at(300, 'invoices');
    let isFirst = true;
    world.onCall = ({ method, phase }) => {
      if (method !== 'readKey' || phase !== 'before' || !isFirst) return;
      isFirst = false;
      throw error;
    };
    expect(await look()).toEqual({ lagging: 1, failed: ['orders'] });
    expect(await told('invoices')).toHaveLength(1);
    expect(await look()).toEqual({ lagging: 2, failed: [] });
    expect(await told()).toHaveLength(1);
  });

  it('leaves to the next look what it has no time for', async () => {
    await stop();
    await at(300);
    world.onCall = ({ method, phase }) => {
      if (method === 'listDuePurges' && phase === 'after') world.clock.advance(10);
    };
    expect(await look()).toEqual(NOBODY);
    world.onCall = () => {};
    expect(await look()).toMatchObject({ lagging: 2 });
  });
});

describe('a key that is let go', () => {
  it('is watched no more, and in nobody’s way where the list still has it', async () => {
    const world = await withActiveKey(await aWorld());
    const simulation = new Simulation(world);
    await mutateKey(world.store, 'orders', ({ key }) => ({
      draft: {
        purgeWatch: { key: key.name, operationId: 'op_1', dueAt: world.clock.now() },
        audit: anAuditEntry(),
      },
      result: undefined,
    }));
    const claim = { scope: 'release', bodyHash: 'body' };
    const asked = { key: 'orders', reason: null, by: ALICE.id, decision: PERMIT, claim };
    const { operationId } = await releaseKey(world.deps, asked);
    await simulation.run('update-access', operationId, 1);
    expect(await world.key()).toMatchObject({ releasedAt: expect.any(String) });

    const lists = () => world.store.purgeWatches.listDuePurges(world.clock.now(), 10);
    expect(await lists()).toEqual([]);
    const purgeWatches = { listDuePurges: async () => ['orders'] };
    expect(await watchPurges({ ...world.deps, purgeWatches })).toEqual({ lagging: 0, failed: [] });
  });
});
