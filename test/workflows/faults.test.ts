// SPDX-License-Identifier: Apache-2.0
// Faults of the outside world in the middle of a rotation, over the real use cases.
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '#core/contract/errors.ts';
import { KeyturnError } from '#core/errors.ts';
import { Simulation } from '#test/support/simulation.ts';
import { aWorld, KEY_STORE_ID, type World } from '#test/support/world.ts';

async function readyToRotate(): Promise<Simulation> {
  const simulation = new Simulation(await aWorld());
  await simulation.world.admitKey();
  await simulation.runStarted();
  return simulation;
}

/** The execution that the rotation handed its failed operation to. */
const undoingOf = (simulation: Simulation) =>
  simulation.executions.find(({ workflow }) => workflow === 'undo-operation');

const usesByAlias = async (world: World) => {
  const keyId = (await world.vault.aliasTarget('alias/keyturn/local/orders')) ?? '';
  const made = await world.vault.cryptoFor('use-key').encrypt(keyId, Buffer.from('x'), {});
  return (await world.vault.cryptoFor('use-key').decrypt(made, {})).keyId === keyId;
};

/** Replaces a method of the vault, and gives back the way to put it right again. */
function replace<K extends 'createKey' | 'createAlias' | 'moveAlias' | 'applyPolicy'>(
  world: World,
  method: K,
  code: ErrorCode,
): () => void {
  const original = world.vault[method];
  world.vault[method] = (async () => {
    throw new KeyturnError(code, 'made to fail');
  }) as World['vault'][K];
  return () => {
    world.vault[method] = original;
  };
}

describe('a disconnected key store (F7)', () => {
  it('undoes a rotation that had no KMS key yet: the cause is shown and the old version stays in use', async () => {
    const simulation = await readyToRotate();
    const { world } = simulation;
    const operationId = await world.admitRotation();
    world.vault.setConnected(KEY_STORE_ID, false);
    await simulation.runStarted();
    world.vault.setConnected(KEY_STORE_ID, true);

    expect(undoingOf(simulation)).toMatchObject({ status: 'FAILED', error: 'Compensated' });
    expect(await world.store.readOperation(operationId)).toMatchObject({
      state: 'compensated',
      cause: expect.stringContaining('KeyStoreUnavailable'),
    });
    expect(await world.key()).toMatchObject({ currentVersion: 1, lease: null });
    expect(await usesByAlias(world)).toBe(true);
  });

  it('parks a rotation behind the switch, and ends it once the store is back', async () => {
    const simulation = await readyToRotate();
    const { world } = simulation;
    const operationId = await world.admitRotation();
    const move = world.vault.moveAlias.bind(world.vault);
    world.vault.moveAlias = async (...request) => {
      await move(...request);
      world.vault.setConnected(KEY_STORE_ID, false);
    };
    await simulation.runStarted();

    expect(undoingOf(simulation)).toMatchObject({ status: 'FAILED', error: 'Parked' });
    expect(await world.store.readOperation(operationId)).toMatchObject({
      state: 'parked',
      cause: expect.stringContaining('KeyStoreUnavailable'),
    });

    world.vault.setConnected(KEY_STORE_ID, true);
    await simulation.settle();
    expect(await world.store.readOperation(operationId)).toMatchObject({ state: 'done' });
    expect(await world.key()).toMatchObject({ currentVersion: 2, lease: null });
    expect(await usesByAlias(world)).toBe(true);
  });
});

describe('a throttled KMS (F6)', () => {
  it('is retried within the budget of the state', async () => {
    const simulation = await readyToRotate();
    const { world } = simulation;
    await world.admitRotation();
    const create = world.vault.createKey.bind(world.vault);
    let throttles = 5;
    world.vault.createKey = async (...request) => {
      throttles -= 1;
      if (throttles >= 0) throw new KeyturnError('Throttled', 'slow down');
      return create(...request);
    };
    await simulation.runStarted();

    expect(simulation.executions.at(-1)).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('undoes the rotation when it does not stop, and the sweep rotates an hour later', async () => {
    const simulation = await readyToRotate();
    const { world } = simulation;
    world.clock.advance(86_400);
    const heal = replace(world, 'createKey', 'Throttled');
    await simulation.sweep();
    expect(await world.key()).toMatchObject({ currentVersion: 1, lease: null });

    heal();
    await simulation.settle();
    expect(await world.key()).toMatchObject({ state: 'active', lease: null });
    expect((await world.key()).currentVersion).toBeGreaterThan(1);
  });
});

describe('a step that is refused for good', () => {
  it.each([
    ['createAlias', 'AccessDenied', 'Compensated'],
    ['applyPolicy', 'AccessDenied', 'Parked'],
    ['moveAlias', 'AccessDenied', 'Parked'],
    ['moveAlias', 'AliasTaken', 'Parked'],
  ] as const)(
    '%s with %s ends as %s, and goes on when it is permitted',
    async (method, code, end) => {
      const simulation = await readyToRotate();
      const { world } = simulation;
      await world.admitRotation();
      const heal = replace(world, method, code);
      await simulation.runStarted();

      expect(undoingOf(simulation)).toMatchObject({ status: 'FAILED', error: end });
      expect(await usesByAlias(world)).toBe(true);

      heal();
      await simulation.settle();
      const key = await world.key();
      expect(key).toMatchObject({ state: 'active', lease: null });
      expect(key.currentVersion).toBe(end === 'Parked' ? 2 : 1);
    },
  );
});

describe('a duplicate schedule (F3) or a late one (F4)', () => {
  it('rotates once', async () => {
    const simulation = await readyToRotate();
    const { world } = simulation;
    world.clock.advance(86_400);
    await Promise.all([simulation.sweep(), simulation.sweep()]);
    await simulation.sweep();

    expect(await world.key()).toMatchObject({ currentVersion: 2, latestVersion: 2, lease: null });
  });
});
