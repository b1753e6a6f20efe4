// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryKeyUseLog } from '#adapters/memory/key-use-log.ts';
import { judgeBake, reportUse, rollBack } from '#core/operations/roll-back.ts';
import { decrypt, encrypt } from '#core/operations/use-key.ts';
import { begin, ROTATION_STEPS, rotatingBefore, runSteps } from '#test/support/steps.ts';
import { aWorld, CONSUMER, PERMIT, WAITS, type World } from '#test/support/world.ts';

describe('a rotation in its bake', () => {
  let world: World;
  let log: MemoryKeyUseLog;
  beforeEach(async () => {
    world = await aWorld();
    log = new MemoryKeyUseLog();
    await rotatingBefore(world, 'ProbeAlias');
  });

  const deps = () => ({ ...world.deps, log, waits: WAITS });
  const operationId = async () => (await world.snapshot()).operation?.id ?? '';
  const goBack = async () =>
    rollBack(deps(), {
      operationId: await operationId(),
      reason: 'orders cannot be read',
      by: 'usr_alice',
      decision: PERMIT,
    });
  const finish = async () => runSteps(world, await begin(world), ROTATION_STEPS);
  const versions = async () =>
    (await world.snapshot()).versions.map(({ version, state, policyTemplate }) => [
      version,
      state,
      policyTemplate,
    ]);

  it('goes back: the old version is current, the new one decrypts and nothing else', async () => {
    const id = await operationId();
    await goBack();
    await finish();

    expect(await versions()).toEqual([
      [1, 'active', 'active'],
      [2, 'deactivated', 'decrypt-only'],
    ]);
    const key = await world.key();
    expect(key).toMatchObject({ currentVersion: 1, latestVersion: 2, lease: null });
    expect(await world.vault.aliasTarget(key.alias)).toBe(key.currentKeyId);
    expect(await world.store.readOperation(id)).toMatchObject({
      state: 'compensated',
      cause: 'went back to version 1: orders cannot be read',
    });
  });

  it('loses nothing that was written under the new version', async () => {
    const use = { ledger: world.store, crypto: world.vault.cryptoFor(CONSUMER) };
    const data = {
      ledger: world.store,
      crypto: world.vault.cryptoFor('use-key'),
      random: world.random,
    };
    const { ciphertext, version } = await encrypt(data, await world.key(), Buffer.from('new'), {});
    await goBack();
    await finish();

    expect(version).toBe(2);
    const opened = await decrypt(data, await world.key(), ciphertext, {});
    expect(Buffer.from(opened.plaintext).toString()).toBe('new');
    const direct = await use.crypto.decrypt(ciphertext, {});
    expect(Buffer.from(direct.plaintext).toString()).toBe('new');
  });

  it('opens the old version again when its restriction was under way', async () => {
    const [old] = (await world.snapshot()).versions;
    // KMS had the restriction, the record did not: the process died in between.
    await world.vault.applyPolicy(old?.keyId ?? '', 'decrypt-only', []);
    await goBack();
    await finish();

    const { ciphertext } = await encrypt(
      { ledger: world.store, crypto: world.vault.cryptoFor('use-key'), random: world.random },
      await world.key(),
      Buffer.from('x'),
      {},
    );
    expect(ciphertext.length).toBeGreaterThan(0);
  });

  it('moves the alias back although KMS still shows the move before it not at all', async () => {
    const { alias, currentKeyId } = await world.key();
    const old = (await world.version(1)).keyId;
    // A reader sees the alias late: where it led before the switch.
    const aliasTarget = world.vault.aliasTarget.bind(world.vault);
    let isStale = true;
    world.vault.aliasTarget = async (name) => (isStale ? old : aliasTarget(name));
    await goBack();
    await runSteps(world, await begin(world), ROTATION_STEPS, 'ProbeAlias');
    isStale = false;

    expect(currentKeyId).not.toBe(old);
    expect(await aliasTarget(alias)).toBe(old);
    await finish();
  });

  it('asked twice goes back once, in one execution', async () => {
    await goBack();
    const { fence } = await world.key();
    await goBack();

    expect((await world.key()).fence).toBe(fence);
  });

  it('fences off the attempt that was going forward', async () => {
    const forward = await begin(world);
    await goBack();

    await expect(runSteps(world, forward, ROTATION_STEPS)).rejects.toMatchObject({
      name: 'LeaseLost',
    });
  });

  it('is left alone by the sweep for a day afterwards', async () => {
    await goBack();
    await finish();
    const { nextRotationAt, retryNotBefore } = await world.key();

    expect(Date.parse(retryNotBefore ?? '') - Date.parse(nextRotationAt ?? '')).toBe(86_400_000);
  });

  it('goes back by itself when too many calls under the new version fail', async () => {
    const report = async (calls: number, errors: number) =>
      reportUse(deps(), { operationId: await operationId(), version: 2, calls, errors });

    expect(await report(1000, 4)).toBe(false);
    expect(await report(100, 40)).toBe(false);
    expect(await report(100, 90)).toBe(true);
    expect((await world.snapshot()).operation?.rollback).toMatchObject({
      reason: '134 of 1200 calls under version 2 failed',
      by: 'system/bake-watch',
    });
  });

  it('does not mind errors under the old version', async () => {
    const minute = world.clock.now();
    await log.addMinutes([{ key: 'orders', version: 1, minute, calls: 100, errors: 100 }]);

    expect(await judgeBake(deps(), 'orders')).toBe(false);
  });

  it('takes no report about another version', async () => {
    await expect(
      reportUse(deps(), { operationId: await operationId(), version: 1, calls: 1, errors: 0 }),
    ).rejects.toMatchObject({ name: 'ValidationFailed' });
  });
});

describe('[INV-11] a rotation goes back only while the old version was not restricted', () => {
  it.each(['SwitchAlias', 'RestrictPolicy', 'CompleteOperation'])(
    'before %s cannot go back',
    async (step) => {
      const world = await aWorld();
      await rotatingBefore(world, step);
      const { operation } = await world.snapshot();

      await expect(
        rollBack(
          { ...world.deps, waits: WAITS },
          { operationId: operation?.id ?? '', reason: 'x', by: 'usr_alice', decision: PERMIT },
        ),
      ).rejects.toMatchObject({ name: 'TransitionForbidden' });
    },
  );
});
