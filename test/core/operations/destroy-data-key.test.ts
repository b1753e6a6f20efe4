// SPDX-License-Identifier: Apache-2.0
// Destruction of a version of tier `data`: nobody but its own record is asked, so the record refuses, waits, and is erased.
import { describe, expect, it } from 'vitest';
import type { KeyUse, UseFailure } from '#core/contract/key-use-events.ts';
import { destroyedBefore } from '#core/keys/destruction.ts';
import { DataKeySource } from '#core/operations/data-key-source.ts';
import { placeHold } from '#core/operations/place-hold.ts';
import { recordKeyUse } from '#core/operations/record-key-use.ts';
import { removeVersion } from '#core/operations/remove-version.ts';
import { retireVersion } from '#core/operations/retire-version.ts';
import { stopDestruction } from '#core/operations/stop-destruction.ts';
import { fetchDataKey } from '#core/operations/use-data-key.ts';
import { decrypt, encrypt } from '#core/operations/use-key.ts';
import {
  approve,
  askDestruction,
  drive,
  ROWS_V1,
  readyDataWorld,
  recordOf,
  replacedDataWorld,
} from '#test/support/destruction.ts';
import { ALICE, CONSUMER, PERMIT, type World } from '#test/support/world.ts';

const WINDOW = 7 * 86_400;
const PARENT = 'orders';
const HOLD = { key: 'rows', name: 'lawsuit', until: null, reason: 'evidence', by: ALICE.id };
const rows = (world: World) => world.version(1, 'rows');
const step = (world: World, isLook = false) => drive(world, isLook, ROWS_V1);
const record = (world: World) => recordOf(world, ROWS_V1);
const stop = (world: World) =>
  stopDestruction(world.deps, { ...ROWS_V1, by: ALICE.id, reason: 'not yet', decision: PERMIT });
const plane = (world: World) => ({
  ledger: world.ledger,
  crypto: world.vault.cryptoFor('use-key'),
  random: world.random,
});
const recordUses = (world: World, uses: readonly KeyUse[], failures: readonly UseFailure[] = []) =>
  recordKeyUse(
    { ledger: world.ledger, clock: world.clock, log: world.keyUses, ownRoles: [] },
    uses,
    failures,
  );
/** What CloudTrail tells when somebody has KMS open the data key. */
const opened = async (world: World, context = { 'keyturn:data-key': 'rows/v1' }) => {
  const use = { principal: CONSUMER, act: 'decrypt', outcome: 'allowed' } as const;
  const keyId = (await world.key(PARENT)).currentKeyId ?? '';
  return recordUses(world, [{ ...use, keyId, at: world.clock.now(), context }]);
};

async function quarantinedWorld() {
  const world = await readyDataWorld();
  const { state } = await approve(world, await askDestruction(world, false, 1, ROWS_V1));
  expect(state).toBe('executed');
  return world;
}
async function pendingWorld() {
  const world = await quarantinedWorld();
  await step(world);
  world.clock.advance(5);
  await step(world);
  return world;
}
async function stopped(world: World) {
  expect(await step(world)).toEqual(['restore']);
  expect(await record(world)).toMatchObject({ phase: 'stopped', dueAt: null });
  expect(await rows(world)).toMatchObject({ state: 'deactivated', substate: null });
}

describe('the destruction of a data key', () => {
  it('asks no vault, erases the record, and is final when the table has forgotten it', async () => {
    const world = await readyDataWorld();
    const calls: string[] = [];
    world.onCall = ({ method }) => void calls.push(method);
    await approve(world, await askDestruction(world, false, 1, ROWS_V1));
    const wrapped = (await rows(world)).dataKey?.wrapped ?? '';
    expect(await rows(world)).toMatchObject({ state: 'deactivated', substate: 'quarantined' });
    expect(await step(world)).toEqual(['remove']);
    world.clock.advance(5);
    expect(await step(world)).toEqual(['remove']);
    expect(await rows(world)).toMatchObject({
      substate: 'destroy-scheduled',
      dataKey: { wrapped },
    });
    world.clock.advance(86_400);
    expect(await step(world)).toEqual(['verify']);
    expect((await world.actions('rows')).at(-1)).toBe('destruction.noticed');

    world.clock.advance(WINDOW - 86_400);
    expect(await step(world)).toEqual(['remove', 'verify', 'certify']);
    expect(await rows(world)).toMatchObject({
      state: 'destroyed',
      substate: 'material',
      dataKey: null,
    });
    expect(JSON.stringify(await world.snapshot('rows'))).not.toContain(wrapped);
    expect((await world.actions('rows')).slice(-3)).toEqual([
      'destruction.erased',
      'version.destroyed',
      'destruction.certified',
    ]);
    world.clock.advance(35 * 86_400 - 1);
    expect(await step(world)).toEqual([]);
    world.clock.advance(1);
    expect(await step(world)).toEqual(['verify', 'certify']);
    const { phase, certificate, backupsUntil } = await record(world);
    const [, payload = ''] = (certificate?.jws ?? '').split('.');
    expect(phase).toBe('final');
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
      tier: 'data',
      origin: null,
      parent: PARENT,
      keyId: null,
      phase: 'final',
      final: { backupsUntil, means: expect.stringContaining('restored') },
    });
    expect(calls.filter((call) => /^(disable|schedule|stateOf)$/.test(call))).toEqual([]);
    expect(destroyedBefore(await world.snapshot('rows'), world.clock.now())).toMatchObject([
      { version: 1 },
    ]);
  });

  it('is refused for the version in use, under a hold, and for one that is gone', async () => {
    const world = await readyDataWorld();
    await expect(askDestruction(world, false, 2, ROWS_V1)).rejects.toThrow(/active/);
    await placeHold(world.deps, { ...HOLD, decision: PERMIT });
    await expect(askDestruction(world, true, 1, ROWS_V1)).rejects.toThrow(/no-hold/);

    const gone = await pendingWorld();
    gone.clock.advance(WINDOW);
    await step(gone);
    await expect(askDestruction(gone, true, 1, ROWS_V1)).rejects.toThrow(/no key material/);
  });

  it('leaves the parent and the other versions as they are', async () => {
    const world = await replacedDataWorld();
    const kept = await encrypt(plane(world), await world.key('rows'), Buffer.from('kept'), {});
    await retireVersion(world.deps, { ...ROWS_V1, by: ALICE.id, decision: PERMIT });
    await approve(world, await askDestruction(world, false, 1, ROWS_V1));
    await step(world);
    world.clock.advance(5);
    await step(world);
    world.clock.advance(WINDOW);
    await step(world);

    const key = await world.key('rows');
    const { plaintext } = await decrypt(plane(world), key, kept.ciphertext, {});
    expect(Buffer.from(plaintext).toString()).toBe('kept');
    const page = await world.store.listDataKeys(PARENT, 0, null, 10);
    expect(page.items.map(({ version }) => version)).toEqual([2]);
    await expect(fetchDataKey(world.ledger, key, 1)).rejects.toMatchObject({
      code: 'KeyNotUsable',
    });
  });

  it('does the same when the step is killed behind the erasure, and when it runs twice', async () => {
    const world = await pendingWorld();
    world.clock.advance(WINDOW);
    await removeVersion(world.deps, ROWS_V1);
    await removeVersion(world.deps, ROWS_V1);
    expect(await step(world)).toEqual(['verify', 'certify']);
    expect(
      (await world.actions('rows')).filter((action) => action === 'destruction.erased'),
    ).toHaveLength(1);
  });
});

describe('a data key that is on its way out', () => {
  it.each([
    ['disabled', quarantinedWorld],
    ['waiting for its date', pendingWorld],
  ])('is refused while it is %s, although its parent could open it', async (_how, make) => {
    const early = await replacedDataWorld();
    expect((await fetchDataKey(early.ledger, await early.key('rows'), 1)).version).toBe(1);
    const world = await make();
    await expect(fetchDataKey(world.ledger, await world.key('rows'), 1)).rejects.toMatchObject({
      code: 'KeyNotUsable',
      message: expect.stringContaining('is being destroyed'),
      details: { key: 'rows', leavingVersion: 1 },
    });
  });

  it('is taken back in quarantine by a try that was refused', async () => {
    const world = await quarantinedWorld();
    await step(world);
    world.clock.advance(1);
    const failure = { key: 'rows', keyVersion: 1, at: world.clock.now(), principal: CONSUMER };
    expect(await recordUses(world, [], [failure])).toMatchObject({ leaving: ['rows'] });
    await stopped(world);
    expect(await record(world)).toMatchObject({ uses: 1, stopped: { by: 'system/key-use' } });
    expect((await fetchDataKey(world.ledger, await world.key('rows'), 1)).version).toBe(1);
  });

  it('is taken back by whoever has KMS open a copy of it', async () => {
    const world = await quarantinedWorld();
    await step(world);
    world.clock.advance(1);
    expect(await opened(world)).toMatchObject({ leaving: ['rows'] });
    await stopped(world);
  });

  it('is not taken back by a failure that names nobody, nor by words about another parent', async () => {
    const world = await quarantinedWorld();
    await step(world);
    world.clock.advance(1);
    await recordUses(world, [], [{ key: 'rows', keyVersion: 1, at: world.clock.now() }]);
    for (const name of ['others/v1', 'rows/v9', 'orders/v1', 'nonsense'])
      await opened(world, { 'keyturn:data-key': name });
    expect(await record(world)).toMatchObject({ phase: 'quiet', uses: 0 });
  });

  it('alarms while it waits, and people decide', async () => {
    const world = await pendingWorld();
    world.clock.advance(1);
    expect(await opened(world)).toMatchObject({ leaving: ['rows'] });
    expect(await record(world)).toMatchObject({ phase: 'pending', uses: 1 });
  });

  it('is taken back by a hold that comes in the last second', async () => {
    const world = await pendingWorld();
    await placeHold(world.deps, { ...HOLD, decision: PERMIT });
    world.clock.advance(WINDOW);
    await stopped(world);
    expect((await rows(world)).dataKey).not.toBeNull();
  });

  it('is re-wrapped all the same, and never written back once it was erased', async () => {
    const world = await pendingWorld();
    const source = () =>
      new DataKeySource(world.deps, { key: PARENT } as ConstructorParameters<
        typeof DataKeySource
      >[1]);
    const current = await world.version(1, PARENT);
    const target = { version: 1, keyId: current.keyId ?? '', keyArn: current.keyArn ?? '' };
    const replacement = { ciphertexts: [Buffer.from('anew')], target };
    const replace = async (reader: DataKeySource, before: () => Promise<unknown>) => {
      const { items } = await reader.readPage(0, null, 10);
      const item = items.find(({ id }) => id === 'rows/v1');
      if (!item) throw new Error('not listed');
      await before();
      return reader.replace(item, replacement as Parameters<DataKeySource['replace']>[1]);
    };
    expect(await replace(source(), async () => {})).toBe(true);
    expect(await record(world)).toMatchObject({ phase: 'pending' });
    world.clock.advance(WINDOW);
    expect(await replace(source(), () => removeVersion(world.deps, ROWS_V1))).toBe(false);
    expect((await rows(world)).dataKey).toBeNull();
  });
});

describe('stopping the destruction of a data key', () => {
  it.each([
    ['before it lies disabled', quarantinedWorld],
    ['until the last second', pendingWorld],
  ])('gives it back %s', async (_when, make) => {
    const world = await make();
    const { deletionAt } = await record(world);
    if (deletionAt)
      world.clock.advance((Date.parse(deletionAt) - Date.parse(world.clock.now())) / 1000 - 1);
    expect(await stop(world)).toMatchObject({ phase: 'stopping' });
    // The date passes before anybody looks: whoever stopped it was first.
    world.clock.advance(2);
    await removeVersion(world.deps, ROWS_V1);
    await stopped(world);
    expect((await fetchDataKey(world.ledger, await world.key('rows'), 1)).version).toBe(1);
  });

  it('comes too late once it is erased, also before that is certified', async () => {
    const world = await pendingWorld();
    world.clock.advance(WINDOW);
    await removeVersion(world.deps, ROWS_V1);
    await expect(stop(world)).rejects.toMatchObject({ code: 'TransitionForbidden' });
    await step(world);
    await expect(stop(world)).rejects.toMatchObject({ code: 'TransitionForbidden' });
  });

  it('or erasing: whichever commits first, the record says one of the two', async () => {
    for (let round = 0; round < 8; round += 1) {
      const world = await pendingWorld();
      world.clock.advance(WINDOW);
      const acts = [() => removeVersion(world.deps, ROWS_V1), () => stop(world)];
      if (round % 2) acts.reverse();
      await Promise.allSettled(acts.map((act) => act()));
      await step(world, true);
      const { phase } = await record(world);
      const { dataKey, state } = await rows(world);
      expect([phase, state, dataKey === null]).toEqual(
        phase === 'stopped' ? ['stopped', 'deactivated', false] : ['material', 'destroyed', true],
      );
    }
  });
});
