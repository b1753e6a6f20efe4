// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { closePolicy } from '#core/operations/apply-policy.ts';
import { beginOperation } from '#core/operations/begin-operation.ts';
import {
  compensateOperation,
  completeOperation,
  describeFailure,
  directionAfterFailure,
  parkOperation,
} from '#core/operations/end-operation.ts';
import {
  begin,
  ROTATION_STEPS,
  resumeBySweep,
  rotatingBefore,
  runSteps,
} from '#test/support/steps.ts';
import { aWorld, WAITS, type World } from '#test/support/world.ts';

const FAILURE = {
  error: 'KeyStoreUnavailable',
  cause: '{"errorMessage":"the key store is not connected"}',
};
const NAMES = ROTATION_STEPS.map((step) => step.name);
const BEFORE_SWITCH = NAMES.slice(0, NAMES.indexOf('SwitchAlias') + 1).map((name) => ({ name }));
const AFTER_SWITCH = NAMES.slice(NAMES.indexOf('SwitchAlias') + 1).map((name) => ({ name }));

let world: World;
beforeEach(async () => {
  world = await aWorld();
});

describe('the direction after a failure', () => {
  it.each(BEFORE_SWITCH)('is back before $name', async ({ name }) => {
    const input = { ...(await rotatingBefore(world, name)), failure: FAILURE };

    expect(await directionAfterFailure(world.deps, input)).toBe('back');
  });

  it.each(AFTER_SWITCH)('is forward before $name', async ({ name }) => {
    const input = { ...(await rotatingBefore(world, name)), failure: FAILURE };

    expect(await directionAfterFailure(world.deps, input)).toBe('forward');
  });

  it('is forward as soon as the intent to switch is recorded, whatever KMS did', async () => {
    const input = await rotatingBefore(world, 'SwitchAlias');
    world.onCall = ({ method, phase }) => {
      if (method === 'moveAlias' && phase === 'before') throw new Error('KMS does not answer');
    };
    const switching = ROTATION_STEPS.find((step) => step.name === 'SwitchAlias');
    await switching?.run(world, input).catch(() => {});
    world.onCall = () => {};

    expect(await directionAfterFailure(world.deps, { ...input, failure: FAILURE })).toBe('forward');
  });

  it('is forward, to be parked, while KMS only needs longer, and back after some attempts', async () => {
    const failure = { error: 'ProbeNotYetConclusive', cause: '' };
    let input = await rotatingBefore(world, 'ProbeOpen');
    const directions: string[] = [];
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      directions.push(await directionAfterFailure(world.deps, { ...input, failure }));
      await resumeBySweep(world);
      input = await begin(world);
    }

    expect(directions).toEqual(['forward', 'forward', 'forward', 'back']);
  });
});

describe('compensation', () => {
  it.each(BEFORE_SWITCH)(
    '[INV-08] a rotation that fails before the switch is undone and frees its key: in $name',
    async ({ name }) => {
      const input = await rotatingBefore(world, name);
      await closePolicy(world.deps, input);
      await compensateOperation(world.deps, { ...input, failure: FAILURE });

      const [key, old] = [await world.key(), await world.version(1)];
      expect(key).toMatchObject({
        state: 'active',
        currentVersion: 1,
        lease: null,
        retryNotBefore: '2026-01-01T01:00:00.000Z',
      });
      expect(old).toMatchObject({ state: 'active', policyTemplate: 'active', substate: null });
      expect(await world.vault.aliasTarget(key.alias)).toBe(old.keyId);
      expect(await world.store.readOperation(input.operationId)).toMatchObject({
        state: 'compensated',
        cause: 'KeyStoreUnavailable: the key store is not connected',
      });
      const unused = world.vault.inspect().slice(1);
      expect(unused.every((candidate) => candidate.isPendingDeletion)).toBe(true);
    },
  );

  it('destroys the record of a version that never had a KMS key', async () => {
    const input = await rotatingBefore(world, 'CreateVersion');
    await compensateOperation(world.deps, { ...input, failure: FAILURE });

    expect(await world.version(2)).toMatchObject({ state: 'destroyed', keyId: null });
  });

  it.each(AFTER_SWITCH)('is refused before $name, behind the switch', async ({ name }) => {
    const input = await rotatingBefore(world, name);
    const keys = world.vault.inspect();

    await expect(
      compensateOperation(world.deps, { ...input, failure: FAILURE }),
    ).rejects.toMatchObject({ name: 'TransitionForbidden' });

    expect(world.vault.inspect()).toEqual(keys);
    expect(await world.store.readOperation(input.operationId)).toMatchObject({ state: 'running' });
  });

  it('is done once, however often it is asked for', async () => {
    const input = await rotatingBefore(world, 'OpenPolicy');
    const failure = { ...input, failure: FAILURE };
    await compensateOperation(world.deps, failure);
    const before = await world.key();
    await compensateOperation(world.deps, failure);

    expect(await world.key()).toEqual(before);
  });

  it('cannot remove a key that consumers may still use: the policy is closed first', async () => {
    const input = await rotatingBefore(world, 'SwitchAlias');

    await expect(
      compensateOperation(world.deps, { ...input, failure: FAILURE }),
    ).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('leaves the key free for a next rotation with a new version number', async () => {
    const input = await rotatingBefore(world, 'NameVersion');
    await compensateOperation(world.deps, { ...input, failure: FAILURE });
    await world.admitRotation();
    await runSteps(world, await begin(world), ROTATION_STEPS);

    expect(await world.key()).toMatchObject({ currentVersion: 3, latestVersion: 3 });
    expect(await world.version(2)).toMatchObject({ substate: 'destroy-scheduled' });
  });
});

describe('closing the policy', () => {
  it('does nothing behind the switch', async () => {
    const input = await rotatingBefore(world, 'RestrictPolicy');
    await closePolicy(world.deps, input);

    expect(world.vault.inspect().map((key) => key.template)).toEqual(['active', 'active']);
  });

  it('does nothing when no KMS key is recorded', async () => {
    const input = await rotatingBefore(world, 'CreateVersion');

    await expect(closePolicy(world.deps, input)).resolves.toBeUndefined();
  });
});

describe('parking', () => {
  it('keeps the key with cause and time of the next attempt', async () => {
    const input = await rotatingBefore(world, 'RestrictPolicy');
    await parkOperation(world.deps, { ...input, failure: FAILURE }, 300);

    const { key, operation } = await world.snapshot();
    expect(operation).toMatchObject({
      state: 'parked',
      cause: 'KeyStoreUnavailable: the key store is not connected',
      retryAt: '2026-01-01T00:05:00.000Z',
      endedAt: null,
    });
    expect(key.lease?.expiresAt).toBe('2026-01-01T00:05:00.000Z');
    expect((await world.actions()).at(-1)).toBe('operation.parked');
  });

  it('ends when the sweep resumes the operation, which then runs to its end', async () => {
    const input = await rotatingBefore(world, 'RestrictPolicy');
    await parkOperation(world.deps, { ...input, failure: FAILURE }, 300);
    const { starts, operations } = await resumeBySweep(world);

    expect(operations).toEqual([{ operationId: input.operationId, attempt: 2 }]);
    expect(starts).toMatchObject([{ kind: 'rotate-key', input: { entry: 'finish' } }]);
    await runSteps(world, await begin(world), ROTATION_STEPS);
    expect(await world.store.readOperation(input.operationId)).toMatchObject({
      state: 'done',
      attempt: 2,
      cause: null,
      retryAt: null,
    });
    expect((await world.snapshot()).versions).toHaveLength(2);
  });

  it('does not touch an operation that has ended', async () => {
    const input = await rotatingBefore(world, 'none');
    const before = await world.snapshot();
    await parkOperation(world.deps, { ...input, failure: FAILURE }, 300);
    await completeOperation(world.deps, input);

    expect(await world.snapshot()).toEqual(before);
  });
});

describe('beginning', () => {
  it('is refused for an attempt that is not the current one', async () => {
    const input = await rotatingBefore(world, 'CreateVersion');
    await resumeBySweep(world);

    await expect(
      beginOperation(world.deps, { operationId: input.operationId, attempt: 1 }, WAITS),
    ).rejects.toMatchObject({ name: 'LeaseLost' });
  });

  it('is refused for an operation that has ended', async () => {
    const input = await rotatingBefore(world, 'none');

    await expect(
      beginOperation(world.deps, { operationId: input.operationId, attempt: 1 }, WAITS),
    ).rejects.toMatchObject({ name: 'LeaseLost' });
  });

  it('is refused for an operation that nobody admitted', async () => {
    await expect(
      beginOperation(world.deps, { operationId: 'op_none', attempt: 1 }, WAITS),
    ).rejects.toMatchObject({ name: 'OperationNotFound' });
  });

  it('gives the lease the time of the waits as well', async () => {
    await rotatingBefore(world, 'CreateVersion');

    expect((await world.key()).lease?.expiresAt).toBe('2026-01-01T00:15:15.000Z');
  });
});

describe('the description of a failure', () => {
  it.each([
    [
      'the message of a function',
      { error: 'X', cause: '{"errorMessage":"m","stackTrace":["s"]}' },
      'X: m',
    ],
    ['plain text', { error: 'X', cause: 'plain' }, 'X: plain'],
    ['JSON of another shape', { error: 'X', cause: '{"a":1}' }, 'X: {"a":1}'],
    ['JSON null', { error: 'X', cause: 'null' }, 'X: null'],
  ])('takes %s', (_what, failure, expected) => {
    expect(describeFailure(failure)).toBe(expected);
  });

  it('is at most 500 characters long', () => {
    expect(describeFailure({ error: 'X', cause: 'y'.repeat(10_000) })).toHaveLength(500);
  });
});
