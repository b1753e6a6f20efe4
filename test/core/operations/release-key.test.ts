// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { mutateKey } from '#core/operations/mutate-key.ts';
import { releaseKey } from '#core/operations/release-key.ts';
import { reviewPolicies } from '#core/operations/review-policies.ts';
import { findDueRotations } from '#core/operations/rotation-sweep.ts';
import { findDueReencryptions } from '#core/operations/start-reencryption.ts';
import { searchFrom } from '#core/operations/sweep-orphans.ts';
import { decrypt, encrypt } from '#core/operations/use-key.ts';
import { register, registered } from '#test/support/consumers.ts';
import {
  askDestruction,
  begunWorld,
  readyWorld,
  replacedWorld,
} from '#test/support/destruction.ts';
import { anAuditEntry } from '#test/support/records.ts';
import { admit } from '#test/support/reencryption.ts';
import { ExecutionLost, ProcessDied, Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, CONSUMER, PERMIT, STAGE, type World } from '#test/support/world.ts';

const CLAIM = { scope: 'release', bodyHash: 'body' };

describe('releasing a key', () => {
  let world: World;
  let simulation: Simulation;
  const admit = () =>
    releaseKey(world.deps, {
      key: 'orders',
      reason: 'own team',
      by: ALICE.id,
      decision: PERMIT,
      claim: CLAIM,
    });
  const release = async () => {
    const { operationId } = await admit();
    await simulation.run('update-access', operationId, 1);
    return operationId;
  };
  const write = (version: number) =>
    world
      .version(version)
      .then(({ keyId }) =>
        world.vault.cryptoFor(CONSUMER).encrypt(keyId ?? '', new Uint8Array(4), {}),
      );
  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    simulation = new Simulation(world);
  });

  it('leaves every version as usable as it was, without any mark of Keyturn', async () => {
    const old = await write(1);
    await simulation.run('rotate-key', await world.admitRotation(), 1);
    const fresh = await write(2);
    const aliases = world.vault.inspectAliases();
    const operationId = await release();

    expect(await world.store.readOperation(operationId)).toMatchObject({
      state: 'done',
      reason: 'own team',
    });
    expect(world.vault.inspect().map(({ template, isTagged }) => [template, isTagged])).toEqual([
      ['released-decrypt-only', false],
      ['released', false],
    ]);
    for (const ciphertext of [old, fresh, await write(2)])
      await expect(world.vault.cryptoFor(CONSUMER).decrypt(ciphertext, {})).resolves.toBeDefined();
    await expect(write(1)).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(world.vault.inspectAliases()).toEqual(aliases);
    expect((await world.actions()).slice(-5)).toEqual([
      'key.release-admitted',
      'operation.begun',
      'access.applied',
      'access.probed',
      'key.released',
    ]);
  });

  it('keeps the record as history that nothing changes', async () => {
    const ciphertext = await write(1);
    await release();
    const { key } = await world.snapshot();
    world.clock.advance(400 * 86_400);
    world.classes = world.classes.map((policy) => ({ ...policy, rotationDays: 2 }));

    expect(key).toMatchObject({ state: 'active', nextRotationAt: null, lease: null });
    const released = { name: 'KeyReleased' };
    await expect(world.admitRotation()).rejects.toMatchObject(released);
    await expect(register(world)).rejects.toMatchObject(released);
    const crypto = {
      ledger: world.store,
      crypto: world.vault.cryptoFor('use-key'),
      random: world.random,
    };
    await expect(encrypt(crypto, key, new Uint8Array(4), {})).rejects.toMatchObject(released);
    await expect(decrypt(crypto, key, ciphertext, {})).rejects.toMatchObject(released);
    await expect(world.admitKey()).rejects.toMatchObject({ name: 'KeyAlreadyExists' });
    await reviewPolicies(world.deps, null, 10);
    await findDueRotations(world.deps, STAGE, 100);
    expect((await world.snapshot()).key).toEqual(key);
  });

  it('is one operation for one request, and refused once it has ended', async () => {
    const first = await admit();
    expect(await admit()).toEqual(first);
    await simulation.run('update-access', first.operationId, 1);

    expect(await admit()).toEqual(first);
    const again = releaseKey(world.deps, {
      key: 'orders',
      reason: null,
      by: ALICE.id,
      decision: PERMIT,
      claim: { scope: 'other', bodyHash: 'b' },
    });
    await expect(again).rejects.toMatchObject({ name: 'KeyReleased' });
  });

  it('needs approvals when somebody is registered, and then changes nothing', async () => {
    await registered(simulation);
    const before = await world.snapshot();

    await expect(admit()).rejects.toMatchObject({ name: 'ApprovalRequired' });
    expect(await world.snapshot()).toEqual(before);
  });

  it('is refused for a key that wraps data keys, and for these', async () => {
    await world.admitKey({ name: 'rows', tier: 'data', parent: 'orders' });

    await expect(admit()).rejects.toMatchObject({
      name: 'KeyNotUsable',
      details: { key: 'orders', keys: 1 },
    });
    expect((await world.key()).lease).toBeNull();
  });

  it('parks when a data key was made under it meanwhile, with everything still ours', async () => {
    const { operationId } = await admit();
    await world.admitKey({ name: 'rows', tier: 'data', parent: 'orders' });
    await simulation.run('update-access', operationId, 1);

    expect(await world.store.readOperation(operationId)).toMatchObject({ state: 'parked' });
    expect(world.vault.inspect()).toMatchObject([{ isTagged: true }]);
  });

  it('is refused while an operation holds the key', async () => {
    await world.admitRotation();

    await expect(admit()).rejects.toMatchObject({ name: 'OperationInProgress' });
  });

  it('ends whatever call its process or its execution dies at', async () => {
    await release();
    const calls = simulation.calls;
    expect(calls).toBeGreaterThan(10);
    for (const death of [ProcessDied, ExecutionLost])
      for (let call = 1; call <= calls; call += 1) {
        world = await withActiveKey(await aWorld());
        simulation = new Simulation(world);
        const of = death === ProcessDied ? 'process' : 'execution';
        simulation.killAt({ call, phase: call % 2 === 0 ? 'before' : 'after', of });
        await release();
        await simulation.settle();

        expect(world.vault.inspect()).toMatchObject([{ template: 'released', isTagged: false }]);
        expect((await world.key()).lease).toBeNull();
        expect((await world.key()).releasedAt).toBeTruthy();
      }
  });
});

describe('what is under way on a key that is to be let go', () => {
  const release = (world: World) =>
    releaseKey(world.deps, {
      key: 'orders',
      reason: null,
      by: ALICE.id,
      decision: PERMIT,
      claim: CLAIM,
    });

  it('is ended where it is a re-encryption, so that no sweep meets it again', async () => {
    const world = await replacedWorld();
    const dueAt = world.clock.now();
    await mutateKey(world.store, 'orders', ({ reencryption }) => ({
      draft: {
        ...(reencryption ? { reencryption: { ...reencryption, state: 'due', dueAt } } : {}),
        audit: anAuditEntry(),
      },
      result: undefined,
    }));
    await new Simulation(world).run('update-access', (await release(world)).operationId, 1);

    expect((await world.key()).releasedAt).toEqual(expect.any(String));
    expect((await world.snapshot()).reencryption).toMatchObject({ state: 'idle', dueAt: null });
    expect(await findDueReencryptions(world.deps, 50)).toEqual([]);
  });

  it('refuses it while a re-encryption runs', async () => {
    const world = await replacedWorld();
    await admit(world);
    await expect(release(world)).rejects.toMatchObject({ code: 'OperationInProgress' });
  });

  it('refuses it while a version is being destroyed, and is refused while the key is let go', async () => {
    const world = await begunWorld();
    await expect(release(world)).rejects.toThrow(/destruction of version 1 of orders is disabling/);

    const ready = await readyWorld();
    await release(ready);
    await expect(askDestruction(ready)).rejects.toThrow(/is being let go/);
  });

  it('refuses it while a KMS key may exist that no record knows', async () => {
    const world = await withActiveKey(await aWorld());
    const since = world.clock.now();
    await mutateKey(world.store, 'orders', () => ({
      draft: { key: { orphanSearch: searchFrom(since) }, audit: anAuditEntry() },
      result: undefined,
    }));
    await expect(release(world)).rejects.toThrow(/no record knows/);
  });
});
