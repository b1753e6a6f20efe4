// SPDX-License-Identifier: Apache-2.0
// A key whose current version was revoked goes on with a successor: what was revoked stays so through the whole rotation.
import { beforeEach, describe, expect, it } from 'vitest';
import { KeyturnError } from '#core/errors.ts';
import { type ContainKeyInput, containKey } from '#core/operations/contain-key.ts';
import { decrypt, encrypt } from '#core/operations/use-key.ts';
import { registered } from '#test/support/consumers.ts';
import { ExecutionLost, ProcessDied, Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, CONSUMER, PERMIT, WAITS, type World } from '#test/support/world.ts';

const TEXT = new Uint8Array([1, 2, 3]);

describe('the successor of a revoked version', () => {
  let world: World;
  let simulation: Simulation;
  let claims = 0;
  const contain = async (input: Partial<ContainKeyInput> = {}) => {
    claims += 1;
    const { operationId } = await containKey(world.deps, {
      key: 'orders',
      version: 1,
      kind: 'revocation',
      mode: 'hard',
      reason: 'seen in a public log',
      occurredAt: null,
      isEmergency: false,
      by: ALICE.id,
      decision: PERMIT,
      claim: { scope: `revoke/${claims}`, bodyHash: 'body' },
      ...input,
    });
    return operationId;
  };
  const revoke = async (input: Partial<ContainKeyInput> = {}) =>
    simulation.run('revoke-key', await contain(input), 1);
  const plane = () => ({
    ledger: world.store,
    crypto: world.vault.cryptoFor('use-key'),
    random: world.random,
  });
  const write = async (name = 'orders') =>
    (await encrypt(plane(), await world.key(name), TEXT, {})).ciphertext;
  const read = async (ciphertext: Uint8Array, name = 'orders') =>
    decrypt(plane(), await world.key(name), ciphertext, {});

  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    simulation = new Simulation(world);
  });

  it.each(['hard', 'locked'] as const)(
    'is made as soon as the revocation is confirmed, without the next sweep, %s',
    async (mode) => {
      const old = await write();
      const operationId = await contain({ mode, withSuccessor: true });
      await expect(write()).rejects.toMatchObject({ name: 'KeyNotUsable' });
      await simulation.run('revoke-key', operationId, 1);

      expect(await world.key()).toMatchObject({
        state: 'active',
        currentVersion: 2,
        lease: null,
        dueBecause: null,
      });
      const { operationId: rotation } = await world.version(2);
      expect(await world.store.readOperation(rotation)).toMatchObject({
        kind: 'rotate-key',
        state: 'done',
        trigger: 'compromise',
      });
      await expect(read(await write())).resolves.toMatchObject({ version: 2 });
      await expect(read(old)).rejects.toBeInstanceOf(KeyturnError);
      // A replaced version like any other from then on: it can be re-encrypted from, and destroyed.
      expect(await world.version(1)).toMatchObject({
        state: 'compromised',
        substate: null,
        policyTemplate: 'contained',
        containment: { mode, confirmedAt: expect.any(String) },
        deactivatedAt: expect.any(String),
      });
      expect(world.vault.inspect()[0]).toMatchObject({
        template: 'contained',
        isDisabled: mode === 'hard',
      });
    },
  );

  it('is made by a rotation that somebody asks for; by itself nothing goes on', async () => {
    await revoke();
    await simulation.settle();
    expect(await world.key()).toMatchObject({ state: 'compromised', currentVersion: 1 });

    await world.admitRotation();
    await simulation.runStarted();
    expect(await world.key()).toMatchObject({ state: 'active', currentVersion: 2 });
  });

  it('waits for no consumer, and for no bake: there is nothing to go back to', async () => {
    await registered(simulation, 'orders-api', {
      principal: CONSUMER,
      acknowledgement: { mode: 'api', waitSeconds: null, url: null },
    });
    await revoke();
    const waits: number[] = [];
    simulation.whileWaiting = (seconds) => void waits.push(seconds);
    await world.admitRotation();
    await simulation.runStarted();

    expect(await world.key()).toMatchObject({ state: 'active', currentVersion: 2 });
    expect(waits).toEqual([WAITS.settleSeconds, 0]);
  });

  it('is a KMS key of its own where KMS would rotate in place', async () => {
    await world.admitKey({ name: 'standard', origin: 'AWS_KMS' });
    await simulation.runStarted();
    await revoke({ key: 'standard', withSuccessor: true });
    await simulation.settle();

    const { key, versions } = await world.snapshot('standard');
    expect(key).toMatchObject({ state: 'active', currentVersion: 2 });
    expect(versions[1]?.keyId).not.toBe(versions[0]?.keyId);
    await expect(read(await write('standard'), 'standard')).resolves.toMatchObject({ version: 2 });
  });

  it('is another data key for one of tier data', async () => {
    await world.admitKey({ name: 'rows', tier: 'data', parent: 'orders' });
    await simulation.runStarted();
    await revoke({ key: 'rows', withSuccessor: true });
    await simulation.settle();

    expect(await world.key('rows')).toMatchObject({ state: 'active', currentVersion: 2 });
    expect(await world.version(1, 'rows')).toMatchObject({ state: 'compromised' });
    await expect(read(await write('rows'), 'rows')).resolves.toMatchObject({ version: 2 });
  });

  it('is refused for another version, and for the key as a whole', async () => {
    await world.admitRotation();
    await simulation.runStarted();
    for (const version of [1, null])
      await expect(revoke({ version, withSuccessor: true })).rejects.toMatchObject({
        name: 'TransitionForbidden',
      });
    expect(await world.key()).toMatchObject({ state: 'active' });

    await revoke({ version: null });
    await expect(world.admitRotation()).rejects.toMatchObject({ name: 'TransitionForbidden' });
  });

  it.each(['process', 'execution'] as const)(
    'comes although its %s dies at any call, and what is revoked never works again',
    async (of) => {
      for (let call = 1; call < 200; call += 1) {
        for (const phase of ['before', 'after'] as const) {
          world = await withActiveKey(await aWorld());
          simulation = new Simulation(world);
          const old = await write();
          await revoke({ mode: 'locked' });
          const rotation = await world.admitRotation();
          simulation.killAt({ call, phase, of });
          await simulation.run('rotate-key', rotation, 1).catch((error: unknown) => {
            if (!(error instanceof ProcessDied) && !(error instanceof ExecutionLost)) throw error;
          });
          const hasDied = simulation.hasDied;
          await simulation.settle();

          const why = `${phase} ${call}`;
          expect(await world.key(), why).toMatchObject({ state: 'active', lease: null });
          expect(await world.version(1), why).toMatchObject({ state: 'compromised' });
          await expect(read(old), why).rejects.toBeInstanceOf(KeyturnError);
          const keyId = (await world.version(1)).keyId ?? '';
          await expect(
            world.vault.cryptoFor(CONSUMER).decrypt(old, {}, keyId),
            why,
          ).rejects.toMatchObject({ name: 'AccessDenied' });
          await expect(read(await write()), why).resolves.toBeDefined();
          if (!hasDied) return;
        }
      }
      throw new Error('the rotation has more calls than were tried');
    },
    120_000,
  );
});
