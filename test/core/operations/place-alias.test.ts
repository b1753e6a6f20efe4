// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { KeyturnError } from '#core/errors.ts';
import { restrictPolicy } from '#core/operations/apply-policy.ts';
import { mutateKey } from '#core/operations/mutate-key.ts';
import { nameVersion, probeAlias, switchAlias } from '#core/operations/place-alias.ts';
import { rotatingBefore } from '#test/support/steps.ts';
import { aWorld } from '#test/support/world.ts';

const ALIAS = 'alias/keyturn/local/orders';

describe('switchAlias', () => {
  it('records the intent before it asks the vault', async () => {
    const world = await aWorld();
    const input = await rotatingBefore(world, 'SwitchAlias');
    world.onCall = async ({ method, phase }) => {
      if (method !== 'moveAlias' || phase !== 'before') return;
      expect(await world.version(2)).toMatchObject({
        state: 'pre-activation',
        substate: 'switching',
      });
    };
    await switchAlias(world.deps, input);

    expect(await world.version(2)).toMatchObject({ state: 'active', substate: null });
    expect(await world.version(1)).toMatchObject({ state: 'active', substate: 'retiring' });
    expect.assertions(3);
  });

  it('refuses to move an alias that points at a key nobody recorded here', async () => {
    const world = await aWorld();
    const input = await rotatingBefore(world, 'SwitchAlias');
    const foreign = await world.vault.createKey(
      { origin: 'AWS_CLOUDHSM', keyStoreId: 'cks-memory' },
      {
        stage: 'local',
        name: 'foreign',
        version: 1,
        operationId: 'op_foreign',
      },
    );
    await world.vault.moveAlias(ALIAS, foreign.keyId);

    await expect(switchAlias(world.deps, input)).rejects.toMatchObject({ name: 'AliasTaken' });

    expect(await world.vault.aliasTarget(ALIAS)).toBe(foreign.keyId);
    expect(await world.key()).toMatchObject({ currentVersion: 1 });
  });

  it('sets the next due date by the class of the key', async () => {
    const world = await aWorld();
    const input = await rotatingBefore(world, 'SwitchAlias');
    world.clock.advance(3600);
    await switchAlias(world.deps, input);

    expect((await world.key()).nextRotationAt).toBe('2026-01-02T01:00:00.000Z');
  });
});

describe('probeAlias', () => {
  it('is not conclusive while KMS shows the old version under the alias', async () => {
    const world = await aWorld();
    const input = await rotatingBefore(world, 'ProbeAlias');
    await world.vault.moveAlias(ALIAS, (await world.version(1)).keyId ?? '');

    await expect(probeAlias(world.deps, input)).rejects.toMatchObject({
      name: 'ProbeNotYetConclusive',
    });

    expect((await world.actions()).at(-1)).toBe('alias.switched');
  });
});

describe('nameVersion', () => {
  it('asks to be tried again while its own alias exists and is not visible yet', async () => {
    const world = await aWorld();
    const input = await rotatingBefore(world, 'NameVersion');
    const version = await world.version(2);
    await world.vault.createAlias(version.alias, version.keyId ?? '');
    const aliasTarget = world.vault.aliasTarget.bind(world.vault);
    world.vault.aliasTarget = async () => null;

    await expect(nameVersion(world.deps, input)).rejects.toMatchObject({
      name: 'KeyNotYetVisible',
    });

    world.vault.aliasTarget = aliasTarget;
    await nameVersion(world.deps, input);
    expect(await world.actions()).toContain('version.named');
  });

  it('refuses a permanent alias that names another key', async () => {
    const world = await aWorld();
    const input = await rotatingBefore(world, 'NameVersion');
    await world.vault.createAlias(
      (await world.version(2)).alias,
      (await world.version(1)).keyId ?? '',
    );

    await expect(nameVersion(world.deps, input)).rejects.toMatchObject({ name: 'AliasTaken' });
  });
});

describe('restrictPolicy', () => {
  it('keeps what another transaction wrote on the replaced version meanwhile', async () => {
    const world = await aWorld();
    const input = await rotatingBefore(world, 'RestrictPolicy');
    let isDone = false;
    world.onCall = async ({ method, phase }) => {
      if (method !== 'applyPolicy' || phase !== 'after' || isDone) return;
      isDone = true;
      await mutateKey(world.store, 'orders', ({ versions }) => ({
        draft: {
          versions: versions
            .filter((version) => version.version === 1)
            .map((version) => ({ ...version, canary: null })),
          audit: {
            at: world.clock.now(),
            actor: 'test',
            action: 'test.changed',
            decision: { effect: 'permit', rule: 'test' },
            operationId: null,
            detail: {},
          },
        },
        result: undefined,
      }));
    };
    await restrictPolicy(world.deps, input);

    expect(await world.version(1)).toMatchObject({ canary: null, policyTemplate: 'decrypt-only' });
  });
});

describe('an alias that comes into being while the step looks', () => {
  const nameV2 = 'alias/keyturn/local/orders/v2';

  it('is taken as its own when it points at the version', async () => {
    const world = await aWorld();
    const input = await rotatingBefore(world, 'NameVersion');
    const { keyId } = await world.version(2);
    world.onCall = async ({ method, phase }) => {
      if (method !== 'createAlias' || phase !== 'before') return;
      world.onCall = () => {};
      await world.vault.createAlias(nameV2, keyId ?? '');
    };
    await nameVersion(world.deps, input);

    expect(await world.vault.aliasTarget(nameV2)).toBe(keyId);
    expect((await world.actions()).at(-1)).toBe('version.named');
  });

  it('is refused when it points at another key', async () => {
    const world = await aWorld();
    const input = await rotatingBefore(world, 'NameVersion');
    const { keyId } = await world.version(1);
    world.onCall = async ({ method, phase }) => {
      if (method !== 'createAlias' || phase !== 'before') return;
      world.onCall = () => {};
      await world.vault.createAlias(nameV2, keyId ?? '');
    };

    await expect(nameVersion(world.deps, input)).rejects.toMatchObject({
      name: 'AliasTaken',
      details: { alias: nameV2, found: keyId },
    });
  });

  it('is left to a later try when the vault refuses it for another reason', async () => {
    const world = await aWorld();
    const input = await rotatingBefore(world, 'NameVersion');
    world.vault.createAlias = async () => {
      throw new KeyturnError('Throttled', 'slow down');
    };

    await expect(nameVersion(world.deps, input)).rejects.toMatchObject({ name: 'Throttled' });
  });
});
