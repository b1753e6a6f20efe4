// SPDX-License-Identifier: Apache-2.0
// From one circle of custodians to the next, and how they prove that they hold their shares.
import { describe, expect, it } from 'vitest';
import { holdingProof } from '#core/escrow/open-share.ts';
import { proveHolding } from '#core/operations/contribute-share.ts';
import { type Holder, holders } from '#test/support/escrow.ts';
import { codeOf, EscrowScene, first } from '#test/support/escrow-scene.ts';
import { PERMIT } from '#test/support/world.ts';

describe('a re-share', () => {
  async function reshared(scene: EscrowScene, circle: readonly Holder[], required = 2) {
    const next = { required, custodians: circle.map(({ sub, recipient }) => ({ sub, recipient })) };
    const session = await scene.requestAndOpen({ purpose: 'reshare', next });
    for (const holder of first(scene, 3)) await scene.contribute(session, holder);
    await scene.complete(session.name);
  }

  it('leaves the old generation in force until enough hold the new one', async () => {
    const scene = await EscrowScene.make();
    const circle = await holders(3);
    await reshared(scene, circle);
    expect(await scene.set(1)).toMatchObject({ state: 'active' });
    expect(await scene.set(2)).toMatchObject({ state: 'pending', required: 2, total: 3 });

    await scene.prove(circle[0] as Holder, 2);
    expect(await scene.set(1)).toMatchObject({ state: 'active' });
    await scene.prove(circle[0] as Holder, 2);
    expect(await scene.set(2)).toMatchObject({ state: 'pending' });

    await scene.prove(circle[1] as Holder, 2);
    expect(await scene.set(1)).toMatchObject({ state: 'retired' });
    expect(await scene.set(2)).toMatchObject({ state: 'active' });
  });

  it('empties what is stored of the old generation, and only then', async () => {
    const scene = await EscrowScene.make();
    const circle = await holders(3);
    const { setId } = await scene.set();
    const sealed = async () =>
      (await scene.world.ledger.readShares(setId, 1)).map((envelope) => envelope.sealed.length > 0);
    await reshared(scene, circle);
    expect(await sealed()).toEqual([true, true, true, true, true]);

    for (const holder of circle.slice(0, 2)) await scene.prove(holder, 2);
    expect(await sealed()).toEqual([false, false, false, false, false]);
  });

  it('makes shares that recover the same material, and old ones that do not count', async () => {
    const scene = await EscrowScene.make();
    const circle = await holders(3);
    const [bob] = scene.custodians as [Holder];
    const old = await scene.shareOf(bob);
    await reshared(scene, circle);
    for (const holder of circle.slice(0, 2)) await scene.prove(holder, 2);
    const session = await scene.requestAndOpen();
    expect(session.generation).toBe(2);
    scene.importer.lose(scene.keyId);

    const [newBob, carol, dan] = circle as [Holder, Holder, Holder];
    await scene.contribute(session, newBob, old);
    await scene.contribute(session, carol);
    expect(await codeOf(scene.complete(session.name))).toBe('EscrowIncomplete');
    expect((await scene.session(session.name)).refused).toContain('usr_bob: other-generation');

    await scene.contribute(session, dan);
    expect(await scene.complete(session.name)).toMatchObject({ state: 'done' });
    expect(await scene.importer.hasMaterial(scene.keyId)).toBe(true);
  });

  it('that nobody proved is replaced by the next one', async () => {
    const scene = await EscrowScene.make();
    await reshared(scene, await holders(3));
    await reshared(scene, await holders(4));

    expect(await scene.set(1)).toMatchObject({ state: 'active' });
    expect(await scene.set(2)).toMatchObject({
      state: 'retired',
      cause: 'its material was split again',
    });
    expect(await scene.set(3)).toMatchObject({ state: 'pending', total: 4 });
  });

  it('is refused for a circle that cannot be one', async () => {
    const scene = await EscrowScene.make();
    const next = { required: 1, custodians: scene.custodians };

    expect(await codeOf(scene.request({ purpose: 'reshare', next }))).toBe('ValidationFailed');
  });
});

describe('a proof of holding', () => {
  it('counts once for each custodian, and changes nothing of an active set', async () => {
    const scene = await EscrowScene.make();
    for (const holder of [...first(scene, 3), ...first(scene, 1)]) await scene.prove(holder);

    const { proofs, state } = await scene.set();
    expect(proofs.map(({ custodian }) => custodian)).toEqual(['usr_carol', 'usr_dan', 'usr_bob']);
    expect(state).toBe('active');
  });

  it('is refused when it is of another share, of nobody, or of a retired generation', async () => {
    const scene = await EscrowScene.make();
    const [bob, carol] = scene.custodians as [Holder, Holder];
    const proof = holdingProof(await scene.shareOf(carol));
    const [stranger] = (await holders(6)).slice(5) as [Holder];

    expect(await codeOf(scene.prove(bob, 1, proof))).toBe('ShareRefused');
    expect(await codeOf(scene.prove(stranger, 1, proof))).toBe('ShareRefused');
    expect(await codeOf(scene.prove(bob, 2, proof))).toBe('EscrowNotFound');
    expect((await scene.set()).proofs).toEqual([]);
  });

  it('is refused when the stored share was changed', async () => {
    const scene = await EscrowScene.make();
    const [bob] = scene.custodians as [Holder];
    const proof = holdingProof(await scene.shareOf(bob));
    const verifier = { verify: async () => false };

    const outcome = proveHolding(
      { ...scene.deps, verifier },
      {
        key: 'orders',
        version: 1,
        generation: 1,
        by: bob.sub,
        decision: PERMIT,
        proof,
      },
    );
    await expect(outcome).rejects.toMatchObject({
      code: 'ShareRefused',
      details: { custodian: 'usr_bob', fault: 'bad-signature' },
    });
  });
});
