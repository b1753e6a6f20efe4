// SPDX-License-Identifier: Apache-2.0
// A failed operation is undone beside its batch, which may still run: what either does, the other does not undo.
import { beforeEach, describe, expect, it } from 'vitest';
import { closePolicy, openPolicy } from '#core/operations/apply-policy.ts';
import { parkOperation } from '#core/operations/end-operation.ts';
import { switchAlias } from '#core/operations/place-alias.ts';
import { verifyVersion } from '#core/operations/verify-version.ts';
import {
  begin,
  ROTATION_STEPS,
  resumeBySweep,
  rotatingBefore,
  runSteps,
} from '#test/support/steps.ts';
import { aWorld, type World } from '#test/support/world.ts';

const FAILURE = { error: 'KeyStoreUnavailable', cause: 'away' };

let world: World;
beforeEach(async () => {
  world = await aWorld();
});

const newKey = async () => {
  const { keyId } = await world.version(2);
  return world.vault.inspect().find((key) => key.keyId === keyId);
};

describe('closing the policy', () => {
  it('makes the switch impossible until the policy is open and probed again', async () => {
    const input = await rotatingBefore(world, 'SwitchAlias');
    await closePolicy(world.deps, input);

    await expect(switchAlias(world.deps, input)).rejects.toMatchObject({ name: 'StepOutOfOrder' });
    expect((await newKey())?.template).toBe('pre-activation');

    await openPolicy(world.deps, input);
    await expect(switchAlias(world.deps, input)).rejects.toMatchObject({ name: 'StepOutOfOrder' });
    await verifyVersion(world.deps, { ...input, check: 'open' });
    await switchAlias(world.deps, input);
    expect((await world.key()).currentVersion).toBe(2);
    expect((await newKey())?.template).toBe('active');
  });

  it('closes nothing when the intent to switch comes first, in the middle of it', async () => {
    const input = await rotatingBefore(world, 'SwitchAlias');
    let isSwitched = false;
    world.onCall = async ({ method, phase }) => {
      if (method !== 'readKey' || phase !== 'after' || isSwitched) return;
      isSwitched = true;
      await switchAlias({ ...world.deps, ledger: world.store }, input);
    };
    await closePolicy(world.deps, input);
    world.onCall = () => {};

    expect(isSwitched).toBe(true);
    expect((await newKey())?.template).toBe('active');
    expect(await world.actions()).not.toContain('policy.close-intended');
  });

  it('refuses a switch that had begun: the policy was closed in the middle of it', async () => {
    const input = await rotatingBefore(world, 'SwitchAlias');
    let isClosed = false;
    world.onCall = async ({ method, phase }) => {
      if (method !== 'readKey' || phase !== 'after' || isClosed) return;
      isClosed = true;
      await closePolicy({ ...world.deps, ledger: world.store }, input);
    };

    await expect(switchAlias(world.deps, input)).rejects.toMatchObject({ name: 'StepOutOfOrder' });
    world.onCall = () => {};
    expect((await world.key()).currentVersion).toBe(1);
    expect((await newKey())?.template).toBe('pre-activation');
  });

  it('is recorded once, however often it is tried', async () => {
    const input = await rotatingBefore(world, 'ProbeOpen');
    await closePolicy(world.deps, input);
    await closePolicy(world.deps, input);

    const actions = await world.actions();
    expect(actions.filter((action) => action === 'policy.close-intended')).toHaveLength(1);
  });
});

describe('parking', () => {
  it('fences off what still runs of the attempt', async () => {
    const input = await rotatingBefore(world, 'RestrictPolicy');
    await parkOperation(world.deps, { ...input, failure: FAILURE }, 300);

    const late = runSteps(world, input, ROTATION_STEPS.slice(-3));
    await expect(late).rejects.toMatchObject({ name: 'LeaseLost' });
  });

  it('can be tried again, which parks nothing later', async () => {
    const input = await rotatingBefore(world, 'RestrictPolicy');
    await parkOperation(world.deps, { ...input, failure: FAILURE }, 300);
    const before = await world.snapshot();
    await parkOperation(world.deps, { ...input, failure: { error: 'Other', cause: '' } }, 900);

    expect(await world.snapshot()).toEqual(before);
  });
});

describe('a resumed operation', () => {
  it.each(ROTATION_STEPS.slice(1).map(({ name }) => ({ name })))(
    'makes no call to KMS for what is recorded before $name',
    async ({ name }) => {
      const before = await rotatingBefore(world, name);
      expect(before.fence).toBe(2);
      await resumeBySweep(world);
      const input = await begin(world);
      const calls: string[] = [];
      world.onCall = ({ method, phase }) => {
        if (phase === 'before') calls.push(method);
      };
      await runSteps(world, input, ROTATION_STEPS, name);
      world.onCall = () => {};

      // Only a key whose mark may have been lost is marked again, while its version is young.
      const isYoung = name === 'VerifyVersion';
      const vault = calls.filter(
        (method) => !['readKey', 'readOperation', 'commit'].includes(method),
      );
      expect(vault).toEqual(isYoung ? ['markRecorded'] : []);
    },
  );
});
