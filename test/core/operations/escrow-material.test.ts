// SPDX-License-Identifier: Apache-2.0
// Material that is imported is in escrow before the vault has it, whenever a function stops.
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { escrowMaterial } from '#core/operations/escrow-material.ts';
import { codeOf, EscrowScene } from '#test/support/escrow-scene.ts';
import { PERMIT } from '#test/support/world.ts';

describe('material', () => {
  it('is in escrow before it is in the vault, and the set is active after it', async () => {
    const scene = await EscrowScene.make();

    expect(await scene.set()).toMatchObject({
      state: 'active',
      required: 3,
      total: 5,
      generation: 1,
      bytes: 32,
    });
    expect(await scene.importer.hasMaterial(scene.keyId)).toBe(true);
    expect((await scene.world.actions()).slice(-2)).toEqual(['escrow.stored', 'escrow.activated']);
  });

  it('is made once: asked again, the set that is there is the answer', async () => {
    const scene = await EscrowScene.make();
    const { setId } = await scene.set();

    expect((await scene.putIn()).setId).toBe(setId);
  });

  it('that was stored and not imported is made anew', async () => {
    const scene = await EscrowScene.make();
    const broken = {
      ...scene.deps.importer,
      importMaterial: async () => Promise.reject(new Error('KMS is away')),
      hasMaterial: async () => false,
      expiryOf: async () => null,
    };
    const input = {
      key: 'orders',
      version: 2,
      keyId: 'other',
      expiresAt: null,
      required: 2,
      custodians: scene.custodians,
      by: 'workflow/rotate-key',
      decision: PERMIT,
      operationId: null,
    };
    await expect(escrowMaterial({ ...scene.deps, importer: broken }, input)).rejects.toThrow(
      'away',
    );

    const set = await escrowMaterial(scene.deps, input);
    const { escrow } = await scene.world.snapshot();
    expect(escrow.sets.filter(({ version }) => version === 2)).toMatchObject([
      { generation: 1, state: 'retired', cause: expect.stringContaining('never imported') },
      { generation: 2, state: 'active', setId: set.setId },
    ]);
  });

  it('that was imported and not recorded keeps the set it was split into', async () => {
    const scene = await EscrowScene.make();
    const input = {
      key: 'orders',
      version: 2,
      keyId: 'other',
      expiresAt: null,
      required: 2,
      custodians: scene.custodians,
      by: 'workflow/rotate-key',
      decision: PERMIT,
      operationId: null,
    };
    let commits = 0;
    scene.world.onCall = ({ method, phase }) => {
      if (method === 'commit' && phase === 'before' && ++commits === 2)
        throw new Error('the function was stopped');
    };
    await expect(escrowMaterial(scene.deps, input)).rejects.toThrow('stopped');
    scene.world.onCall = () => {};

    expect(await escrowMaterial(scene.deps, input)).toMatchObject({
      generation: 1,
      state: 'active',
    });
  });

  it('is overwritten in memory, also when the vault refuses it', async () => {
    const scene = await EscrowScene.make();
    const material = Uint8Array.from(randomBytes(32));
    const deps = { ...scene.deps, random: () => material };
    await scene.importer.importMaterial('other', randomBytes(32));

    const outcome = escrowMaterial(deps, {
      key: 'orders',
      version: 2,
      keyId: 'other',
      expiresAt: null,
      required: 2,
      custodians: scene.custodians,
      by: 'workflow/rotate-key',
      decision: PERMIT,
      operationId: null,
    });

    expect(await codeOf(outcome)).toBe('EscrowCheckFailed');
    expect([...material].every((byte) => byte === 0)).toBe(true);
  });
});
