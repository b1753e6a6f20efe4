// SPDX-License-Identifier: Apache-2.0
// Imported material on the running stack: its making puts it in escrow with the custodians' own keys, which they prove on
// their own machine; nobody brings shares together without signed votes.
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { holdingProof, openShare, sealTo } from '#client/cli/escrow-shares.ts';
import type { Client } from '#client/sdk/index.ts';
import { ended, freshName, keyRequest, person, workload } from './scene.ts';

let alice: Client;
let bob: Client;
let carol: Client;
let name: string;
beforeAll(async () => {
  [alice, bob, carol] = (await Promise.all(['alice', 'bob', 'carol'].map(person))) as [
    Client,
    Client,
    Client,
  ];
  name = freshName('escrowed');
  const { body } = await alice.createKey({ ...keyRequest(name), origin: 'EXTERNAL' });
  expect(await ended(alice, body.operationId)).toMatchObject({ state: 'done' });
});

/** What a seeded custodian holds on their machine. */
const identityOf = (user: string) =>
  join(dirname(dirname(inject('stack').caFile ?? '')), 'people', user, 'age.txt');

async function openedBy(who: Client, user: string) {
  const [share] = (await who.listShares(name)).body.items;
  if (!share) throw new Error(`${user} holds no share`);
  return { share, open: await openShare(share, identityOf(user)) };
}

describe('a key of imported material', () => {
  it('is in escrow with three custodians, and encrypts', async () => {
    const { body } = await alice.getEscrow(name);

    expect(body.sets).toMatchObject([
      { version: 1, generation: 1, state: 'active', required: 2, total: 3 },
    ]);
    expect(body.sets[0]?.custodians.map(({ sub }) => sub)).toEqual([
      'usr_bob',
      'usr_carol',
      'usr_dan',
    ]);
    const { api } = await workload();
    const { body: sealed } = await api.encrypt(name, { plaintext: 'b3JkZXI=' });
    const { body: opened } = await api.decrypt(name, { ciphertext: sealed.ciphertext });
    expect(opened.plaintext).toBe('b3JkZXI=');
  });

  it('gives each custodian their own share, which they can open and prove, and nobody else', async () => {
    const { share, open } = await openedBy(bob, 'bob');
    expect(share).toMatchObject({ custodian: 'usr_bob', index: 1 });
    await expect(openShare(share, identityOf('carol'))).rejects.toThrow('does not open');
    const proof = { version: 1, generation: 1, proof: holdingProof(open) };

    const { body } = await bob.proveShare(name, proof);
    expect(body.custodians.find(({ sub }) => sub === 'usr_bob')?.provenAt).not.toBeNull();
    await expect(carol.proveShare(name, proof)).rejects.toMatchObject({ code: 'ShareRefused' });
    await expect(alice.listShares(name)).rejects.toMatchObject({ code: 'AccessDenied' });
  });

  it('is in escrow anew with its next version', async () => {
    const { body } = await alice.startRotation(name);
    expect(await ended(alice, body.operationId)).toMatchObject({ state: 'done' });

    const { sets } = (await alice.getEscrow(name)).body;
    expect(sets.map(({ version, state }) => [version, state])).toEqual([
      [1, 'active'],
      [2, 'active'],
    ]);
    expect(sets[0]?.setId).not.toBe(sets[1]?.setId);
  });
});

describe('a session', () => {
  it('waits for signed votes: without them no share is taken, and none is opened', async () => {
    const { body } = await alice.startEscrowSession(name, { purpose: 'recover', version: 1 });
    const { session, approvalId, digest } = body;
    const approval = { decision: 'approve' as const, digest: digest ?? '' };
    const target = { key: name, session: session.id };

    await expect(bob.castVote(approvalId ?? '', approval)).rejects.toMatchObject({ status: 403 });
    const { open } = await openedBy(bob, 'bob');
    const sealed = await sealTo(open, session.recipient);
    await expect(bob.contributeShare(target, { sealed })).rejects.toMatchObject({
      code: 'TransitionForbidden',
    });
    await expect(alice.completeEscrowSession(target)).rejects.toMatchObject({
      code: 'TransitionForbidden',
    });
    expect((await alice.cancelEscrowSession(target)).body.state).toBe('cancelled');
  });
});
