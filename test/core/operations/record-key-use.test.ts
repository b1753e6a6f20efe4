// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryKeyUseLog } from '#adapters/memory/key-use-log.ts';
import type { KeyUse, UseFailure } from '#core/contract/key-use-events.ts';
import type { ConsumerRecord } from '#core/keys/consumers.ts';
import { mutateKey } from '#core/operations/mutate-key.ts';
import { recordKeyUse } from '#core/operations/record-key-use.ts';
import { begin, ROTATION_STEPS, runSteps, withActiveKey } from '#test/support/steps.ts';
import { aWorld, CONSUMER, PERMIT, type World } from '#test/support/world.ts';

const VERIFIER = 'arn:aws:iam::000000000000:role/keyturn-local-verify-version';

describe('a batch of uses', () => {
  let world: World;
  let log: MemoryKeyUseLog;
  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    log = new MemoryKeyUseLog();
  });

  const keyIdOf = async (version: number) =>
    (await world.snapshot()).versions.find((one) => one.version === version)?.keyId ?? '';
  const use = async (patch: Partial<KeyUse> & { version?: number } = {}): Promise<KeyUse> => {
    const { version = 1, ...rest } = patch;
    return {
      keyId: await keyIdOf(version),
      principal: CONSUMER,
      act: 'encrypt',
      outcome: 'allowed',
      at: world.clock.now(),
      ...rest,
    };
  };
  const record = (uses: readonly KeyUse[], failures: readonly UseFailure[] = []) =>
    recordKeyUse(
      {
        ledger: world.ledger,
        clock: world.clock,
        log,
        ownRoles: ['keyturn-local-verify-version'],
        dataPlaneRole: 'keyturn-local-use-key',
      },
      uses,
      failures,
    );

  async function withConsumer(patch: Partial<ConsumerRecord>): Promise<void> {
    const now = world.clock.now();
    await mutateKey(world.store, 'orders', (snapshot) => ({
      draft: {
        consumers: [
          {
            key: 'orders',
            name: 'orders-api',
            owner: 'olga',
            contact: 'orders@example.com',
            principal: CONSUMER,
            rights: ['encrypt', 'decrypt'],
            kind: 'kms-direct',
            acknowledgement: { mode: 'api', waitSeconds: null, url: null },
            boundKeyArn: null,
            state: 'active',
            acknowledgedVersion: null,
            acknowledgedAt: null,
            lastSeenVersion: null,
            lastSeenAt: null,
            delivery: null,
            operationId: 'op_1',
            revision: snapshot.key.revision + 1,
            registeredAt: now,
            registeredBy: 'usr_alice',
            ...patch,
          },
        ],
        audit: {
          at: now,
          actor: 'usr_alice',
          action: 'consumer.registered',
          decision: PERMIT,
          operationId: null,
          detail: {},
        },
      },
      result: undefined,
    }));
  }
  const consumer = async () => (await world.snapshot()).consumers[0];

  it('is counted by version and principal, refusals apart', async () => {
    await record([
      await use(),
      await use({ act: 'decrypt' }),
      await use({ act: 'decrypt', outcome: 'refused' }),
    ]);

    expect(await log.read('orders')).toMatchObject([
      { version: 1, principal: CONSUMER, encrypts: 1, decrypts: 1, refusals: 1 },
    ]);
    expect(await log.sumSince('orders', 1, world.clock.now())).toEqual({ calls: 3, errors: 1 });
  });

  it('leaves out what Keyturn itself does, and keys that are not managed', async () => {
    const recorded = await record([
      await use({ principal: VERIFIER }),
      await use({ keyId: 'somebody-elses' }),
    ]);

    expect(recorded).toMatchObject({ uses: 0, unknown: 1 });
    expect(await log.read('orders')).toEqual([]);
  });

  it('shows on the consumer which version it runs, once for more of the same', async () => {
    await withConsumer({});
    await record([await use()]);
    const { revision } = await world.key();
    world.clock.advance(60);
    await record([await use()]);

    expect(await consumer()).toMatchObject({ lastSeenVersion: 1 });
    expect((await world.key()).revision).toBe(revision);
  });

  it('takes back an acknowledgement that it contradicts', async () => {
    await world.admitRotation();
    await runSteps(world, await begin(world), ROTATION_STEPS);
    await withConsumer({ acknowledgedVersion: 2, acknowledgedAt: world.clock.now() });
    world.clock.advance(60);

    expect((await record([await use({ version: 1 })])).contradicted).toEqual(['orders/orders-api']);
    expect(await consumer()).toMatchObject({ acknowledgedVersion: null, lastSeenVersion: 1 });
  });

  it('from before the acknowledgement contradicts nothing', async () => {
    const before = world.clock.now();
    world.clock.advance(60);
    await world.admitRotation();
    await runSteps(world, await begin(world), ROTATION_STEPS);
    await withConsumer({ acknowledgedVersion: 2, acknowledgedAt: world.clock.now() });

    expect((await record([await use({ version: 1, at: before })])).contradicted).toEqual([]);
  });

  it('of decryptions under an old version contradicts nothing', async () => {
    await withConsumer({ acknowledgedVersion: 2, acknowledgedAt: world.clock.now() });
    world.clock.advance(60);

    expect((await record([await use({ act: 'decrypt' })])).contradicted).toEqual([]);
  });

  it('counts what the data plane told of its failures once, although CloudTrail tells them too', async () => {
    const at = world.clock.now();
    const told = { key: 'orders', keyVersion: 1, at };
    const principal = 'arn:aws:iam::000000000000:role/keyturn-local-use-key';
    const { failing } = await record([], [told, told]);
    expect(failing).toEqual(['orders']);
    await record([await use({ principal, outcome: 'refused' })]);

    expect(await log.sumSince('orders', 1, at)).toEqual({ calls: 2, errors: 2 });
  });
});
