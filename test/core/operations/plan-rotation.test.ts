// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import type { KmsBudget } from '#core/contract/kms-quotas.ts';
import { Plan as PlanSchema } from '#core/contract/plans.ts';
import type { SourceRecord } from '#core/keys/reencryption.ts';
import { mutateKey } from '#core/operations/mutate-key.ts';
import { planRotation } from '#core/operations/plan-rotation.ts';
import { rotateKey } from '#core/operations/rotate-key.ts';
import { updateKey } from '#core/operations/update-key.ts';
import { aConsumer, anAuditEntry, T0 } from '#test/support/records.ts';
import {
  begin,
  GENERATION_STEPS,
  ROTATION_STEPS,
  runSteps,
  withActiveKey,
} from '#test/support/steps.ts';
import { ALICE, aRotation, aWorld, PERMIT, type World } from '#test/support/world.ts';

const BUDGET: KmsBudget = { share: 0.5, quotas: {} };
const HSM = 'hsm2m.medium';

/** Which call of KMS each call of the port is. */
const KMS_CALL: Readonly<Record<string, string>> = {
  createKey: 'CreateKey',
  markRecorded: 'TagResource',
  encrypt: 'Encrypt',
  decrypt: 'Decrypt',
  applyPolicy: 'PutKeyPolicy',
  hasPolicy: 'GetKeyPolicy',
  aliasTarget: 'DescribeKey',
  createAlias: 'CreateAlias',
  moveAlias: 'UpdateAlias',
};

const COUNT = { operationId: 'op_1', startedAt: T0, endedAt: T0, byVersion: { '1': 7 }, dead: 0 };
const aSource = (name: string): SourceRecord => ({
  key: 'orders',
  name,
  location: { kind: 'none', reason: 'test' },
  shards: 1,
  copies: [],
  count: null,
  registeredAt: T0,
  registeredBy: 'usr_alice',
  removedAt: null,
});

describe('a plan of a rotation', () => {
  let world: World;
  const plan = (hsmType = HSM) =>
    planRotation({ ...world.deps, hsmType, budget: BUDGET }, 'orders');
  const register = (...consumers: ReturnType<typeof aConsumer>[]) =>
    mutateKey(world.store, 'orders', () => ({
      draft: { consumers, audit: anAuditEntry() },
      result: undefined,
    }));
  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
  });

  it('shows what a rotation would touch, and changes nothing', async () => {
    const before = await world.snapshot();
    const shown = await plan();

    expect(PlanSchema.parse(shown)).toEqual(shown);
    expect(shown).toMatchObject({
      key: 'orders',
      revision: before.key.revision,
      versions: { current: { version: 1 }, next: 2, readable: [1, 2] },
      aliases: [
        { alias: 'alias/keyturn/local/orders/v2', act: 'create', from: null },
        { alias: 'alias/keyturn/local/orders', act: 'move', from: 1 },
      ],
      capacity: { versionsNow: 1, versionsAfter: 2, holds: 16_666 },
      cost: { usdPerMonthNow: 1, usdPerMonthAfter: 2 },
      waits: { settleSeconds: 5, bakeSeconds: 10, acknowledgementSeconds: 0 },
      approvals: [],
      warnings: [],
    });
    expect(await world.snapshot()).toEqual(before);
  });

  it.each([
    ['of a key alone', [], 2],
    ['of a key that an AWS service holds on to', ['bound'], 1],
  ])('names every call to KMS that the run %s makes', async (_what, names, puts) => {
    const { keyArn } = await world.version(1);
    await register(
      ...names.map((name) => aConsumer({ name, kind: 'aws-service', boundKeyArn: keyArn })),
    );
    const { kmsCalls } = await plan();
    const made: Record<string, number> = {};
    world.onCall = ({ phase, method }) => {
      const call = phase === 'before' ? KMS_CALL[method] : undefined;
      if (call) made[call] = (made[call] ?? 0) + 1;
    };
    await world.admitRotation();
    await runSteps(world, await begin(world), ROTATION_STEPS);

    expect(Object.fromEntries(kmsCalls.map(({ call, count }) => [call, count]))).toEqual(made);
    expect(made['PutKeyPolicy']).toBe(puts);
  });

  it('says how long the calls take of our share of the quota', async () => {
    const seconds = new Map((await plan()).kmsCalls.map((one) => [one.call, one.seconds]));

    expect(seconds.get('CreateKey')).toBe(0.4);
    expect(seconds.get('PutKeyPolicy')).toBe(0.267);
    expect(seconds.get('DescribeKey')).toBe(0);
  });

  it('says who must answer, who is behind and who holds on to the old version', async () => {
    const { keyArn } = await world.version(1);
    await world.admitRotation();
    await runSteps(world, await begin(world), ROTATION_STEPS);
    const { keyArn: current } = await world.version(2);
    await register(
      aConsumer({ name: 'billing', lastSeenVersion: 1 }),
      aConsumer({ name: 'ebs', kind: 'aws-service', boundKeyArn: current }),
      aConsumer({ name: 'rds', kind: 'aws-service', boundKeyArn: keyArn }),
    );

    const { consumers, waits, warnings } = await plan();

    expect(consumers).toEqual([
      expect.objectContaining({ name: 'billing', mustAcknowledge: true, isBehind: true }),
      expect.objectContaining({ name: 'ebs', mustAcknowledge: false, holdsOldVersion: true }),
      expect.objectContaining({ name: 'rds', mustAcknowledge: false, holdsOldVersion: false }),
    ]);
    expect(waits).toMatchObject({ acknowledgementSeconds: 30, onDeadline: 'abort' });
    expect(warnings).toHaveLength(2);
  });

  it('names the ciphertexts of each source as last counted', async () => {
    const source = { ...aSource('archive'), count: COUNT };
    await mutateKey(world.store, 'orders', () => ({
      draft: { sources: [source, aSource('new')], audit: anAuditEntry() },
      result: undefined,
    }));

    expect((await plan()).ciphertexts).toEqual([
      { source: 'archive', version: 1, count: 7, countedAt: T0 },
    ]);
  });

  it('asks for approvals where consumers can hold a rotation up', async () => {
    world.classes = world.classes.map((policy) => ({
      ...policy,
      acknowledgement: { windowSeconds: 60, onDeadline: 'wait-for-force', maxExtensions: 0 },
    }));
    await register(aConsumer());

    expect((await plan()).approvals).toEqual([{ act: 'rotation.force', required: 2, of: 3 }]);
  });

  it('names the next opening of the class', async () => {
    const windows = [{ days: ['sun' as const], from: '02:00', to: '04:00' }];
    world.classes = world.classes.map((policy) => ({
      ...policy,
      schedule: { timeZone: 'UTC', windows },
    }));

    const { start } = await plan();

    expect(start.onDemand).toBe(world.clock.now());
    expect(start.bySchedule).toMatch(/T02:00:00\.000Z$/);
  });

  it('is refused with the arithmetic when the cluster is full', async () => {
    for (let version = 0; version < 3300; version += 1100)
      await mutateKey(world.store, 'orders', ({ key }) => ({
        draft: {
          occupancy: { keyStore: key.keyStore, class: 'test', keys: 0, versions: 1100 },
          audit: anAuditEntry(),
        },
        result: undefined,
      }));

    await expect(plan('hsm1.medium')).rejects.toMatchObject({
      name: 'InfeasiblePolicy',
      message: expect.stringContaining('3301 + 1 = 3302 is more than the 3300'),
    });
    await expect(plan()).resolves.toMatchObject({ capacity: { versionsNow: 3301 } });
  });

  it('is refused for a key that an operation holds', async () => {
    await world.admitRotation();

    await expect(plan()).rejects.toMatchObject({ name: 'OperationInProgress' });
  });

  describe('held to its run', () => {
    const run = (planDigest: string) => rotateKey(world.deps, { ...aRotation(), planDigest });

    it('lets the run begin, which keeps the digest', async () => {
      const { digest } = await plan();
      const { operationId } = await run(digest);

      expect(await world.store.readOperation(operationId)).toMatchObject({ planDigest: digest });
      const { records } = await world.store.readAudit('key/orders', 0, 1000);
      expect(records.at(-1)).toMatchObject({
        action: 'rotation.admitted',
        detail: { planDigest: digest },
      });
    });

    it('is not made stale by what no rotation touches', async () => {
      const { digest } = await plan();
      await updateKey(world.deps, {
        name: 'orders',
        nextRotationAt: '2026-05-01T00:00:00.000Z',
        expectedRevision: (await world.key()).revision,
        by: ALICE.id,
        decision: PERMIT,
      });
      await register();

      await expect(run(digest)).resolves.toBeDefined();
    });

    it.each<[string, () => Promise<unknown>]>([
      ['a consumer came', () => register(aConsumer())],
      [
        'another rotation ran',
        async () => {
          await world.admitRotation();
          await runSteps(world, await begin(world), ROTATION_STEPS);
        },
      ],
      [
        'the class changed',
        async () => {
          world.classes = world.classes.map((policy) => ({ ...policy, retentionDays: 8 }));
        },
      ],
      [
        'the waits changed',
        async () => {
          world.waits = { settleSeconds: 6, bakeSeconds: 10 };
        },
      ],
    ])('refuses it when %s, and changes nothing', async (_what, change) => {
      const { digest } = await plan();
      await change();
      const { key } = await world.snapshot();

      await expect(run(digest)).rejects.toMatchObject({ name: 'PlanStale' });
      expect((await world.snapshot()).key).toEqual(key);
    });
  });
});

describe('the count of what takes room in a key store', () => {
  it('grows with keys and versions, and shrinks when one is undone', async () => {
    const world = await withActiveKey(await aWorld());
    await world.admitKey({ name: 'invoices' });
    await runSteps(world, await begin(world, 'invoices'), GENERATION_STEPS);
    await world.admitRotation();
    const input = await begin(world);
    await runSteps(world, input, ROTATION_STEPS, 'VerifyVersion');
    const { compensateOperation } = await import('#core/operations/end-operation.ts');

    expect(await world.store.readOccupancy('main')).toEqual([
      { class: 'test', keys: 2, versions: 3 },
    ]);
    await compensateOperation(world.deps, { ...input, failure: { error: 'X', cause: 'y' } });
    expect(await world.store.readOccupancy('main')).toEqual([
      { class: 'test', keys: 2, versions: 2 },
    ]);
  });
});
