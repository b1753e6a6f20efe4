// SPDX-License-Identifier: Apache-2.0
// Keys that sign or authenticate through their life in the simulator.
import { beforeEach, describe, expect, it } from 'vitest';
import { KEY_SPECS } from '#core/contract/vocabulary.ts';
import { encrypts, KEY_SPEC_TABLE } from '#core/keys/key-specs.ts';
import { containKey } from '#core/operations/contain-key.ts';
import { encrypt } from '#core/operations/use-key.ts';
import type { ProvingKey } from '#core/ports/key-vault.ts';
import { ask } from '#test/support/approvals.ts';
import { suspended } from '#test/support/containment.ts';
import { register } from '#test/support/reencryption.ts';
import { Simulation } from '#test/support/simulation.ts';
import { ALICE, aWorld, CONSUMER, PERMIT, type World } from '#test/support/world.ts';

const MESSAGE = Buffer.from('a receipt');
const SPECS = KEY_SPECS.filter((keySpec) => !encrypts({ keySpec }));

describe.each(SPECS)('a key of spec %s', (keySpec) => {
  let world: World;
  let simulation: Simulation;
  beforeEach(async () => {
    world = await aWorld({ visibilityCalls: 2 });
    simulation = new Simulation(world);
    await simulation.run('generate-key', await world.admitKey({ origin: 'AWS_KMS', keySpec }), 1);
  });
  const consumer = () => world.vault.proverFor(CONSUMER);
  const proving = async (version: number): Promise<ProvingKey> => {
    const { keyId } = await world.version(version);
    const { usage, algorithm } = KEY_SPEC_TABLE[keySpec];
    if (usage === 'ENCRYPT_DECRYPT' || algorithm === null) throw new Error('it proves nothing');
    return { keyId: keyId ?? '', usage, algorithm };
  };
  const rotate = async () => {
    const id = await world.admitRotation();
    await simulation.runStarted();
    expect(await world.store.readOperation(id)).toMatchObject({ state: 'done', cause: null });
  };

  it('is active behind a canary of its kind', async () => {
    expect(await world.key()).toMatchObject({ state: 'active', currentVersion: 1, keySpec });
    expect((await world.version(1)).canary).not.toBeNull();
    expect(await consumer().prove(await proving(1), MESSAGE)).toBeDefined();
  });

  it('rotates by a KMS key of its own, and the old one only verifies', async () => {
    const first = await proving(1);
    const proof = await consumer().prove(first, MESSAGE);
    await rotate();
    const second = await proving(2);

    expect(second.keyId).not.toBe(first.keyId);
    expect(await world.version(2)).not.toHaveProperty('isInPlace');
    expect(await consumer().holds(first, MESSAGE, proof)).toBe(true);
    expect(await consumer().holds(second, MESSAGE, proof)).toBe(false);
    await expect(consumer().prove(first, MESSAGE)).rejects.toMatchObject({ code: 'AccessDenied' });
    expect(await consumer().prove(second, MESSAGE)).toBeDefined();
  });

  it('is stopped with the proof that it is', async () => {
    await suspended(simulation);

    expect((await world.key()).containment?.confirmedAt).not.toBeNull();
    await expect(consumer().prove(await proving(1), MESSAGE)).rejects.toMatchObject({
      code: 'AccessDenied',
    });
  });

  it('goes on with a successor once its version was revoked, and there is nothing to open', async () => {
    const first = await proving(1);
    const proof = await consumer().prove(first, MESSAGE);
    const { operationId } = await containKey(world.deps, {
      key: 'orders',
      version: 1,
      kind: 'revocation',
      mode: 'locked',
      reason: 'leaked',
      occurredAt: null,
      withSuccessor: true,
      isEmergency: false,
      by: ALICE.id,
      decision: PERMIT,
      claim: { scope: 'revoke', bodyHash: 'body' },
    });
    await simulation.run('revoke-key', operationId, 1);
    await simulation.settle();

    expect(await world.key()).toMatchObject({ state: 'active', currentVersion: 2 });
    expect(await consumer().prove(await proving(2), MESSAGE)).toBeDefined();
    const refused = { code: 'AccessDenied' };
    await expect(consumer().prove(first, MESSAGE)).rejects.toMatchObject(refused);
    await expect(consumer().holds(first, MESSAGE, proof)).rejects.toMatchObject(refused);
    const request = { key: 'orders', version: 1, parameters: { hours: 1 } };
    await expect(ask(world, 'version.open', request)).rejects.toMatchObject({
      name: 'TransitionForbidden',
    });
  });

  it('has no source but one that declares that nothing lies under it', async () => {
    await expect(register(world)).rejects.toMatchObject({ name: 'ValidationFailed' });
    const location = { kind: 'none' as const, reason: 'receipts are kept for a year' };

    expect(await register(world, { location })).toMatchObject({ location });
  });

  it('encrypts nothing in the data plane', async () => {
    const deps = {
      ledger: world.store,
      crypto: world.vault.cryptoFor('use-key'),
      random: world.random,
    };
    await expect(encrypt(deps, await world.key(), MESSAGE, {})).rejects.toMatchObject({
      code: 'KeyNotUsable',
    });
  });
});

describe('a spec that a key cannot have', () => {
  it.each([
    ['the key store', {}],
    ['imported material', { origin: 'EXTERNAL' as const }],
    ['tier data', { tier: 'data' as const, parent: 'orders' }],
  ])('is refused for %s, and changes nothing', async (_what, patch) => {
    const world = await aWorld();
    await expect(world.admitKey({ ...patch, keySpec: 'HMAC_256' })).rejects.toMatchObject({
      code: 'ValidationFailed',
      fields: [{ pointer: '/keySpec' }],
    });
    expect(await world.store.readKeyRecord('orders')).toBeNull();
  });

  it('and a key that signs wraps no data keys', async () => {
    const world = await aWorld();
    const simulation = new Simulation(world);
    await world.admitKey({ name: 'parent', origin: 'AWS_KMS', keySpec: 'ECC_NIST_P256' });
    await simulation.runStarted();
    await expect(world.admitKey({ tier: 'data', parent: 'parent' })).rejects.toMatchObject({
      fields: [{ pointer: '/parent' }],
    });
  });
});
