// SPDX-License-Identifier: Apache-2.0
// Every origin through a whole life in the simulator: generated, rotated until what is finite runs out, everything that
// was ever written still opens.
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryKeyUseLog } from '#adapters/memory/key-use-log.ts';
import { ORIGINS } from '#core/contract/vocabulary.ts';
import { ORIGIN_STRATEGIES } from '#core/keys/origins/all.ts';
import { IN_PLACE_LIMIT } from '#core/keys/origins/strategy.ts';
import type { SourceRecord } from '#core/keys/reencryption.ts';
import { judgeConditions } from '#core/keys/retirement.ts';
import { later } from '#core/operations/admit-operation.ts';
import { createVersion } from '#core/operations/create-version.ts';
import { releaseKey } from '#core/operations/release-key.ts';
import { checkRetirement } from '#core/operations/retire-version.ts';
import { reviewPolicies } from '#core/operations/review-policies.ts';
import { decrypt, encrypt } from '#core/operations/use-key.ts';
import type { UseCount } from '#core/ports/key-use-log.ts';
import { registered } from '#test/support/consumers.ts';
import { Simulation } from '#test/support/simulation.ts';
import { begin } from '#test/support/steps.ts';
import { ALICE, aWorld, CONSUMER, ORDERS, PERMIT, type World } from '#test/support/world.ts';

describe.each(ORIGINS)('a key of origin %s', (origin) => {
  let world: World;
  let simulation: Simulation;
  beforeEach(async () => {
    world = await aWorld();
    simulation = new Simulation(world);
    await simulation.run('generate-key', await world.admitKey({ origin }), 1);
  });
  const rotate = async () => {
    const id = await world.admitRotation();
    await simulation.runStarted();
    expect(await world.store.readOperation(id)).toMatchObject({ state: 'done', cause: null });
  };
  const dataPlane = () => ({
    ledger: world.store,
    crypto: world.vault.cryptoFor('use-key'),
    random: world.random,
  });
  const write = async () =>
    encrypt(dataPlane(), await world.key(), Buffer.from('kept'), { service: 'orders' });

  it('says in one file what it means', () => {
    expect(ORIGIN_STRATEGIES[origin].origin).toBe(origin);
  });

  it('is active with its first version, in the place of its origin', async () => {
    const key = await world.key();
    expect(key).toMatchObject({ state: 'active', currentVersion: 1 });
    expect(key.keyStore).toBe(ORIGIN_STRATEGIES[origin].keyStore ?? 'main');
    expect(world.vault.inspect()).toMatchObject([{ template: 'active', isRecorded: true }]);
  });

  it('opens after three rotations what every version wrote, and says which one that was', async () => {
    const written = [await write()];
    for (let rotation = 0; rotation < 3; rotation += 1) {
      await rotate();
      written.push(await write());
    }
    expect(written.map(({ version }) => version)).toEqual([1, 2, 3, 4]);
    for (const { ciphertext, version } of written) {
      const opened = await decrypt(dataPlane(), await world.key(), ciphertext, {
        service: 'orders',
      });
      expect({ text: Buffer.from(opened.plaintext).toString(), version: opened.version }).toEqual({
        text: 'kept',
        version,
      });
    }
    const current = await world.version(4);
    const consumer = world.vault.cryptoFor(CONSUMER);
    await expect(
      consumer.encrypt(current.keyId ?? '', Buffer.from('x'), {}),
    ).resolves.toBeDefined();
  });

  it('takes places in the cluster only where its keys lie there', async () => {
    await rotate();
    const inCluster = await world.store.readOccupancy('main');
    expect(inCluster).toEqual(
      ORIGIN_STRATEGIES[origin].keyStore === null
        ? [{ class: ORDERS.class, keys: 1, versions: 2 }]
        : [],
    );
  });
});

/** Of the first version. */
const USE: UseCount = {
  key: 'orders',
  version: 1,
  principal: CONSUMER,
  encrypts: 0,
  decrypts: 1,
  refusals: 0,
  lastEncryptAt: null,
  lastDecryptAt: null,
};

describe('a key that KMS rotates in place', () => {
  let world: World;
  let simulation: Simulation;
  beforeEach(async () => {
    world = await aWorld();
    simulation = new Simulation(world);
    await simulation.run('generate-key', await world.admitKey({ origin: 'AWS_KMS' }), 1);
  });
  const rotate = async () => {
    const id = await world.admitRotation();
    await simulation.runStarted();
    return world.store.readOperation(id);
  };

  it('is one KMS key, whose policy no rotation restricts', async () => {
    await rotate();
    expect(world.vault.inspect()).toMatchObject([{ template: 'active' }]);
    expect(await world.version(1)).toMatchObject({
      state: 'deactivated',
      policyTemplate: 'active',
    });
    expect(await world.version(2)).toMatchObject({ state: 'active', isInPlace: true });
  });

  it('warns when its budget runs out, and goes on with a KMS key of its own', async () => {
    for (let rotation = 0; rotation <= IN_PLACE_LIMIT; rotation += 1) await rotate();
    const { records } = await world.store.readAudit('key/orders', 0, 10_000);
    const inPlace = records.filter(({ action }) => action === 'version.rotated-in-place');
    const warned = inPlace.filter(({ detail }) => detail['warning'] !== null);

    expect(inPlace).toHaveLength(IN_PLACE_LIMIT);
    expect(warned.map(({ detail }) => detail['used'])).toEqual([20, 21, 22, 23, 24, 25]);
    expect(world.vault.inspect()).toMatchObject([
      { template: 'decrypt-only' },
      { template: 'active' },
    ]);
    const { versions } = await world.snapshot();
    const templates = versions.map(({ policyTemplate }) => policyTemplate);
    expect(new Set(templates.slice(0, -1))).toEqual(new Set(['decrypt-only']));
    expect(templates.at(-1)).toBe('active');
    expect(await world.version(IN_PLACE_LIMIT + 2)).not.toHaveProperty('isInPlace');
    expect((await rotate())?.state).toBe('done');
    expect(world.vault.inspect()).toHaveLength(2);
  });

  it('changes access once for each KMS key, also where versions of a restricted one share it', async () => {
    for (let rotation = 0; rotation <= IN_PLACE_LIMIT; rotation += 1) await rotate();
    await registered(simulation);

    const { records } = await world.store.readAudit('key/orders', 0, 10_000);
    const applied = records.findLast(({ action }) => action === 'access.applied');
    expect(applied?.detail['policies']).toBe(2);
    expect(world.vault.inspect()).toMatchObject([
      { template: 'decrypt-only' },
      { template: 'active' },
    ]);
  });

  it('is let go as what it is: two KMS keys', async () => {
    for (let rotation = 0; rotation <= IN_PLACE_LIMIT; rotation += 1) await rotate();
    const { operationId } = await releaseKey(world.deps, {
      key: 'orders',
      reason: null,
      by: ALICE.id,
      decision: PERMIT,
      claim: { scope: 'release', bodyHash: 'body' },
    });
    await simulation.run('update-access', operationId, 1);

    expect(world.vault.inspect()).toMatchObject([
      { template: 'released-decrypt-only' },
      { template: 'released' },
    ]);
    const { records } = await world.store.readAudit('key/orders', 0, 10_000);
    expect(records.at(-1)).toMatchObject({ action: 'key.released', detail: { kmsKeys: 2 } });
  });

  it('is retired as one: not while any version of the KMS key has ciphertexts or was used', async () => {
    for (let rotation = 0; rotation <= IN_PLACE_LIMIT; rotation += 1) await rotate();
    const newest = IN_PLACE_LIMIT + 1;
    world.clock.advance(1);
    const facts = async (byVersion: Record<number, number>) => {
      const snapshot = await world.snapshot();
      const at = world.clock.now();
      const count = { startedAt: at, endedAt: at, byVersion, dead: 0 };
      const source = { name: 'rows', location: { kind: 'webhook' }, copies: [], count };
      const conditions = judgeConditions({
        snapshot: { ...snapshot, sources: [source as unknown as SourceRecord] },
        version: await world.version(newest),
        lastUse: { at: null, operation: null, trackedSince: null },
        quietDays: 0,
        now: at,
      });
      return conditions.filter(({ isMet }) => !isMet).map(({ name }) => name);
    };

    expect(await facts({})).toEqual([]);
    expect(await facts({ 1: 1 })).toEqual(['no-ciphertexts']);
    expect(await facts({ [newest + 1]: 1 })).toEqual([]);

    world.classes = world.classes.map((one) => ({ ...one, retirement: { quietDays: 30 } }));
    const deps = {
      ...world.deps,
      uses: new MemoryKeyUseLog(),
      lastUses: { lastUse: async () => ({ at: null, operation: null, trackedSince: null }) },
    };
    const isQuiet = async () =>
      (await checkRetirement(deps, 'orders', newest)).conditions.find(
        ({ name }) => name === 'not-used',
      )?.isMet;
    expect(await isQuiet()).toBe(true);
    await deps.uses.add([{ ...USE, lastDecryptAt: world.clock.now() }]);
    expect(await isQuiet()).toBe(false);
  });

  it('says when its budget runs low, once for each rotation from the 20th on', async () => {
    const low: number[] = [];
    for (let rotation = 1; rotation <= IN_PLACE_LIMIT + 1; rotation += 1) {
      await world.admitRotation();
      if ((await createVersion(world.deps, await begin(world))).isBudgetLow) low.push(rotation);
      await simulation.runStarted();
    }

    expect(low).toEqual([20, 21, 22, 23, 24, 25]);
  });

  it('needs no acknowledgement: its consumers have nothing to take up', async () => {
    await registered(simulation);
    expect((await rotate())?.state).toBe('done');
  });
});

describe('a key of imported material', () => {
  it('expires when its class says so', async () => {
    const world = await aWorld();
    world.classes = world.classes.map((one) => ({ ...one, importedMaterial: { validDays: 30 } }));
    const simulation = new Simulation(world);
    await simulation.run('generate-key', await world.admitKey({ origin: 'EXTERNAL' }), 1);

    expect((await world.version(1)).materialExpiresAt).toBe(
      new Date(Date.parse('2026-01-01T00:00:00.000Z') + 30 * 86_400_000).toISOString(),
    );
  });

  it('is due a week before, by the review of a changed class too', async () => {
    const world = await aWorld();
    world.classes = world.classes.map((one) => ({
      ...one,
      rotationDays: 300,
      importedMaterial: { validDays: 30 },
    }));
    const simulation = new Simulation(world);
    await simulation.run('generate-key', await world.admitKey({ origin: 'EXTERNAL' }), 1);
    const due = (await world.key()).nextRotationAt ?? '';
    expect(due).toBe(later((await world.version(1)).materialExpiresAt ?? '', -7 * 86_400));

    world.classes = world.classes.map((one) => ({ ...one, rotationDays: 200, noticeDays: [3] }));
    expect(await reviewPolicies(world.deps, null, 10)).toMatchObject({ changed: 1 });

    // The notice too is before the date that holds, not before the period of the class.
    expect(await world.key()).toMatchObject({
      nextRotationAt: due,
      nextNoticeAt: later(due, -3 * 86_400),
    });
  });
});
