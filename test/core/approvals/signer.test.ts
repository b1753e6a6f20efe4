// SPDX-License-Identifier: Apache-2.0
// Passkeys: who may have one let in, that one key is one person's, and that a removed one proves nothing.
import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { verifyChain } from '#core/audit/chain.ts';
import { removePasskey } from '#core/operations/passkeys.ts';
import { execute, vote } from '#test/support/approvals.ts';
import { seeded } from '#test/support/elevations.ts';
import { SoftwarePasskey } from '#test/support/passkey.ts';
import { askSigner, enrolled, signersOf } from '#test/support/signers.ts';
import { aWorld, PERMIT, type World } from '#test/support/world.ts';

let world: World;
beforeEach(async () => {
  world = await aWorld();
});
const remove = (id: string, user = 'bob') =>
  removePasskey(world.deps, { id, by: seeded(user), decision: PERMIT });

describe('a passkey', () => {
  it('is let in by two others, and its request says whose it is and which', async () => {
    const key = new SoftwarePasskey();
    const approval = await askSigner(world, 'carol', key);
    expect(approval).toMatchObject({
      what: expect.stringMatching(
        /^Let carol sign votes with the passkey "a key" \(public key [0-9a-f]{12}\)$/,
      ),
      rule: { name: 'keys-of-custodians', required: 2 },
      parameters: { person: 'usr_carol', publicKey: key.publicKey },
    });
    await expect(vote(world, approval, 'carol')).rejects.toMatchObject({ code: 'NotEligible' });
    await vote(world, approval, 'dan');
    expect((await execute(world, approval)).state).toBe('pending');
    expect(await signersOf(world)).toEqual([]);
    await vote(world, approval, 'erin');
    expect((await execute(world, approval)).state).toBe('executed');

    expect(await signersOf(world)).toMatchObject([
      {
        sub: 'usr_carol',
        user: 'carol',
        credentialId: key.credentialId,
        publicKey: key.publicKey,
        transports: ['usb', 'nfc'],
        approvalId: approval.id,
        removedAt: null,
      },
    ]);
    expect((await execute(world, approval)).state).toBe('executed');
    expect(await signersOf(world)).toHaveLength(1);
  });

  it("is one person's: the same credential or the same public key is refused, removed ones too", async () => {
    const key = new SoftwarePasskey();
    const { id } = await enrolled(world, 'carol', key);
    const other = new SoftwarePasskey();
    const refused = { code: 'TransitionForbidden' };
    await expect(askSigner(world, 'bob', key)).rejects.toMatchObject(refused);
    const sameKey = { publicKey: key.publicKey };
    await expect(askSigner(world, 'bob', other, sameKey)).rejects.toMatchObject(refused);
    const sameId = { credentialId: key.credentialId };
    await expect(askSigner(world, 'bob', other, sameId)).rejects.toMatchObject(refused);
    await remove(id, 'carol');
    await expect(askSigner(world, 'carol', key)).rejects.toMatchObject(refused);
  });

  it('that two people ask for is let in for the first of them', async () => {
    const key = new SoftwarePasskey();
    const ofBob = await askSigner(world, 'bob', key);
    const ofCarol = await askSigner(world, 'carol', key);
    for (const approval of [ofBob, ofCarol])
      for (const voter of ['dan', 'erin']) await vote(world, approval, voter);

    expect((await execute(world, ofBob)).state).toBe('executed');
    expect((await execute(world, ofCarol)).state).toBe('lapsed');
    expect(await signersOf(world)).toMatchObject([{ user: 'bob' }]);
  });

  it('is not let in for strangers, for another domain, with an odd key, or where none are taken', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
    const odd = publicKey.export({ format: 'der', type: 'spki' }).toString('base64url');
    for (const patch of [{ person: 'usr_nobody' }, { rpId: 'evil.example' }, { publicKey: odd }])
      await expect(askSigner(world, 'carol', new SoftwarePasskey(), patch)).rejects.toMatchObject({
        code: 'TransitionForbidden',
      });
    const deps = { ...world.deps, passkeySite: null };
    const { enrollSigner } = await import('#core/approvals/acts/enroll-signer.ts');
    const request = { key: null, version: null, operationId: null, parameters: {} };
    await expect(enrollSigner.describe(deps, request)).rejects.toMatchObject({
      code: 'NotServedHere',
    });
  });

  it('is not let in when its person changed groups meanwhile', async () => {
    const approval = await askSigner(world, 'carol');
    for (const voter of ['dan', 'erin']) await vote(world, approval, voter);
    world.people = world.people.map((one) =>
      one.user === 'carol' ? { ...one, groups: ['grp_custodians', 'grp_operators'] } : one,
    );
    expect((await execute(world, approval)).state).toBe('lapsed');
  });

  it('is one of five at most', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) ids.push((await enrolled(world, 'carol')).id);
    await expect(askSigner(world, 'carol')).rejects.toMatchObject({ code: 'TransitionForbidden' });
    await remove(ids[0] ?? '', 'carol');
    await enrolled(world, 'carol');
  });

  it('is removed once, in the audit of the request that let it in', async () => {
    const { id, approvalId } = await enrolled(world, 'carol');
    const removed = await remove(id);
    expect(removed).toMatchObject({ removedBy: 'usr_bob' });
    world.clock.advance(60);
    expect(await remove(id, 'dan')).toEqual(removed);
    await expect(remove('pky_00000000000000000000000009')).rejects.toMatchObject({
      code: 'SignerNotFound',
    });

    const { records, head } = await world.store.readAudit(`approval/${approvalId}`, 0, 100);
    expect(records.map(({ action }) => action).slice(-2)).toEqual([
      'approval.executed',
      'signer.removed',
    ]);
    expect(verifyChain(`approval/${approvalId}`, records, head)).toBeNull();
  });
});
