// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { KeyturnError } from '#core/errors.ts';
import { createVersion } from '#core/operations/create-version.ts';
import { begin, rotatingBefore } from '#test/support/steps.ts';
import { aWorld, ORDERS, STAGE, World } from '#test/support/world.ts';

const crash = () => Object.assign(new Error('the process ended'), { name: 'Runtime.ExitError' });

/** Fails the first call of a method, before or after its effect. */
function failOnce(world: World, method: string, phase: 'before' | 'after'): void {
  world.onCall = (call) => {
    if (call.method !== method || call.phase !== phase) return;
    world.onCall = () => {};
    throw crash();
  };
}

describe('createVersion', () => {
  let world: World;
  beforeEach(async () => {
    world = await aWorld();
  });

  it('records the key it made and marks it as recorded', async () => {
    const input = await rotatingBefore(world, 'CreateVersion');
    await createVersion(world.deps, input);

    const version = await world.version(2);
    expect(world.vault.inspect().at(-1)).toMatchObject({
      keyId: version.keyId,
      isRecorded: true,
      provenance: { stage: STAGE, name: ORDERS.name, version: 2, operationId: input.operationId },
    });
    expect(await world.store.findRecordedKey(version.keyId ?? '')).toMatchObject({
      name: 'orders',
      version: 2,
    });
  });

  it('adopts the key that a crashed try left', async () => {
    const input = await rotatingBefore(world, 'CreateVersion');
    failOnce(world, 'createKey', 'after');
    await expect(createVersion(world.deps, input)).rejects.toThrow('the process ended');
    await createVersion(world.deps, input);

    const [, adopted, ...more] = world.vault.inspect();
    expect(more).toEqual([]);
    expect((await world.version(2)).keyId).toBe(adopted?.keyId);
    expect(adopted?.isRecorded).toBe(true);
    expect(await world.actions()).toContain('version.adopted');
  });

  it('adopts the oldest of several, so that every try picks the same', async () => {
    const input = await rotatingBefore(world, 'CreateVersion');
    failOnce(world, 'createKey', 'after');
    await createVersion(world.deps, input).catch(() => {});
    const provenance = { stage: STAGE, name: 'orders', version: 2, operationId: input.operationId };
    world.clock.advance(1);
    await world.vault.createKey({ origin: 'AWS_CLOUDHSM', keyStoreId: 'cks-memory' }, provenance);
    await createVersion(world.deps, input);

    const [, oldest, other] = world.vault.inspect();
    expect((await world.version(2)).keyId).toBe(oldest?.keyId);
    expect(other?.isRecorded).toBe(false);
  });

  it('records no attempt, and looks for nothing, when its turn is far away', async () => {
    const input = await rotatingBefore(world, 'CreateVersion');
    const methods: string[] = [];
    world.onCall = ({ method }) => void methods.push(method);
    world.awaitTurn = async () => {
      throw new KeyturnError('Throttled', 'the turn is far away');
    };
    for (let times = 0; times < 3; times += 1)
      await expect(createVersion(world.deps, input)).rejects.toMatchObject({ name: 'Throttled' });
    world.awaitTurn = async () => {};
    await createVersion(world.deps, input);

    expect(methods).not.toContain('findUnrecorded');
    expect(await world.version(2)).toMatchObject({ creationAttempts: 1 });
    expect((await world.key()).orphanSearch ?? null).toBeNull();
  });

  it('adopts no key that is pending deletion', async () => {
    const input = await rotatingBefore(world, 'CreateVersion');
    failOnce(world, 'createKey', 'after');
    await createVersion(world.deps, input).catch(() => {});
    const lost = world.vault.inspect().at(-1)?.keyId ?? '';
    await world.vault.scheduleDeletion(lost, 7);
    await createVersion(world.deps, input);

    expect((await world.version(2)).keyId).not.toBe(lost);
  });

  it('marks a key whose record was written by a try that crashed before the mark', async () => {
    const input = await rotatingBefore(world, 'CreateVersion');
    failOnce(world, 'markRecorded', 'before');
    await expect(createVersion(world.deps, input)).rejects.toThrow('the process ended');
    await createVersion(world.deps, input);

    expect(world.vault.inspect().map((key) => key.isRecorded)).toEqual([true, true]);
  });

  it('marks only the recorded key when two invocations of the step each made one', async () => {
    const input = await rotatingBefore(world, 'CreateVersion');
    let isOvertaken = false;
    world.onCall = async ({ method, phase }) => {
      if (method !== 'createKey' || phase !== 'after' || isOvertaken) return;
      isOvertaken = true;
      // Lambda runs the step a second time while the first still waits for KMS; the other key is not visible yet.
      world.vault.findUnrecorded = async () => [];
      await createVersion(world.deps, input);
    };
    await createVersion(world.deps, input);

    const { keyId } = await world.version(2);
    const [, first, second] = world.vault.inspect();
    expect([first?.keyId, second?.keyId]).toContain(keyId);
    for (const key of [first, second]) expect(key?.isRecorded).toBe(key?.keyId === keyId);
  });

  it('says what to do when the key store is not provisioned', async () => {
    const bare = new World();
    await bare.admitKey();
    const input = await begin(bare);

    await expect(createVersion(bare.deps, input)).rejects.toMatchObject({
      name: 'KeyStoreMisconfigured',
      message: expect.stringContaining('key-store provision'),
    });
  });

  it('leaves the key on its version when the key store is disconnected', async () => {
    const input = await rotatingBefore(world, 'CreateVersion');
    world.vault.setConnected('cks-memory', false);

    await expect(createVersion(world.deps, input)).rejects.toMatchObject({
      name: 'KeyStoreUnavailable',
    });

    expect(await world.key()).toMatchObject({ state: 'active', currentVersion: 1 });
    expect(await world.version(2)).toMatchObject({ state: 'pre-activation', keyId: null });
  });
});
