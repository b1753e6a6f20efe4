// SPDX-License-Identifier: Apache-2.0
// A drill from its start to its report, look by look: what is asked of CloudHSM and how often, what makes it fail, and that
// nothing is left of it at any exit.
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryDrillRows } from '#adapters/memory/drill-rows.ts';
import { MemoryDrillSite } from '#adapters/memory/drill-site.ts';
import { genesisHash, verifyChain } from '#core/audit/chain.ts';
import { advanceDrill } from '#core/drills/advance-drill.ts';
import { reportDrillKeys } from '#core/drills/compare-keys.ts';
import { drillTimes, judgeDrills } from '#core/drills/judge-drills.ts';
import { type DrillRecord, drillStream } from '#core/drills/records.ts';
import { answerDrill, drillTag, startDrill } from '#core/drills/start-drill.ts';
import { KeyturnError } from '#core/errors.ts';
import type { DrillNotice } from '#core/ports/drill-site.ts';
import { aCreation, aKey, aVersion } from '#test/support/records.ts';
import { ALICE, aWorld, KEY_STORE, PERMIT, type World } from '#test/support/world.ts';

const HOUR = 3600;
const keyId = (digit: number) => `${String(digit).repeat(8)}-1111-4111-8111-111111111111`;
let world: World;
let drills: MemoryDrillRows;
let site: MemoryDrillSite;
let told: string[];
let tell: (sub: string, notice: DrillNotice) => Promise<boolean>;

const actor = { by: ALICE.id, decision: PERMIT };
const deps = () => ({
  ...world.deps,
  drills,
  site,
  notices: { tell },
  patienceSeconds: HOUR,
  settleSeconds: 600,
  answerSeconds: 24 * HOUR,
});
const start = () => startDrill(deps(), { ...actor, keyStore: KEY_STORE });
const look = () => advanceDrill(deps());
const answer = (sub: string) =>
  answerDrill(deps(), { by: sub, decision: PERMIT, id: 'drl_0001', sub });
const listKeys = (labels: readonly string[]) =>
  reportDrillKeys(deps(), { ...actor, id: 'drl_0001', labels });
const drill = async () => (await drills.readDrill('drl_0001')) as DrillRecord;
const lost = () => ({
  error: new KeyturnError('DependencyUnavailable', 'no answer'),
  isLost: true,
});

/** Looks, and lets CloudHSM finish what it was asked, until the drill is in a phase. */
async function lookUntil(phase: DrillRecord['phase']): Promise<DrillRecord> {
  for (let looks = 0; looks < 40; looks += 1) {
    await look();
    const found = await drill();
    if (found.phase === phase) return found;
    site.settle();
    world.clock.advance(60);
  }
  throw new Error(`not in ${phase} but in ${(await drill()).phase}`);
}

beforeEach(async () => {
  world = await aWorld();
  drills = new MemoryDrillRows();
  site = new MemoryDrillSite();
  told = [];
  tell = async (sub) => {
    told.push(sub);
    return true;
  };
  world.clock.advance(6 * HOUR);
  const versions = [
    aVersion({ keyId: keyId(1) }),
    aVersion({ version: 2, keyId: keyId(2), verifiedAt: '2026-01-01T05:00:00.000Z' }),
    aVersion({ version: 3, keyId: keyId(3), state: 'destroyed' }),
  ];
  await world.store.commit(aCreation(aKey(), { versions }));
});

describe('a drill', () => {
  it('passes when every version from before the backup is there and a quorum answers', async () => {
    expect(await start()).toMatchObject({ id: 'drl_0001', state: 'running', required: 3 });
    expect((await start()).id).toBe('drl_0001');
    await lookUntil('list-keys');
    expect(told).toEqual(['usr_bob', 'usr_carol', 'usr_dan', 'usr_erin', 'usr_frank']);
    for (const sub of ['usr_bob', 'usr_carol']) await answer(sub);
    world.clock.advance(600);
    await answer('usr_dan');
    await listKeys([keyId(1), keyId(3), keyId(9), 'odd']);
    await lookUntil('await-custodians');
    expect(site.leftovers).toEqual([]);
    for (const sub of ['usr_erin', 'usr_frank']) await answer(sub);
    await look();

    const done = await drill();
    expect(done).toMatchObject({ state: 'passed', phase: 'done', causes: [] });
    expect(done.keys).toMatchObject({
      listed: 4,
      expected: 1,
      found: 1,
      missingCount: 0,
      lingering: [{ key: 'orders', version: 3, keyId: keyId(3) }],
      unknown: 2,
    });
    expect(done.phases.map(({ name }) => name)).toEqual([
      'find-backup',
      'create-cluster',
      'start-hsm',
      'list-keys',
      'remove',
      'await-custodians',
    ]);
    expect(drillTimes(done)).toMatchObject({ restoreSeconds: 120, quorumSeconds: 720 });
    expect(drillTimes(done).recoverySeconds).toBe(720);
    expect(site.asked).toEqual([
      'create-cluster backup-newest22222',
      'create-hsm cluster-drill1',
      'delete-hsm cluster-drill1',
      'delete-cluster cluster-drill1',
      'delete-backup backup-of-hsm-drill2',
    ]);
    expect(await look()).toBeNull();
    const stream = drillStream('drl_0001');
    const head = { sequence: done.revision, hash: done.auditHead };
    expect(verifyChain(stream, drills.audit, head)).toBeNull();
    expect(drills.audit[0]?.previousHash).toBe(genesisHash(stream));
    expect((await start()).id).toBe('drl_0002');
  });

  it('fails for a version that is not in the backup, and names it', async () => {
    await start();
    await lookUntil('list-keys');
    await listKeys([]);
    expect((await drill()).keys).toMatchObject({
      missingCount: 1,
      missing: [{ key: 'orders', version: 1, keyId: keyId(1) }],
    });
    await lookUntil('await-custodians');
    for (const { sub } of (await drill()).custodians) await answer(sub);
    await look();
    expect(await drill()).toMatchObject({
      state: 'failed',
      causes: ['1 of 1 expected versions are not in the backup'],
    });
  });

  it('fails when too few custodians answer in time, and takes no late answer', async () => {
    await start();
    await lookUntil('list-keys');
    await answer('usr_bob');
    await answer('usr_bob');
    await listKeys([keyId(1)]);
    await lookUntil('await-custodians');
    world.clock.advance(24 * HOUR);
    await expect(answer('usr_carol')).rejects.toMatchObject({ code: 'TransitionForbidden' });
    await expect(answer('usr_alice')).rejects.toMatchObject({ code: 'NotEligible' });
    await look();
    expect(await drill()).toMatchObject({
      state: 'failed',
      causes: ['1 custodians answered in time, and a recovery takes 3'],
    });
    expect(drillTimes(await drill()).recoverySeconds).toBeNull();
  });

  it('asks for one cluster and one HSM although every answer is lost, and two looks meet', async () => {
    await start();
    site.refusal = lost();
    await expect(look()).rejects.toMatchObject({ code: 'DependencyUnavailable' });
    await Promise.allSettled([look(), look()]);
    site.settle();
    site.refusal = lost();
    await Promise.allSettled([look(), look(), look()]);
    await lookUntil('list-keys');
    expect(site.asked).toEqual(['create-cluster backup-newest22222', 'create-hsm cluster-drill1']);
  });

  it('removes a second cluster too, should CloudHSM have made one after all', async () => {
    await start();
    await lookUntil('start-hsm');
    await site.createCluster('backup-newest22222', drillTag(await drill()));
    await lookUntil('list-keys');
    await listKeys([keyId(1)]);
    const { clusterIds } = await lookUntil('await-custodians');
    expect(clusterIds).toHaveLength(2);
    expect(site.leftovers).toEqual([]);
  });

  it.each([
    ['create-cluster', 'CloudHSM refused (limit)'],
    ['start-hsm', 'CloudHSM refused (limit)'],
  ] as const)('fails in %s when CloudHSM refuses, and leaves nothing', async (phase, cause) => {
    await start();
    if (phase === 'start-hsm') await look();
    site.settle();
    site.refusal = { error: new KeyturnError('KeyStoreUnavailable', cause), isLost: false };
    await look();
    expect(await drill()).toMatchObject({ phase: 'remove', causes: [cause] });
    await lookUntil('await-custodians');
    expect(site.leftovers).toEqual([]);
  });

  it('fails without a backup, and makes nothing', async () => {
    site.newest = null;
    await start();
    await look();
    expect((await drill()).causes[0]).toMatch(/no backup of cluster-\w+ that can be restored/);
    expect(await drill()).toMatchObject({ phase: 'await-custodians' });
    expect(site.asked).toEqual([]);
  });

  it('gives CloudHSM an hour, and the administrator a day; then it removes what it made', async () => {
    await start();
    await look();
    world.clock.advance(HOUR);
    await look();
    expect((await drill()).causes).toEqual(['create-cluster took longer than 60 minutes']);
    await lookUntil('await-custodians');
    expect(site.leftovers).toEqual([]);
    for (const { sub } of (await drill()).custodians) await answer(sub);
    await look();

    await start();
    for (let looks = 0; looks < 10; looks += 1) {
      await look();
      site.settle();
    }
    expect(await drills.readDrill('drl_0002')).toMatchObject({ phase: 'list-keys' });
    world.clock.advance(24 * HOUR);
    await look();
    expect((await drills.readDrill('drl_0002'))?.causes).toEqual([
      'no HSM administrator listed the keys in 24 hours',
    ]);
  });

  it('tells who could not be told at a later look, and nobody twice', async () => {
    await start();
    tell = async (sub) => {
      if (sub === 'usr_carol') throw new KeyturnError('DependencyUnavailable', 'SES is away');
      told.push(sub);
      return sub !== 'usr_dan';
    };
    await look();
    const toldOf = async () =>
      (await drill()).custodians.filter(({ toldAt }) => toldAt).map(({ user }) => user);
    expect(await toldOf()).toEqual(['bob', 'erin', 'frank']);
    tell = async () => true;
    await answer('usr_dan');
    await look();
    expect(await toldOf()).toEqual(['bob', 'carol', 'erin', 'frank']);
  });

  it('takes no list of keys before it waits for one', async () => {
    await start();
    await expect(listKeys([])).rejects.toMatchObject({ code: 'TransitionForbidden' });
    await expect(
      reportDrillKeys(deps(), { ...actor, id: 'drl_0009', labels: [] }),
    ).rejects.toMatchObject({ code: 'OperationNotFound' });
  });
});

describe('what somebody has to know of drills', () => {
  it('is that none passed for longer than a quarter, and that something is left', async () => {
    const keyStore = await world.store.readKeyStore(KEY_STORE);
    const judged = async () => judgeDrills(await drills.listDrills(), keyStore, world.clock.now());
    expect(await judged()).toEqual({ isOverdue: false, isStuck: false });
    world.clock.advance(100 * 24 * HOUR);
    expect(await judged()).toEqual({ isOverdue: true, isStuck: false });
    expect(judgeDrills([], null, world.clock.now()).isOverdue).toBe(false);

    await start();
    await lookUntil('list-keys');
    await listKeys([keyId(1)]);
    site.deleteHsm = async () => {
      throw new KeyturnError('KeyStoreUnavailable', 'CloudHSM refused (busy)');
    };
    world.clock.advance(6 * HOUR);
    await look();
    expect(await judged()).toEqual({ isOverdue: true, isStuck: true });
    expect((await drill()).removalRefusal).toBe('CloudHSM refused (busy)');
    const { length } = drills.audit;
    await look();
    expect(drills.audit).toHaveLength(length);
  });
});
