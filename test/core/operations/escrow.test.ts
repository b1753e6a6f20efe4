// SPDX-License-Identifier: Apache-2.0
// Sessions of escrow: shares brought together, and the material that they give back.
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { completeEscrow } from '#core/operations/complete-escrow.ts';
import { contributeShare } from '#core/operations/contribute-share.ts';
import { cancelSession } from '#core/operations/escrow-session.ts';
import { type Holder, holders } from '#test/support/escrow.ts';
import { codeOf, EscrowScene, first } from '#test/support/escrow-scene.ts';
import { PERMIT } from '#test/support/world.ts';

describe('a recovery', () => {
  it('imports the same material again, of any shares that are enough', async () => {
    const scene = await EscrowScene.make();
    const session = await scene.requestAndOpen();
    for (const holder of first(scene, 3)) await scene.contribute(session, holder);
    scene.importer.lose(scene.keyId);

    expect(await scene.complete(session.name)).toMatchObject({
      state: 'done',
      used: ['usr_bob', 'usr_carol', 'usr_dan'],
      refused: null,
      sealedIdentity: null,
      contributions: [],
    });
    expect(await scene.importer.hasMaterial(scene.keyId)).toBe(true);
    expect((await scene.set()).openedAt).not.toBeNull();
    expect((await scene.world.actions()).slice(-6)).toEqual([
      'escrow.session-opened',
      'escrow.contributed',
      'escrow.contributed',
      'escrow.contributed',
      'escrow.opening',
      'escrow.recover-done',
    ]);
  });

  it('with too few shares is refused, says so in the log, and goes on when more come', async () => {
    const scene = await EscrowScene.make();
    const session = await scene.requestAndOpen();
    for (const holder of first(scene, 2)) await scene.contribute(session, holder);
    scene.importer.lose(scene.keyId);

    expect(await codeOf(scene.complete(session.name))).toBe('EscrowIncomplete');
    expect(await scene.importer.hasMaterial(scene.keyId)).toBe(false);
    expect((await scene.session(session.name)).refused).toBe('2 of 3 needed shares hold');
    expect((await scene.world.actions()).at(-1)).toBe('escrow.refused');

    await scene.contribute(session, scene.custodians[4] as Holder);
    expect(await scene.complete(session.name)).toMatchObject({ state: 'done' });
  });

  it('names each share that does not hold and uses the others', async () => {
    const scene = await EscrowScene.make();
    const session = await scene.requestAndOpen();
    const [bob, carol, dan, erin, frank] = scene.custodians as [
      Holder,
      Holder,
      Holder,
      Holder,
      Holder,
    ];
    const bent = Uint8Array.from(await scene.shareOf(bob));
    bent[50] = (bent[50] ?? 0) ^ 1;
    await scene.contribute(session, bob, bent);
    await scene.contribute(session, carol, await scene.shareOf(dan));
    for (const holder of [dan, erin, frank]) await scene.contribute(session, holder);

    expect(await scene.complete(session.name)).toMatchObject({
      used: ['usr_dan', 'usr_erin', 'usr_frank'],
      refused: 'usr_bob: bent; usr_carol: another-custodians',
    });
  });

  it('takes a better share in place of one that was sent before', async () => {
    const scene = await EscrowScene.make(2, 2);
    const session = await scene.requestAndOpen();
    const [bob, carol] = scene.custodians as [Holder, Holder];
    await scene.contribute(session, bob, Buffer.from('not a share'));
    await scene.contribute(session, carol);
    expect(await codeOf(scene.complete(session.name))).toBe('EscrowIncomplete');

    await scene.contribute(session, bob);
    expect(await scene.complete(session.name)).toMatchObject({ state: 'done', refused: null });
  });

  it('with the right shares of the wrong material imports nothing', async () => {
    const scene = await EscrowScene.make();
    const session = await scene.requestAndOpen();
    for (const holder of first(scene, 3)) await scene.contribute(session, holder);
    const imported: string[] = [];
    const deps = {
      ...scene.deps,
      splitter: { ...scene.deps.splitter, combine: async () => Uint8Array.from(randomBytes(32)) },
      importer: {
        ...scene.importer,
        importMaterial: async (id: string) => void imported.push(id),
        hasMaterial: async () => false,
        expiryOf: async () => null,
      },
    };

    const outcome = completeEscrow(deps, {
      key: 'orders',
      session: session.name,
      by: 'usr_alice',
      decision: PERMIT,
    });

    expect(await codeOf(outcome)).toBe('EscrowCheckFailed');
    expect(imported).toEqual([]);
  });

  it('can be completed again when it was stopped between import and record', async () => {
    const scene = await EscrowScene.make();
    const session = await scene.requestAndOpen();
    for (const holder of first(scene, 3)) await scene.contribute(session, holder);
    let commits = 0;
    scene.world.onCall = ({ method, phase }) => {
      if (method === 'commit' && phase === 'before' && ++commits === 2)
        throw new Error('the function was stopped');
    };
    await expect(scene.complete(session.name)).rejects.toThrow('stopped');
    scene.world.onCall = () => {};

    expect(await scene.complete(session.name)).toMatchObject({ state: 'done' });
    expect(
      (await scene.world.actions()).filter((action) => action === 'escrow.opening'),
    ).toHaveLength(2);
  });

  it('leaves no open share and no material in memory', async () => {
    const scene = await EscrowScene.make();
    const session = await scene.requestAndOpen();
    for (const holder of first(scene, 3)) await scene.contribute(session, holder);
    const seen: Uint8Array[] = [];
    const keep = <T>(bytes: T) => {
      if (bytes instanceof Uint8Array) seen.push(bytes);
      return bytes;
    };
    const { sealer, splitter } = scene.deps;
    const deps = {
      ...scene.deps,
      sealer: {
        ...sealer,
        open: async (...given: Parameters<typeof sealer.open>) => keep(await sealer.open(...given)),
      },
      splitter: {
        ...splitter,
        combine: async (...given: Parameters<typeof splitter.combine>) =>
          keep(await splitter.combine(...given)),
      },
    };
    await completeEscrow(deps, {
      key: 'orders',
      session: session.name,
      by: 'usr_alice',
      decision: PERMIT,
    });

    expect(seen).toHaveLength(4);
    for (const bytes of seen) expect([...bytes].every((byte) => byte === 0)).toBe(true);
  });
});

describe('a session', () => {
  it('takes nothing before it was approved, after it was cancelled, or when it has expired', async () => {
    const scene = await EscrowScene.make();
    const [bob] = scene.custodians as [Holder];
    const requested = await scene.request();
    expect(await codeOf(scene.contribute(requested, bob))).toBe('TransitionForbidden');
    expect(await codeOf(scene.complete(requested.name))).toBe('TransitionForbidden');

    const session = await scene.open(requested.name);
    scene.world.clock.advance(3 * 86_400 + 1);
    expect(await codeOf(scene.contribute(session, bob))).toBe('TransitionForbidden');

    const another = await scene.requestAndOpen();
    const cancel = {
      key: 'orders',
      session: another.name,
      by: 'usr_alice',
      decision: PERMIT,
    };
    expect(await cancelSession(scene.deps, cancel)).toMatchObject({
      state: 'cancelled',
      sealedIdentity: null,
    });
    expect(await codeOf(scene.contribute(another, bob))).toBe('TransitionForbidden');
    expect(await codeOf(cancelSession(scene.deps, cancel))).toBe('TransitionForbidden');
    expect(await codeOf(scene.open(another.name))).toBe('TransitionForbidden');
  });

  it('is one at a time', async () => {
    const scene = await EscrowScene.make();
    await scene.request();

    expect(await codeOf(scene.request())).toBe('OperationInProgress');
  });

  it('needs a version with material in escrow', async () => {
    const scene = await EscrowScene.make();

    expect(await codeOf(scene.request({ version: 7 }))).toBe('EscrowNotFound');
    expect(await codeOf(scene.complete('ers_none'))).toBe('EscrowNotFound');
  });

  it('takes shares of custodians alone, and age files alone', async () => {
    const scene = await EscrowScene.make(2, 3);
    const session = await scene.requestAndOpen();
    const [stranger] = (await holders(4)).slice(3) as [Holder];
    const [bob] = scene.custodians as [Holder];

    expect(await codeOf(scene.contribute(session, stranger, randomBytes(74)))).toBe('ShareRefused');
    const open = Buffer.from(await scene.shareOf(bob)).toString('base64');
    const outcome = contributeShare(scene.deps, {
      key: 'orders',
      by: bob.sub,
      decision: PERMIT,
      session: session.name,
      sealed: open,
    });
    expect(await codeOf(outcome)).toBe('ShareRefused');
    expect((await scene.session(session.name)).contributions).toEqual([]);
  });
});
