// SPDX-License-Identifier: Apache-2.0
// What holds for every step of the workflows: order, idempotency, fencing.
import { beforeEach, describe, expect, it } from 'vitest';
import { verifyChain } from '#core/audit/chain.ts';
import { keyStream } from '#core/operations/mutate-key.ts';
import {
  begin,
  GENERATION_STEPS,
  ROTATION_STEPS,
  resumeBySweep,
  rotatingBefore,
  runSteps,
  takeOver,
  withActiveKey,
} from '#test/support/steps.ts';
import { aWorld, type World } from '#test/support/world.ts';

let world: World;
beforeEach(async () => {
  world = await aWorld();
});

describe('a generation', () => {
  it('ends with an active first version that consumers can use by the alias of the key', async () => {
    await withActiveKey(world);

    const { key, versions, operation } = await world.snapshot();
    expect(operation).toBeNull();
    expect(key).toMatchObject({
      state: 'active',
      currentVersion: 1,
      lease: null,
      nextRotationAt: '2026-01-02T00:00:00.000Z',
      lastRotatedAt: null,
    });
    expect(versions).toEqual([
      expect.objectContaining({
        version: 1,
        state: 'active',
        substate: null,
        policyTemplate: 'active',
      }),
    ]);
    const { keyId } = await world.version(1);
    expect(await world.vault.aliasTarget('alias/keyturn/local/orders')).toBe(keyId);
    expect(await world.vault.aliasTarget('alias/keyturn/local/orders/v1')).toBe(keyId);
    expect(key.currentKeyId).toBe(keyId);
  });
});

describe('a rotation', () => {
  it('ends with a new current version while the old one can only decrypt', async () => {
    await withActiveKey(world);
    const before = await world.vault
      .cryptoFor('use-key')
      .encrypt((await world.key()).currentKeyId ?? '', Buffer.from('old'), {});
    await world.admitRotation();
    await runSteps(world, await begin(world), ROTATION_STEPS);

    const [old, current] = [await world.version(1), await world.version(2)];
    expect(await world.key()).toMatchObject({
      state: 'active',
      currentVersion: 2,
      currentKeyId: current.keyId,
      lease: null,
      lastRotatedAt: '2026-01-01T00:00:00.000Z',
    });
    expect(old).toMatchObject({
      state: 'deactivated',
      substate: null,
      policyTemplate: 'decrypt-only',
    });
    expect(current).toMatchObject({ state: 'active', substate: null, policyTemplate: 'active' });
    expect(await world.vault.aliasTarget('alias/keyturn/local/orders')).toBe(current.keyId);
    expect(await world.vault.aliasTarget('alias/keyturn/local/orders/v1')).toBe(old.keyId);
    const opened = await world.vault.cryptoFor('use-key').decrypt(before, {});
    expect(Buffer.from(opened.plaintext).toString()).toBe('old');
  });

  it('leaves a timeline of its steps in order and an audit chain that holds', async () => {
    await rotatingBefore(world, 'none');

    const { operationId } = await world.version(2);
    const operation = await world.store.readOperation(operationId);
    expect(operation).toMatchObject({ state: 'done', step: 'CompleteOperation', cause: null });
    expect(operation?.timeline.map((entry) => entry.step)).toEqual([
      'Admitted',
      'BeginOperation',
      ...ROTATION_STEPS.map((step) => step.name),
    ]);
    const stream = keyStream('orders');
    const { records, head } = await world.store.readAudit(stream, 0, 1000);
    expect(verifyChain(stream, records, head)).toBeNull();
    expect(records.slice(-14).map((record) => record.action)).toEqual([
      'rotation.admitted',
      'operation.begun',
      'version.creation-attempted',
      'version.created',
      'version.verified',
      'version.named',
      'policy.opened',
      'version.probed',
      'alias.switch-intended',
      'alias.switched',
      'alias.probed',
      'policy.restricted',
      'version.probed',
      'rotation.completed',
    ]);
  });

  it('[INV-01] the alias of a key points at a version that can encrypt at every moment of a rotation', async () => {
    await withActiveKey(world);
    await world.admitRotation();
    const results: boolean[] = [];
    world.onCall = async () => {
      results.push(await encryptsByAlias(world));
    };
    await runSteps(world, await begin(world), ROTATION_STEPS);
    world.onCall = () => {};

    expect(results.length).toBeGreaterThan(50);
    expect(results).not.toContain(false);
  });

  it.each(ROTATION_STEPS.map(({ name }) => ({ name })))(
    'is not changed by running $name a second time',
    async ({ name }) => {
      const input = await rotatingBefore(world, name);
      const step = ROTATION_STEPS.find((candidate) => candidate.name === name);
      await step?.run(world, input);
      const [after, keys] = [await world.snapshot(), world.vault.inspect()];

      await step?.run(world, input);

      expect(await world.snapshot()).toEqual(after);
      expect(world.vault.inspect()).toEqual(keys);
    },
  );

  it.each(ROTATION_STEPS.map(({ name }) => ({ name })))(
    '[INV-04] an attempt that was fenced off writes nothing: in $name',
    async ({ name }) => {
      const stale = await rotatingBefore(world, name);
      await resumeBySweep(world);
      const [before, keys] = [await world.snapshot(), world.vault.inspect()];
      const step = ROTATION_STEPS.find((candidate) => candidate.name === name);

      await expect(step?.run(world, stale)).rejects.toMatchObject({ name: 'LeaseLost' });

      expect(await world.snapshot()).toEqual(before);
      expect(world.vault.inspect()).toEqual(keys);
    },
  );
});

describe('a step that was overtaken between its effect and its record', () => {
  it.each(ROTATION_STEPS.map(({ name }) => ({ name })))(
    'records nothing in $name',
    async ({ name }) => {
      const input = await rotatingBefore(world, name);
      const step = ROTATION_STEPS.find((candidate) => candidate.name === name);
      let reads = 0;
      world.onCall = async ({ method, phase }) => {
        if (method !== 'readKey' || phase !== 'after') return;
        reads += 1;
        // Behind the first read of the step, the sweep takes the operation over.
        if (reads === 1) await takeOver(world);
      };

      await expect(step?.run(world, input)).rejects.toMatchObject({ name: 'LeaseLost' });
      world.onCall = () => {};

      const { operation } = await world.snapshot();
      expect(operation?.attempt).toBe(2);
      expect(operation?.timeline.map((entry) => entry.step)).not.toContain(name);
    },
  );
});

describe('a workflow that lost a state', () => {
  it.each([
    ['VerifyVersion', 'CreateVersion'],
    ['NameVersion', 'VerifyVersion'],
    ['OpenPolicy', 'VerifyVersion'],
    ['ProbeOpen', 'OpenPolicy'],
    ['SwitchAlias', 'ProbeOpen'],
    ['ProbeAlias', 'SwitchAlias'],
    ['RestrictPolicy', 'ProbeAlias'],
    ['ProbeDecryptOnly', 'RestrictPolicy'],
    ['CompleteOperation', 'ProbeDecryptOnly'],
    ['CompleteOperation', 'ProbeAlias'],
  ])('cannot run %s without %s', async (name, missing) => {
    const input = await rotatingBefore(world, missing);
    const before = await world.snapshot();
    const step = ROTATION_STEPS.find((candidate) => candidate.name === name);

    await expect(step?.run(world, input)).rejects.toMatchObject({ name: 'StepOutOfOrder' });

    expect(await world.snapshot()).toEqual(before);
  });
});

describe('a generation step', () => {
  it.each(GENERATION_STEPS.map(({ name }) => ({ name })))(
    'is not changed by running $name a second time',
    async ({ name }) => {
      await world.admitKey();
      const input = await begin(world);
      await runSteps(world, input, GENERATION_STEPS, name);
      const step = GENERATION_STEPS.find((candidate) => candidate.name === name);
      await step?.run(world, input);
      const after = await world.snapshot();

      await step?.run(world, input);

      expect(await world.snapshot()).toEqual(after);
    },
  );
});

async function encryptsByAlias(world: World): Promise<boolean> {
  const keyId = await world.vault.aliasTarget('alias/keyturn/local/orders');
  if (keyId === null) return false;
  const made = await world.vault
    .cryptoFor('use-key')
    .encrypt(keyId, Buffer.from('x'), {})
    .catch(() => null);
  return made !== null;
}
