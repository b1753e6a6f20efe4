// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { KEY_STATES, type KeyState } from '#core/contract/vocabulary.ts';
import { mutateKey } from '#core/operations/mutate-key.ts';
import { switchAlias } from '#core/operations/place-alias.ts';
import { decrypt, encrypt } from '#core/operations/use-key.ts';
import {
  begin,
  GENERATION_STEPS,
  ROTATION_STEPS,
  runSteps,
  withActiveKey,
} from '#test/support/steps.ts';
import { aWorld, CONSUMER, type World } from '#test/support/world.ts';

const TEXT = Buffer.from('secret text');

describe('using a key', () => {
  let world: World;
  const deps = () => ({
    ledger: world.ledger,
    crypto: world.vault.cryptoFor('use-key'),
    random: world.random,
  });
  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
  });
  /** Puts the first version, and with it the key, into a state by hand. */
  const force = (state: KeyState) =>
    mutateKey(world.store, 'orders', ({ versions }) => ({
      draft: {
        key: { state },
        versions: versions.map((version) => ({ ...version, state })),
        audit: {
          at: world.clock.now(),
          actor: 'test',
          action: 'test.forced',
          decision: { effect: 'permit', rule: 'test' },
          operationId: null,
          detail: {},
        },
      },
      result: undefined,
    }));

  it('gives back what was encrypted, with the version', async () => {
    const key = await world.key();
    const made = await encrypt(deps(), key, TEXT, { order: '7' });
    const opened = await decrypt(deps(), key, made.ciphertext, { order: '7' });

    expect(made.version).toBe(1);
    expect({ ...opened, plaintext: Buffer.from(opened.plaintext).toString() }).toEqual({
      plaintext: 'secret text',
      version: 1,
    });
  });

  it('[INV-02] what was encrypted before a rotation opens after it', async () => {
    const before = await encrypt(deps(), await world.key(), TEXT, {});
    await world.admitRotation();
    await runSteps(world, await begin(world), ROTATION_STEPS);
    const key = await world.key();

    expect((await decrypt(deps(), key, before.ciphertext, {})).version).toBe(1);
    expect((await encrypt(deps(), key, TEXT, {})).version).toBe(2);
  });

  it('refuses the ciphertext of another key of Keyturn', async () => {
    await world.admitKey({ name: 'payments' });
    await runSteps(world, await begin(world, 'payments'), GENERATION_STEPS);
    const foreign = await encrypt(deps(), await world.key('payments'), TEXT, {});

    await expect(decrypt(deps(), await world.key(), foreign.ciphertext, {})).rejects.toMatchObject({
      name: 'CiphertextInvalid',
    });
  });

  it('refuses the ciphertext of a KMS key that is not recorded', async () => {
    const { keyId } = await world.vault.createKey(
      { origin: 'AWS_CLOUDHSM', keyStoreId: 'cks-memory' },
      {
        stage: 'local',
        name: 'orders',
        version: 9,
        operationId: 'op_x',
      },
    );
    await world.vault.applyPolicy(keyId, 'active', []);
    const foreign = await world.vault.cryptoFor('use-key').encrypt(keyId, TEXT, {});

    await expect(decrypt(deps(), await world.key(), foreign, {})).rejects.toMatchObject({
      name: 'CiphertextInvalid',
    });
  });

  it.each(KEY_STATES.filter((state) => state !== 'active').map((state) => ({ state })))(
    'does not encrypt under a key that is $state',
    async ({ state }) => {
      await force(state);

      await expect(encrypt(deps(), await world.key(), TEXT, {})).rejects.toMatchObject({
        name: 'KeyNotUsable',
      });
    },
  );

  it.each(
    KEY_STATES.filter((state) => state !== 'active' && state !== 'deactivated').map((state) => ({
      state,
    })),
  )('does not decrypt what a version made that is $state', async ({ state }) => {
    const { ciphertext } = await encrypt(deps(), await world.key(), TEXT, {});
    await force(state);

    await expect(decrypt(deps(), await world.key(), ciphertext, {})).rejects.toMatchObject({
      name: 'KeyNotUsable',
    });
  });

  it('decrypts what a consumer wrote by the alias before the switch was recorded', async () => {
    await world.admitRotation();
    const input = await begin(world);
    await runSteps(world, input, ROTATION_STEPS, 'SwitchAlias');
    let isCut = false;
    world.onCall = ({ method, phase }) => {
      isCut ||= method === 'moveAlias' && phase === 'after';
      if (isCut) throw new Error('the process died');
    };
    await switchAlias(world.deps, input).catch(() => {});
    world.onCall = () => {};
    const target = (await world.vault.aliasTarget('alias/keyturn/local/orders')) ?? '';
    const written = await world.vault.cryptoFor(CONSUMER).encrypt(target, TEXT, {});

    expect((await world.version(2)).state).toBe('pre-activation');
    expect((await decrypt(deps(), await world.key(), written, {})).version).toBe(2);
  });

  it('does not encrypt under a key that has no version yet', async () => {
    await world.admitKey({ name: 'fresh' });

    await expect(encrypt(deps(), await world.key('fresh'), TEXT, {})).rejects.toMatchObject({
      name: 'KeyNotUsable',
    });
  });
});
