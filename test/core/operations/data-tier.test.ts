// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { isError } from '#core/errors.ts';
import type { SourceRecord } from '#core/keys/reencryption.ts';
import { acknowledge } from '#core/operations/acknowledge-rotation.ts';
import type { GenerateKeyInput } from '#core/operations/generate-key.ts';
import { makeDataKey } from '#core/operations/make-data-key.ts';
import { mutateKey } from '#core/operations/mutate-key.ts';
import { planRotation } from '#core/operations/plan-rotation.ts';
import { registerConsumer } from '#core/operations/register-consumer.ts';
import { updateKey } from '#core/operations/update-key.ts';
import { fetchDataKey } from '#core/operations/use-data-key.ts';
import { decrypt, encrypt } from '#core/operations/use-key.ts';
import { anAuditEntry } from '#test/support/records.ts';
import { Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { ALICE, aRotation, aWorld, CONSUMER, PERMIT, type World } from '#test/support/world.ts';

const TEXT = Buffer.from('secret text');
const ROWS = 'rows';

describe('a key of tier data', () => {
  let world: World;
  let simulation: Simulation;
  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    simulation = new Simulation(world);
  });

  const use = () => ({
    ledger: world.ledger,
    crypto: world.vault.cryptoFor('use-key'),
    random: world.random,
  });
  const create = async (input: Partial<GenerateKeyInput> = {}) => {
    await world.admitKey({ name: ROWS, tier: 'data', parent: 'orders', ...input });
    await simulation.runStarted();
  };
  const rotate = async () => {
    const id = await world.admitRotation({ name: ROWS });
    await simulation.runStarted();
    return world.store.readOperation(id);
  };
  const lastPath = () => simulation.executions.at(-1)?.path ?? [];

  it('is made in one step, wrapped by the current version of its parent', async () => {
    await create();

    expect(await world.key(ROWS)).toMatchObject({
      state: 'active',
      parent: 'orders',
      currentVersion: 1,
      currentKeyId: null,
      lease: null,
    });
    expect(await world.version(1, ROWS)).toMatchObject({
      state: 'active',
      keyId: null,
      dataKey: { parent: 'orders', parentVersion: 1, keyId: (await world.key()).currentKeyId },
    });
    expect(await world.actions(ROWS)).toEqual([
      'key.create-admitted',
      'operation.begun',
      'key.created',
    ]);
  });

  it('makes no KMS key and no alias, whatever it does', async () => {
    const before = [world.vault.inspect().length, world.vault.inspectAliases().length];
    await create();
    await rotate();

    expect([world.vault.inspect().length, world.vault.inspectAliases().length]).toEqual(before);
  });

  it('rotates with one call to the vault and two transactions', async () => {
    await create();
    const calls: string[] = [];
    simulation.interrupt = ({ method, phase }) => {
      if (phase === 'before') calls.push(method);
    };
    const operation = await rotate();

    expect(operation).toMatchObject({ state: 'done', version: 2, previousVersion: 1 });
    expect(calls.filter((method) => method === 'makeWrapped')).toHaveLength(1);
    // The other one is the admission, by the API.
    expect(calls.filter((method) => method === 'commit')).toHaveLength(1);
    expect(await world.version(1, ROWS)).toMatchObject({ state: 'deactivated', substate: null });
    expect(await world.version(2, ROWS)).toMatchObject({ state: 'active' });
    expect(lastPath()).toEqual(['MakeDataKeys', 'MakeDataKeysEach', 'MakeDataKey']);
  });

  it('opens after a rotation what was encrypted before it', async () => {
    await create();
    const before = await encrypt(use(), await world.key(ROWS), TEXT, { order: '7' });
    await rotate();
    const key = await world.key(ROWS);
    const after = await encrypt(use(), key, TEXT, {});
    const opened = await decrypt(use(), key, before.ciphertext, { order: '7' });

    expect([before.version, after.version, opened.version]).toEqual([1, 2, 1]);
    expect(Buffer.from(opened.plaintext).toString()).toBe('secret text');
  });

  it('keeps no plaintext of a data key in any row', async () => {
    await create();
    const { dataKey } = await world.version(1, ROWS);
    const opened = await world.vault
      .cryptoFor('use-key')
      .decrypt(Buffer.from(dataKey?.wrapped ?? '', 'base64'), { 'keyturn:data-key': 'rows/v1' });
    const rows = JSON.stringify([
      await world.snapshot(ROWS),
      (await world.store.readAudit(`key/${ROWS}`, 0, 100)).records,
      world.workflows.started,
    ]);

    expect(opened.plaintext).toHaveLength(32);
    for (const form of ['base64', 'hex', 'latin1'] as const)
      expect(rows).not.toContain(Buffer.from(opened.plaintext).toString(form));
  });

  it('overwrites the data key once it was used', async () => {
    await create();
    const lent: Uint8Array[] = [];
    const crypto = world.vault.cryptoFor('use-key');
    const spying = {
      ...use(),
      crypto: {
        ...crypto,
        decrypt: async (...request: Parameters<typeof crypto.decrypt>) => {
          const opened = await crypto.decrypt(...request);
          lent.push(opened.plaintext);
          return opened;
        },
      },
    };
    await encrypt(spying, await world.key(ROWS), TEXT, {});

    expect(lent.map((key) => [...key])).toEqual([Array(32).fill(0)]);
  });

  it('refuses the ciphertext of another key, of a version that is none, and of tier kms', async () => {
    await create();
    await create({ name: 'others' });
    const foreign = await encrypt(use(), await world.key('others'), TEXT, {});
    const own = await encrypt(use(), await world.key(ROWS), TEXT, {});
    const unknown = Buffer.from(own.ciphertext);
    unknown.writeUInt32BE(9, 5 + ROWS.length);
    const kms = await encrypt(use(), await world.key(), TEXT, {});

    for (const ciphertext of [foreign.ciphertext, unknown, kms.ciphertext]) {
      await expect(decrypt(use(), await world.key(ROWS), ciphertext, {})).rejects.toMatchObject({
        name: 'CiphertextInvalid',
      });
    }
  });

  it('hands out wrapped data keys that open under their context alone', async () => {
    await create();
    await rotate();
    const key = await world.key(ROWS);
    const consumer = world.vault.cryptoFor(CONSUMER);
    for (const version of [null, 1]) {
      const fetched = await fetchDataKey(world.ledger, key, version);
      const wrapped = Buffer.from(fetched.dataKey.wrapped, 'base64');

      expect(fetched.version).toBe(version ?? 2);
      expect((await consumer.decrypt(wrapped, fetched.context)).plaintext).toHaveLength(32);
      await expect(consumer.decrypt(wrapped, {})).rejects.toMatchObject({
        name: 'CiphertextInvalid',
      });
    }
    await expect(fetchDataKey(world.ledger, key, 3)).rejects.toMatchObject({
      name: 'KeyNotUsable',
    });
    await expect(fetchDataKey(world.ledger, await world.key(), null)).rejects.toMatchObject({
      name: 'TransitionForbidden',
    });
  });

  it.each([
    ['no parent', { parent: undefined }],
    ['a parent that does not exist', { parent: 'nothing' }],
    ['a parent of tier data', { parent: ROWS, name: 'others' }],
    ['a parent for a key of tier kms', { tier: 'kms' as const }],
  ])('refuses %s', async (_what, input) => {
    await create();

    await expect(
      world.admitKey({ name: 'new', tier: 'data', parent: 'orders', ...input }),
    ).rejects.toMatchObject({ name: 'ValidationFailed', fields: [{ pointer: '/parent' }] });
  });

  it('is wrapped by the key that its class names, unless the request names another', async () => {
    world.classes = world.classes.map((policy) => ({ ...policy, dataKeyParent: 'orders' }));
    await create({ parent: undefined });

    expect((await world.key(ROWS)).parent).toBe('orders');
  });

  it('is rotated by the sweep when it is due, without touching the keys of tier kms', async () => {
    await create();
    const key = await world.key(ROWS);
    await updateKey(world.deps, {
      name: ROWS,
      nextRotationAt: world.clock.now(),
      expectedRevision: key.revision,
      by: ALICE.id,
      decision: PERMIT,
    });
    await simulation.sweep();

    expect(await world.key(ROWS)).toMatchObject({ currentVersion: 2, lease: null });
    expect((await world.key()).currentVersion).toBe(1);
  });

  it('is undone when the vault cannot be reached, and rotates when it can again', async () => {
    await create();
    world.vault.setConnected('cks-memory', false);
    await rotate();

    expect(await world.key(ROWS)).toMatchObject({ currentVersion: 1, lease: null });
    expect((await world.version(2, ROWS)).state).toBe('destroyed');
    world.vault.setConnected('cks-memory', true);
    await rotate();
    expect(await world.key(ROWS)).toMatchObject({ currentVersion: 3 });
  });

  it('waits for its consumers with one version that is made once', async () => {
    await create();
    await registerConsumer(world.deps, {
      key: ROWS,
      consumer: 'billing',
      expectedRevision: null,
      by: ALICE.id,
      decision: PERMIT,
      claim: { scope: 'billing', bodyHash: 'billing' },
      registration: {
        owner: 'olga',
        contact: 'on-call',
        principal: CONSUMER,
        rights: ['decrypt'],
        kind: 'api',
        acknowledgement: { mode: 'api', waitSeconds: null, url: null },
        boundKeyArn: null,
        moved: false,
      },
    });
    const operation = await rotate();
    const staged = await world.version(2, ROWS);

    expect(operation).toMatchObject({ state: 'running', step: 'StageVersion' });
    expect(staged).toMatchObject({ state: 'pre-activation', substate: 'next' });
    await acknowledge(world.deps, {
      operationId: operation?.id ?? '',
      consumer: 'billing',
      version: 2,
      by: CONSUMER,
      decision: PERMIT,
    });
    await simulation.runStarted();
    expect((await world.version(2, ROWS)).dataKey).toEqual(staged.dataKey);
    expect(await world.key(ROWS)).toMatchObject({ currentVersion: 2, lease: null });
  });

  it('is planned as what it is: one call, no KMS key, no alias, no place in the cluster', async () => {
    await create();
    const { deps } = world;
    const site = { hsmType: 'hsm2m.medium', budget: { share: 0.5, quotas: {} }, site: 'local' };
    const plan = await planRotation({ ...deps, ...site }, ROWS);

    expect(plan).toMatchObject({
      aliases: [],
      kmsCalls: [{ call: 'GenerateDataKeyWithoutPlaintext', count: 1 }],
      waits: { settleSeconds: 0, bakeSeconds: 0 },
      cost: { usdPerMonthNow: 0, usdPerMonthAfter: 0 },
      versions: { current: { version: 1 }, next: 2, readable: [1, 2] },
    });
    expect(plan.capacity.versionsAfter).toBe(plan.capacity.versionsNow);
  });

  it('writes nothing more once a newer attempt has it', async () => {
    await create();
    await world.admitRotation({ ...aRotation(), name: ROWS });
    const { key, operation } = await world.snapshot(ROWS);
    const input = {
      operationId: operation?.id ?? '',
      key: ROWS,
      fence: (key.lease?.fence ?? 0) - 1,
    };

    const failure = await makeDataKey(world.deps, input).catch((error: unknown) => error);
    expect(isError(failure, 'LeaseLost')).toBe(true);
  });

  it('is wrapped under the new version of its parent once that has rotated', async () => {
    await create();
    await world.admitRotation();
    await simulation.runStarted();
    await rotate();

    expect((await world.version(2, ROWS)).dataKey?.parentVersion).toBe(2);
  });

  it('is re-wrapped by the sweep after its parent rotated, every version, and opens as before', async () => {
    await create();
    const before = await encrypt(use(), await world.key(ROWS), TEXT, {});
    await rotate();
    await world.admitRotation();
    await simulation.runStarted();
    const old = await world.version(1, 'orders');
    const stale = (await world.version(1, ROWS)).dataKey;
    expect(stale).toMatchObject({ parentVersion: 1, keyId: old.keyId });
    await simulation.sweep();

    for (const version of [1, 2]) {
      const { dataKey } = await world.version(version, ROWS);
      expect(dataKey).toMatchObject({
        parentVersion: 2,
        keyId: (await world.version(2, 'orders')).keyId,
      });
      expect(dataKey?.wrapped).not.toBe(stale?.wrapped);
    }
    // The old version of the parent is not needed any more: nothing of it is usable from here on.
    await world.vault.applyPolicy(old.keyId ?? '', 'suspended', []);
    const opened = await decrypt(use(), await world.key(ROWS), before.ciphertext, {});
    expect(Buffer.from(opened.plaintext).toString()).toBe('secret text');
    const [source] = (await world.snapshot('orders')).sources;
    expect(source).toMatchObject({ name: 'data-keys', count: { byVersion: { 2: 2 }, dead: 0 } });
    expect(await world.actions(ROWS)).toContain('version.rewrapped');
  });

  it('keeps what a rotation wrote while it was being re-wrapped', async () => {
    await create();
    await world.admitRotation();
    await simulation.runStarted();
    const record = { ...(await world.snapshot('orders')).sources[0], key: 'orders' };
    const source = world.deps.openSource(record as SourceRecord);
    const page = await source.readPage(0, null, 10);
    const { dataKey } = await world.version(1, ROWS);
    await mutateKey(world.store, ROWS, ({ versions }) => ({
      draft: {
        versions: versions.map((version) => ({
          ...version,
          dataKey: dataKey ? { ...dataKey, wrapped: 'bmV3ZXI=' } : null,
        })),
        audit: anAuditEntry(),
      },
      result: undefined,
    }));
    const target = { keyId: 'k', keyArn: 'arn', version: 2 };
    const [item] = page.items;

    expect(item?.id).toBe('rows/v1');
    expect(
      item && (await source.replace(item, { ciphertexts: [Buffer.from('older')], target })),
    ).toBe(false);
    expect((await world.version(1, ROWS)).dataKey?.wrapped).toBe('bmV3ZXI=');
  });
});
