// SPDX-License-Identifier: Apache-2.0
// HSMs added and replaced, look by look: what is asked of CloudHSM, how often, and what never goes.
import { beforeEach, describe, expect, it } from 'vitest';
import { verifyChain } from '#core/audit/chain.ts';
import { KeyturnError } from '#core/errors.ts';
import { admitFleetChange } from '#core/provisioning/change-fleet.ts';
import { judgeFleet } from '#core/provisioning/judge-fleet.ts';
import { keyStoreStream } from '#core/provisioning/key-store-change.ts';
import { watchFleet } from '#core/provisioning/watch-fleet.ts';
import { ALICE, aWorld, KEY_STORE, PERMIT, World } from '#test/support/world.ts';

const OLD = 'hsm-aaaaaaaaaa2';
let world: World;

const deps = () => ({ ...world.deps, fleet: world.hsms });
const view = () => world.hsms.view('cluster-source');
const look = () => watchFleet(deps(), KEY_STORE);
const admit = async (zone: string | null, replaces: string | null = null) =>
  admitFleetChange(
    world.deps,
    { keyStore: KEY_STORE, zone, replaces, by: ALICE.id, decision: PERMIT },
    await view(),
  );
const change = async () => (await world.store.readKeyStore(KEY_STORE))?.fleet;

beforeEach(async () => {
  world = await aWorld();
});

describe('an HSM that is added', () => {
  it('comes into the zone with the fewest, is asked for once, and is done when it works', async () => {
    expect(await admit(null)).toMatchObject({ kind: 'add', zone: 'us-east-1c', state: 'admitted' });
    expect((await look())?.change).toMatchObject({ state: 'adding' });
    await look();
    await look();
    expect(world.hsms.asked).toEqual(['add us-east-1c']);

    world.hsms.settle();
    expect((await look())?.change).toMatchObject({ state: 'done', hsmId: 'hsm-newnewnew21' });
    expect((await look())?.change).toBeNull();
    const { records, head } = await world.store.readAudit(keyStoreStream(KEY_STORE), 0, 100);
    expect(verifyChain(keyStoreStream(KEY_STORE), records, head)).toBeNull();
    expect(records.slice(-3).map(({ action }) => action)).toEqual([
      'hsm.change-admitted',
      'hsm.addition-intended',
      'hsm.added',
    ]);
  });

  it('is found although the answer of CloudHSM was lost, and is not asked for again', async () => {
    await admit('us-east-1a');
    const add = world.hsms.addHsm.bind(world.hsms);
    world.hsms.addHsm = async (...where) => {
      await add(...where);
      throw new KeyturnError('DependencyUnavailable', 'the answer was lost');
    };
    await look();
    world.hsms.settle();

    expect((await look())?.change).toMatchObject({ state: 'done' });
    expect(world.hsms.ids).toHaveLength(3);
  });

  it('fails when CloudHSM refuses, or shows none for long; then another may be asked for', async () => {
    await admit('us-east-1a');
    world.hsms.refusal = new KeyturnError('KeyStoreUnavailable', 'CloudHSM refused (limit)');
    expect(await look()).toMatchObject({ hasFailed: true });
    expect(await change()).toMatchObject({ state: 'failed', cause: 'CloudHSM refused (limit)' });
    expect(await look()).toMatchObject({ hasFailed: false, change: null });

    await admit('us-east-1b');
    world.hsms.refusal = new KeyturnError('DependencyUnavailable', 'the call was lost');
    await look();
    world.clock.advance(1799);
    expect((await look())?.change).toMatchObject({ state: 'adding' });
    world.clock.advance(1);
    await look();
    expect(await change()).toMatchObject({
      state: 'failed',
      cause: expect.stringContaining('no HSM showed itself in us-east-1b in 30 minutes'),
    });
  });

  it('is asked for once by two looks at the same moment', async () => {
    await admit(null);
    await Promise.all([look(), look()]);

    expect(world.hsms.asked).toEqual(['add us-east-1c']);
  });
});

describe('an HSM that is replaced', () => {
  it('goes only when the new one works, and its end is seen', async () => {
    await admit(null, OLD);
    await look();
    expect(world.hsms.asked).toEqual(['add us-east-1a']);
    await look();
    expect(world.hsms.asked).toHaveLength(1);
    world.hsms.settle();
    expect((await look())?.change).toMatchObject({ state: 'deleting', hsmId: 'hsm-newnewnew21' });
    expect(world.hsms.asked).toEqual(['add us-east-1a', `delete ${OLD}`]);

    expect((await look())?.change).toMatchObject({ state: 'done', cause: null });
    world.hsms.settle();
    expect(world.hsms.ids).not.toContain(OLD);
  });

  it('stays when without it HSMs would work in one zone', async () => {
    await admit(null, OLD);
    await look();
    world.hsms.settle();
    world.hsms.turn('hsm-bbbbbbbbbb2', 'DEGRADED');
    await look();

    expect(await change()).toMatchObject({
      state: 'failed',
      cause: expect.stringContaining('HSMs work in 1 zone(s)'),
    });
    expect(world.hsms.ids).toContain(OLD);
  });

  it('is asked to go again when that was lost', async () => {
    await admit(null, OLD);
    await look();
    world.hsms.settle();
    world.hsms.refusal = new KeyturnError('DependencyUnavailable', 'the call was lost');
    await look();
    await look();
    expect(world.hsms.asked.filter((one) => one.startsWith('delete'))).toHaveLength(1);
    world.clock.advance(1800);
    await look();
    expect(world.hsms.asked.filter((one) => one.startsWith('delete'))).toHaveLength(2);
    expect((await look())?.change).toMatchObject({ state: 'done' });
  });

  it('that is degraded is replaced all the same', async () => {
    world.hsms.turn(OLD, 'DEGRADED');
    await admit(null, OLD);
    await look();
    world.hsms.settle();
    await look();

    expect((await look())?.change).toMatchObject({ state: 'done' });
  });
});

describe('a request for a change', () => {
  it('is one with the change that goes on, and none beside another', async () => {
    const first = await admit(null, OLD);

    expect(await admit(null, OLD)).toEqual(first);
    await expect(admit('us-east-1b')).rejects.toMatchObject({ name: 'OperationInProgress' });
    expect(world.hsms.asked).toEqual([]);
  });

  it.each([
    ['into a zone without a subnet', 'us-east-1f', null, '/zone'],
    ['in the place of an HSM that is not there', null, 'hsm-cccccccccc2', '/replaces'],
  ])('is refused %s', async (_what, zone, replaces, pointer) => {
    await expect(admit(zone, replaces)).rejects.toMatchObject({
      name: 'ValidationFailed',
      fields: [{ pointer }],
    });
  });

  it('says what to do while the key store is not provisioned', async () => {
    world = new World();

    await expect(admit(null)).rejects.toMatchObject({ name: 'KeyStoreNotFound' });
    expect(await look()).toBeNull();
  });
});

describe('the judgement of a key store', () => {
  const NOW = '2026-11-22T10:00:00.000Z';
  const judged = async (patch: object, occupied = 0) =>
    judgeFleet({ ...(await view()), newestBackupAt: NOW, ...patch }, occupied, NOW).findings;

  it.each([
    ['two zones, room and a backup', {}, 0, []],
    ['two HSMs in one zone', { hsms: zones('a', 'a') }, 0, ['one-zone']],
    ['one that is still being made', { hsms: zones('a', 'b!') }, 0, ['one-zone']],
    ['79 % full', {}, 13_332, []],
    ['80 % full', {}, 13_333, ['nearly-full']],
    ['a small type', { hsmType: 'hsm1.medium' }, 2640, ['nearly-full']],
    ['no backup', { newestBackupAt: null }, 0, ['backup-missing']],
    ['a backup of two days', { newestBackupAt: '2026-11-20T10:00:00.000Z' }, 0, []],
    ['an older one', { newestBackupAt: '2026-11-20T09:59:59.000Z' }, 0, ['backup-missing']],
  ])('with %s', async (_what, patch, occupied, findings) => {
    expect(await judged(patch, occupied)).toEqual(findings);
  });
});

function zones(...names: readonly string[]) {
  return names.map((name, index) => ({
    id: `hsm-${index}`,
    zone: `us-east-1${name[0]}`,
    state: name.endsWith('!') ? 'CREATE_IN_PROGRESS' : 'ACTIVE',
  }));
}
