// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryKeyUseLog } from '#adapters/memory/key-use-log.ts';
import { canonicalHash } from '#core/crypto/hashing.ts';
import { placeHold, releaseHold } from '#core/operations/place-hold.ts';
import { recordKeyUse } from '#core/operations/record-key-use.ts';
import { checkRetirement, retireVersion } from '#core/operations/retire-version.ts';
import type { LastUse } from '#core/ports/key-vault.ts';
import { admit, register, runToEnd, write } from '#test/support/reencryption.ts';
import { begin, ROTATION_STEPS, runSteps, withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, CONSUMER, PERMIT, type World } from '#test/support/world.ts';

const IDS = ['a', 'b', 'c'];
const ACT = { key: 'orders', version: 1, by: ALICE.id, decision: PERMIT };
const HOLD = { key: 'orders', name: 'lawsuit', by: ALICE.id, decision: PERMIT };
let world: World;
let lastUse: LastUse;
let documents: Map<string, string>;
let log: MemoryKeyUseLog;

const deps = () => ({
  ...world.deps,
  lastUses: { lastUse: async () => lastUse },
  uses: log,
  evidence: { store: async (name: string, text: string) => void documents.set(name, text) },
});
const unmet = async (version = 1) =>
  (await checkRetirement(deps(), 'orders', version)).conditions
    .filter(({ isMet }) => !isMet)
    .map(({ name }) => name);

beforeEach(async () => {
  world = await withActiveKey(await aWorld());
  documents = new Map();
  log = new MemoryKeyUseLog();
  lastUse = { at: world.clock.now(), operation: 'ReEncrypt', trackedSince: null };
  await register(world);
  await write(world, IDS);
  await world.admitRotation();
  await runSteps(world, await begin(world), ROTATION_STEPS);
  world.clock.advance(1);
});

describe('the retire gate', () => {
  it('is closed before anything was counted, whatever time passes', async () => {
    world.clock.advance(10 * 365 * 86_400);

    expect(await unmet()).toEqual(['no-ciphertexts']);
    expect(await retireVersion(deps(), ACT)).toMatchObject({ isReady: false, evidence: null });
    expect((await world.version(1)).substate).toBeNull();
  });

  it('stays closed for a use that CloudTrail saw and the vault does not tell of', async () => {
    await runToEnd(world, await admit(world));
    await log.add([
      {
        key: 'orders',
        version: 1,
        principal: CONSUMER,
        encrypts: 0,
        decrypts: 1,
        refusals: 0,
        lastEncryptAt: null,
        lastDecryptAt: '2126-01-01T00:00:00.000Z',
      },
    ]);

    expect(await unmet()).toEqual(['not-used']);
  });

  it('closes again when the version is used again', async () => {
    await runToEnd(world, await admit(world));
    await retireVersion(deps(), ACT);
    const { keyId } = await world.version(1);
    await recordKeyUse({ ledger: world.ledger, clock: world.clock, log, ownRoles: [] }, [
      {
        keyId: keyId ?? '',
        principal: CONSUMER,
        act: 'decrypt',
        outcome: 'allowed',
        at: world.clock.now(),
      },
    ]);

    expect((await world.version(1)).substate).toBeNull();
  });

  it('stays open for late word of a use that it was judged on, and closes for any other', async () => {
    await runToEnd(world, await admit(world));
    world.clock.advance(60);
    lastUse = { at: world.clock.now(), operation: 'Decrypt', trackedSince: null };
    world.classes = world.classes.map((one) => ({ ...one, retirement: { quietDays: 0 } }));
    const keyId = (await world.version(1)).keyId ?? '';
    const log = new MemoryKeyUseLog();
    const told = async (at: string) => {
      await recordKeyUse({ ledger: world.ledger, clock: world.clock, log, ownRoles: [] }, [
        { keyId, principal: CONSUMER, act: 'decrypt', outcome: 'allowed', at },
      ]);
      return (await world.version(1)).substate;
    };
    const second = `${world.clock.now().slice(0, 19)}.000Z`;

    // Judged in the second of the use: one more may have followed in it.
    await retireVersion(deps(), ACT);
    expect(await told(second)).toBeNull();

    world.clock.advance(1);
    await retireVersion(deps(), ACT);
    expect(await told(second)).toBe('ready-to-destroy');
    expect(await told(`${world.clock.now().slice(0, 19)}.000Z`)).toBeNull();
  });

  it('opens when a clean pass found nothing, and stores evidence whose digest is in the audit', async () => {
    await runToEnd(world, await admit(world));
    const verdict = await retireVersion(deps(), ACT);

    expect(verdict.conditions.filter(({ isMet }) => !isMet)).toEqual([]);
    expect(await world.version(1)).toMatchObject({
      state: 'deactivated',
      substate: 'ready-to-destroy',
      retirement: verdict.evidence,
    });
    const [[name, text] = ['', '']] = [...documents];
    expect(name).toBe(`retirement/orders/v1/${verdict.evidence?.digest}.json`);
    expect(canonicalHash(JSON.parse(text))).toBe(verdict.evidence?.digest);
    const { records } = await world.store.readAudit('key/orders', 0, 1000);
    expect(records.at(-1)).toMatchObject({
      action: 'version.ready-to-destroy',
      detail: { version: 1, digest: verdict.evidence?.digest, unmet: '' },
    });
    expect((await retireVersion(deps(), ACT)).evidence).toEqual(verdict.evidence);
  });

  it('never opens for the current version', async () => {
    await runToEnd(world, await admit(world));

    expect(await unmet(2)).toEqual(expect.arrayContaining(['replaced', 'no-ciphertexts']));
  });

  it('does not believe a count that began before the version was replaced', async () => {
    await runToEnd(world, await admit(world));
    await world.admitRotation();
    await runSteps(world, await begin(world), ROTATION_STEPS);

    expect(await unmet(2)).toEqual(['no-ciphertexts']);
  });

  it('waits for declared copies to expire after the count', async () => {
    await register(world, { copies: [{ kind: 'point-in-time-recovery', retentionDays: 35 }] });
    await runToEnd(world, await admit(world));
    world.clock.advance(35 * 86_400 - 10);
    expect(await unmet()).toEqual(['copies-expired']);

    world.clock.advance(10);
    expect(await unmet()).toEqual([]);
  });

  it('needs a source, or the declaration that nothing is stored', async () => {
    const bare = await withActiveKey(await aWorld());
    await bare.admitRotation();
    await runSteps(bare, await begin(bare), ROTATION_STEPS);
    world = bare;
    expect(await unmet()).toEqual(['no-ciphertexts']);

    await register(bare, { location: { kind: 'none', reason: 'in transit only' } });
    expect(await unmet()).toEqual([]);
  });

  it('is closed by recent use, and by a use that nobody could tell', async () => {
    await runToEnd(world, await admit(world));
    const classes = world.classes.map((policy) => ({ ...policy, retirement: { quietDays: 2 } }));
    const judge = async () =>
      (await checkRetirement({ ...deps(), classes }, 'orders', 1)).conditions.find(
        ({ name }) => name === 'not-used',
      );
    expect(await judge()).toMatchObject({ isMet: false });
    world.clock.advance(2 * 86_400);
    expect(await judge()).toMatchObject({ isMet: true });
    lastUse = { at: null, operation: null, trackedSince: '2026-01-01T00:00:00.000Z' };
    expect(await judge()).toMatchObject({
      isMet: true,
      found: expect.stringContaining('2026-01-01'),
    });
  });

  it('is closed by dead items: nobody knows their version', async () => {
    world
      .sourceOf('archive')
      .put('broken', { parts: [{ ciphertext: Buffer.from('x'), context: {} }] });
    await runToEnd(world, await admit(world));

    expect(await unmet()).toEqual(['no-ciphertexts']);
  });

  it('is closed by a hold, which takes a mark back; a released or expired one blocks no more', async () => {
    await runToEnd(world, await admit(world));
    await retireVersion(deps(), ACT);
    await placeHold(world.deps, { ...HOLD, reason: 'case 4711', until: null });
    expect(await world.version(1)).toMatchObject({ substate: null, retirement: null });
    expect(await retireVersion(deps(), ACT)).toMatchObject({ isReady: false });
    expect(await unmet()).toEqual(['no-hold']);

    await releaseHold(world.deps, HOLD);
    expect(await unmet()).toEqual([]);
    await expect(releaseHold(world.deps, HOLD)).rejects.toMatchObject({ name: 'HoldNotFound' });
    await placeHold(world.deps, { ...HOLD, reason: 'short', until: world.clock.now() });
    expect(await unmet()).toEqual([]);
  });

  it('judges again inside the transaction: a hold that comes while the evidence is stored wins', async () => {
    await runToEnd(world, await admit(world));
    const evidence = {
      store: async () =>
        void (await placeHold(world.deps, { ...HOLD, reason: 'now', until: null })),
    };

    expect(await retireVersion({ ...deps(), evidence }, ACT)).toMatchObject({ isReady: false });
    expect((await world.version(1)).substate).toBeNull();
  });

  it('takes the mark back when a later count finds something, or the version is used again', async () => {
    await runToEnd(world, await admit(world));
    const old = world.sourceOf('archive').get('a');
    await retireVersion(deps(), ACT);
    world.clock.advance(60);
    lastUse = { ...lastUse, at: '2100-01-01T00:00:00.000Z' };
    expect(await retireVersion(deps(), ACT)).toMatchObject({ isReady: false });
    expect((await world.version(1)).substate).toBeNull();
    expect((await world.actions()).at(-1)).toBe('version.retirement-withdrawn');

    lastUse = { ...lastUse, at: null };
    await retireVersion(deps(), ACT);
    world.sourceOf('archive').put('b', { parts: [{ ciphertext: Buffer.from('?'), context: {} }] });
    expect(old).toBeDefined();
    await runToEnd(world, await admit(world));
    expect((await world.version(1)).substate).toBeNull();
  });

  it('knows no version that does not exist', async () => {
    await expect(checkRetirement(deps(), 'orders', 9)).rejects.toMatchObject({
      name: 'KeyNotFound',
    });
    await expect(checkRetirement(deps(), 'nobody', 1)).rejects.toMatchObject({
      name: 'KeyNotFound',
    });
  });
});
