// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { KeyturnError } from '#core/errors.ts';
import { beginRun, closePass, MAX_PASSES, parkRun } from '#core/operations/close-pass.ts';
import { reencryptShard } from '#core/operations/reencrypt-shard.ts';
import { registerSource, removeSource } from '#core/operations/register-source.ts';
import { findDueReencryptions, startReencryption } from '#core/operations/start-reencryption.ts';
import {
  admit,
  PACE,
  read,
  register,
  runToEnd,
  workOff,
  write,
} from '#test/support/reencryption.ts';
import { begin, ROTATION_STEPS, runSteps, withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, CONSUMER, KEY_STORE_ID, PERMIT, type World } from '#test/support/world.ts';

const IDS = Array.from({ length: 10 }, (_, index) => `item-${index}`);
let world: World;

async function rotate(): Promise<void> {
  await world.admitRotation();
  await runSteps(world, await begin(world), ROTATION_STEPS);
}

beforeEach(async () => {
  world = await withActiveKey(await aWorld());
  await register(world);
  await write(world, IDS);
  await rotate();
  world.clock.advance(1);
});

describe('re-encryption', () => {
  it('moves every ciphertext to the current version, keeping its context, and counts a clean pass', async () => {
    const start = await admit(world);

    expect(await runToEnd(world, start)).toBe(2);
    for (const id of IDS)
      expect(await read(world, id)).toEqual({ text: `secret of ${id}`, version: 2 });
    const { sources, reencryption } = await world.snapshot();
    expect(sources[0]?.count).toMatchObject({ byVersion: { 2: 10 }, dead: 0 });
    expect(reencryption).toMatchObject({ state: 'idle', dueAt: null, pass: 2 });
    expect(await world.store.readOperation(start.operationId)).toMatchObject({
      kind: 'reencrypt',
      state: 'done',
      cause: null,
    });
    expect(await world.actions()).toEqual(
      expect.arrayContaining([
        'reencryption.admitted',
        'reencryption.pass-closed',
        'reencryption.completed',
      ]),
    );
  });

  it('counts once more, and calls nothing old, when it is run again', async () => {
    await runToEnd(world, await admit(world));

    expect(await runToEnd(world, await admit(world))).toBe(1);
  });

  it('goes on from its checkpoint, and loses nothing, when it is killed at any call', async () => {
    let calls = 0;
    const start = await admit(world);
    const { shards } = await beginRun(world.deps, start);
    const [shard] = shards;
    if (!shard) throw new Error('no shard');
    for (let victim = 1; ; victim += 1) {
      calls = 0;
      world.onCall = () => {
        calls += 1;
        if (calls === victim) throw new KeyturnError('DependencyUnavailable', 'killed');
      };
      const outcome = await workOff(world, shard).then(
        () => 'done',
        () => 'killed',
      );
      world.onCall = () => {};
      for (const id of IDS) expect((await read(world, id)).text).toBe(`secret of ${id}`);
      if (outcome === 'done') break;
    }
    await closePass(world.deps, {
      operationId: start.operationId,
      key: 'orders',
      fence: shard.fence,
    });
    expect(await world.progress.readCheckpoint(start.operationId, 'archive', 0)).toMatchObject({
      isDone: true,
      items: 10,
    });
  });

  it('never writes over what the application wrote meanwhile, and looks at it again', async () => {
    const reEncrypt = world.vault.reEncryptorFor('reencrypt').reEncrypt;
    const deps = {
      ...world.deps,
      reEncryptor: {
        reEncrypt: async (...request: Parameters<typeof reEncrypt>) => {
          const done = await reEncrypt(...request);
          // The application is faster with every third item.
          const id = request[1]['item'] ?? '';
          if (Number(id.at(-1)) % 3 === 0) await write(world, [id]);
          return done;
        },
      },
    };
    const start = await admit(world);
    const { shards } = await beginRun(world.deps, start);
    for (const shard of shards) {
      while (!(await reencryptShard(deps, shard, PACE)).isDone);
    }

    expect(await world.progress.readCheckpoint(start.operationId, 'archive', 0)).toMatchObject({
      changed: 4,
      rewritten: 6,
      found: { 1: 10 },
    });
    for (const id of IDS) expect((await read(world, id)).version).toBe(2);
  });

  it('lists what no version opens with its cause, and goes on', async () => {
    world
      .sourceOf('archive')
      .put('broken', { parts: [{ ciphertext: Buffer.from('no ciphertext'), context: {} }] });
    const bent = world.sourceOf('archive').get('item-3')?.parts[0];
    world.sourceOf('archive').put('other-context', {
      parts: [{ ciphertext: bent?.ciphertext ?? Buffer.alloc(0), context: { item: 'x' } }],
    });
    const start = await admit(world);
    await runToEnd(world, start);

    const dead = await world.progress.readDead(start.operationId, 10);
    expect(dead.map(({ id }) => id)).toEqual(['broken', 'other-context']);
    for (const { cause } of dead) expect(cause).toMatch(/^CiphertextInvalid: /);
    expect((await world.snapshot()).sources[0]?.count).toMatchObject({ dead: 2 });
    expect(await world.store.readOperation(start.operationId)).toMatchObject({
      state: 'done',
      cause: '2 ciphertexts open under no version of the key',
    });
  });

  it('leaves a ciphertext of another key alone, although its role could read it', async () => {
    await world.admitKey({ name: 'invoices' });
    const other = await begin(world, 'invoices');
    await runSteps(
      world,
      other,
      ROTATION_STEPS.filter(({ name }) => !/Restrict|DecryptOnly/.test(name)),
    );
    const { currentKeyId } = await world.key('invoices');
    const foreign = await world.vault
      .cryptoFor(CONSUMER)
      .encrypt(currentKeyId ?? '', Buffer.from('x'), {});
    world.sourceOf('archive').put('foreign', { parts: [{ ciphertext: foreign, context: {} }] });
    const start = await admit(world);
    await runToEnd(world, start);

    expect(world.sourceOf('archive').get('foreign')?.parts[0]?.ciphertext).toBe(foreign);
    expect(await world.progress.readDead(start.operationId, 10)).toMatchObject([
      { id: 'foreign', cause: expect.stringContaining('another key') },
    ]);
  });

  it('works towards the version that a rotation makes current meanwhile: neither waits for the other', async () => {
    const start = await admit(world);
    const { shards } = await beginRun(world.deps, start);
    const [shard] = shards;
    if (!shard) throw new Error('no shard');
    await reencryptShard(world.deps, shard, { ...PACE, seconds: 0 });
    await rotate();

    await workOff(world, shard);
    const run = { operationId: start.operationId, key: 'orders', fence: shard.fence };
    const next = await closePass(world.deps, run);
    expect(next.next).toBe('pass');
    for (const one of next.shards) await workOff(world, one);
    for (const one of (await closePass(world.deps, run)).shards) await workOff(world, one);
    for (const id of IDS) expect((await read(world, id)).version).toBe(3);
  });

  it('stops while the key store is away, parks, and goes on in its next attempt', async () => {
    const start = await admit(world);
    const { shards, fence } = await beginRun(world.deps, start);
    const [shard] = shards;
    if (!shard) throw new Error('no shard');
    world.vault.setConnected(KEY_STORE_ID, false);
    await expect(workOff(world, shard)).rejects.toMatchObject({ name: 'KeyStoreUnavailable' });
    const run = { operationId: start.operationId, key: 'orders', fence };
    await expect(closePass(world.deps, run)).rejects.toMatchObject({ name: 'SourceUnavailable' });
    await parkRun(world.deps, { ...run, failure: { error: 'SourceUnavailable', cause: 'x' } }, 300);
    expect(await findDueReencryptions(world.deps, 10)).toEqual([]);

    world.vault.setConnected(KEY_STORE_ID, true);
    world.clock.advance(300);
    const [resumed] = await findDueReencryptions(world.deps, 10);
    expect(resumed).toEqual({
      operationId: start.operationId,
      attempt: 2,
      executionName: `${start.operationId}-2`,
    });
    if (!resumed) throw new Error('nothing is due');
    await expect(workOff(world, shard)).rejects.toMatchObject({ name: 'LeaseLost' });
    await runToEnd(world, resumed);
    for (const id of IDS) expect((await read(world, id)).version).toBe(2);
  });

  it('is taken up by the sweep when its workers are silent, and left while they write checkpoints', async () => {
    const start = await admit(world);
    const { shards } = await beginRun(world.deps, start);
    const [shard] = shards;
    if (!shard) throw new Error('no shard');
    world.clock.advance(590);
    await reencryptShard(world.deps, shard, { ...PACE, seconds: 1 });
    world.clock.advance(20);
    expect(await findDueReencryptions(world.deps, 10)).toEqual([]);

    world.clock.advance(600);
    expect(await findDueReencryptions(world.deps, 10)).toMatchObject([{ attempt: 2 }]);
  });

  it('lets one worker of a shard write: the other one stops', async () => {
    const start = await admit(world);
    const { shards } = await beginRun(world.deps, start);
    const [shard] = shards;
    if (!shard) throw new Error('no shard');
    const both = await Promise.allSettled([workOff(world, shard), workOff(world, shard)]);

    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await world.progress.readCheckpoint(start.operationId, 'archive', 0)).toMatchObject({
      items: 10,
    });
  });

  it('parks instead of chasing an application that goes on writing old ciphertexts, and ends once it has stopped', async () => {
    const old = world.sourceOf('archive').get('item-0');
    if (!old) throw new Error('no item');
    const start = await admit(world);
    let next = await beginRun(world.deps, start);
    const run = { operationId: start.operationId, key: 'orders', fence: next.fence };
    for (let pass = 1; pass <= MAX_PASSES; pass += 1) {
      world.sourceOf('archive').put('item-0', old);
      for (const shard of next.shards) await workOff(world, shard);
      if (pass < MAX_PASSES) next = await closePass(world.deps, run);
    }

    await expect(closePass(world.deps, run)).rejects.toMatchObject({
      name: 'SourceUnavailable',
      message: expect.stringContaining('something goes on writing them'),
    });
    await parkRun(world.deps, { ...run, failure: { error: 'SourceUnavailable', cause: 'x' } }, 300);
    world.clock.advance(300);
    const [resumed] = await findDueReencryptions(world.deps, 10);
    if (!resumed) throw new Error('nothing is due');
    expect(await runToEnd(world, resumed)).toBe(1);
    expect((await read(world, 'item-0')).version).toBe(2);
  });
});

describe('starting a re-encryption', () => {
  it('is one run per key: a second request is told which one runs', async () => {
    const { operationId } = await admit(world);

    await expect(admit(world)).rejects.toMatchObject({
      name: 'OperationInProgress',
      details: { operationId },
    });
  });

  it('gives the same operation for the same Idempotency-Key, and starts it once', async () => {
    const input = {
      key: 'orders',
      trigger: 'api' as const,
      requestedBy: ALICE.id,
      reason: null,
      decision: PERMIT,
      claim: { scope: 'reencrypt/1', bodyHash: 'body' },
    };
    const first = await startReencryption(world.deps, input);

    expect(await startReencryption(world.deps, input)).toEqual(first);
    const started = world.workflows.started.filter(({ kind }) => kind === 'reencrypt');
    expect(started).toMatchObject([{ operationId: first.operationId, attempt: 1 }]);
  });

  it('needs a source, and an active key', async () => {
    await removeSource(world.deps, {
      key: 'orders',
      name: 'archive',
      by: ALICE.id,
      decision: PERMIT,
    });

    await expect(admit(world)).rejects.toMatchObject({ name: 'SourceNotFound' });
    await expect(
      removeSource(world.deps, { key: 'orders', name: 'archive', by: ALICE.id, decision: PERMIT }),
    ).rejects.toMatchObject({ name: 'SourceNotFound' });
  });

  it('is due by itself after a rotation where the class says so', async () => {
    const classes = world.classes.map((policy) => ({
      ...policy,
      reencryption: { automatic: true },
    }));
    await registerSource(
      { ...world.deps, classes },
      {
        key: 'orders',
        name: 'archive',
        location: { kind: 'none', reason: 'x' },
        shards: 1,
        copies: [],
        by: ALICE.id,
        decision: PERMIT,
      },
    );
    expect(await findDueReencryptions(world.deps, 10)).toEqual([]);
    await rotate();

    const [start] = await findDueReencryptions(world.deps, 10);
    expect(start).toMatchObject({ attempt: 1 });
    if (!start) throw new Error('nothing is due');
    expect(await runToEnd(world, start)).toBe(0);
  });

  it('keeps the sources of a key as they are while it runs', async () => {
    await admit(world);

    await expect(register(world)).rejects.toMatchObject({ name: 'OperationInProgress' });
  });
});
