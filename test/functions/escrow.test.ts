// SPDX-License-Identifier: Apache-2.0
// Escrow through the API: operators ask, people decide, custodians hand in, one function ends it.
import { beforeEach, describe, expect, it } from 'vitest';
import type { RouteId } from '#core/contract/routes.ts';
import { holdingProof } from '#core/escrow/open-share.ts';
import { askForSession } from '#core/operations/request-escrow.ts';
import { approvalOf, execute, vote } from '#test/support/approvals.ts';
import { ESCROW, type Holder } from '#test/support/escrow.ts';
import { importer } from '#test/support/escrow-functions.ts';
import { EscrowScene } from '#test/support/escrow-scene.ts';
import { type Call, current, renewWorld, request } from '#test/support/functions.ts';
import { withActiveKey } from '#test/support/steps.ts';

const manageEscrow = (await import('#functions/manage-escrow/handler.ts')).handler;
const recoverEscrow = (await import('#functions/recover-escrow/handler.ts')).handler;
const manage = (id: RouteId, call: Call) => request(manageEscrow, id, call);
const recover = (id: RouteId, call: Call) => request(recoverEscrow, id, call);
const ORDERS = { name: 'orders' };
const alice = { person: 'alice' };

let scene: EscrowScene;
beforeEach(async () => {
  scene = await EscrowScene.over(await withActiveKey(await renewWorld()));
});

const start = (body: unknown, key = 'k1') =>
  manage('startEscrowSession', {
    as: alice,
    path: ORDERS,
    headers: { 'Idempotency-Key': key },
    body,
  });

/** A session that two custodians approved. */
async function approved(body: unknown = { purpose: 'recover' }) {
  const { body: answer } = await start(body);
  const approval = await approvalOf(current.world, answer.approvalId);
  await vote(current.world, approval, 'bob');
  await vote(current.world, approval, 'carol');
  await execute(current.world, approval);
  return answer.session;
}

/** A custodian fetches their share, opens it with their own key and seals it to the session. */
async function handIn(session: { id: string; recipient: string }, { sub, identity }: Holder) {
  const as = { person: sub.replace('usr_', '') };
  const { body } = await manage('listShares', { as, path: ORDERS });
  const [share] = body.items;
  const open = await ESCROW.sealer.open(Buffer.from(share.sealed, 'base64'), identity);
  const sealed = await ESCROW.sealer.seal(open ?? new Uint8Array(), session.recipient);
  const call: Call = {
    as,
    path: { ...ORDERS, session: session.id },
    body: { sealed: Buffer.from(sealed).toString('base64') },
  };
  return manage('contributeShare', call);
}

const complete = (session: { id: string }) =>
  recover('completeEscrowSession', { as: alice, path: { ...ORDERS, session: session.id } });

describe('a recovery', () => {
  it('is asked for, approved, contributed to and completed', async () => {
    const session = await approved();
    for (const holder of scene.custodians.slice(0, 3)) {
      expect(await handIn(session, holder)).toMatchObject({ status: 200 });
    }

    const { status, body } = await complete(session);

    expect(status).toBe(200);
    expect(body).toMatchObject({
      state: 'done',
      used: ['usr_bob', 'usr_carol', 'usr_dan'],
      refused: null,
    });
    expect(await importer.hasMaterial(scene.keyId)).toBe(true);
  });

  it('waits for people: its request names the one-time key that shares will be sealed to', async () => {
    const { status, body, headers } = await start({ purpose: 'recover', reason: 'expired' });

    expect(status).toBe(202);
    expect(headers['location']).toBe(`/v1/approvals/${body.approvalId}`);
    expect(body.session).toMatchObject({ state: 'requested', purpose: 'recover', required: 3 });
    const { parameters, rule, reason } = await approvalOf(current.world, body.approvalId);
    expect(parameters).toMatchObject({
      session: body.session.id,
      recipient: body.session.recipient,
    });
    expect(rule.signed).toBe(true);
    expect(reason).toBe('expired');
    expect(await complete(body.session)).toMatchObject({
      status: 409,
      body: { code: 'TransitionForbidden' },
    });
  });

  it('is the same for the same Idempotency-Key, and another body is refused', async () => {
    const first = await start({ purpose: 'recover' });
    const again = await start({ purpose: 'recover' });
    const other = await start({ purpose: 'recover', version: 1 });

    expect(again.body).toMatchObject({
      approvalId: first.body.approvalId,
      session: { id: first.body.session.id },
    });
    expect(other).toMatchObject({ status: 422, body: { code: 'IdempotencyKeyReused' } });
    expect(await start({ purpose: 'recover' }, 'k2')).toMatchObject({ status: 409 });
  });

  it('whose session was cancelled cannot be approved into being', async () => {
    const { body } = await start({ purpose: 'recover' });
    const path = { ...ORDERS, session: body.session.id };
    expect(await manage('cancelEscrowSession', { as: alice, path })).toMatchObject({
      status: 200,
      body: { state: 'cancelled' },
    });
    const approval = await approvalOf(current.world, body.approvalId);
    await vote(current.world, approval, 'bob');
    await vote(current.world, approval, 'carol');

    expect((await execute(current.world, approval)).state).toBe('lapsed');
  });

  it('leaves no session behind when nobody can be asked', async () => {
    const rules = current.world.rules;
    current.world.rules = rules.filter(({ actions }) => !actions.includes('escrow.recover'));

    const outcome = askForSession(
      { ...current.world.deps, ...scene.deps, ids: current.world.ids },
      {
        key: 'orders',
        version: null,
        purpose: 'recover',
        next: null,
        reason: null,
        by: 'usr_alice',
        decision: { effect: 'permit', rule: 'test' },
        principal: { id: 'usr_alice', kind: 'person', name: 'alice', groups: [] },
        claim: { scope: 's', bodyHash: 'b' },
      },
    );

    await expect(outcome).rejects.toMatchObject({ code: 'ApprovalImpossible' });
    current.world.rules = rules;
    expect((await start({ purpose: 'recover' })).status).toBe(202);
  });

  it('names who sent too little, and changes nothing', async () => {
    const session = await approved();
    for (const holder of scene.custodians.slice(0, 2)) await handIn(session, holder);

    expect(await complete(session)).toMatchObject({
      status: 409,
      body: { code: 'EscrowIncomplete', detail: '2 of 3 needed shares hold' },
    });
    const { body } = await manage('getEscrow', { as: alice, path: ORDERS });
    expect(body.sessions[0]).toMatchObject({
      state: 'open',
      contributed: ['usr_bob', 'usr_carol'],
      missing: ['usr_dan', 'usr_erin', 'usr_frank'],
      refused: '2 of 3 needed shares hold',
    });
  });
});

describe('what is shown', () => {
  it('is never a sealed identity, a contribution, or the share of another', async () => {
    const session = await approved();
    await handIn(session, scene.custodians[0] as Holder);
    const { body } = await manage('getEscrow', { as: { person: 'ada' }, path: ORDERS });
    const text = JSON.stringify(body);

    expect(text).not.toContain('AGE-SECRET-KEY');
    expect(text).not.toContain('sealed');
    const shares = await manage('listShares', { as: { person: 'dan' }, path: ORDERS });
    expect(shares.body.items.map(({ custodian }: { custodian: string }) => custodian)).toEqual([
      'usr_dan',
    ]);
  });

  it('of shares is for custodians, and of sessions for operators', async () => {
    expect((await manage('listShares', { as: alice, path: ORDERS })).status).toBe(403);
    const call = { as: { person: 'bob' }, path: ORDERS, headers: { 'Idempotency-Key': 'k' } };
    expect(
      (await manage('startEscrowSession', { ...call, body: { purpose: 'recover' } })).status,
    ).toBe(403);
  });
});

describe('a re-share', () => {
  it('names custodians of the directory who have an age key', async () => {
    const body = { purpose: 'reshare', required: 2, custodians: ['bob', 'olga', 'nobody'] };

    expect(await start(body)).toMatchObject({
      status: 400,
      body: {
        code: 'ValidationFailed',
        errors: [{ pointer: '/custodians/1' }, { pointer: '/custodians/2' }],
      },
    });
  });

  it.each([
    { purpose: 'reshare' },
    { purpose: 'reshare', required: 2 },
    { purpose: 'recover', required: 2, custodians: ['bob', 'carol'] },
  ])('is complete, or refused: %j', async (body) => {
    expect((await start(body)).status).toBe(400);
  });

  it('is approved with its circle, and proven before it is in force', async () => {
    const custodians = ['bob', 'usr_carol', 'dan'];
    const session = await approved({ purpose: 'reshare', required: 2, custodians });
    expect(session.next.custodians.map(({ sub }: { sub: string }) => sub)).toEqual([
      'usr_bob',
      'usr_carol',
      'usr_dan',
    ]);
    for (const holder of scene.custodians.slice(0, 3)) await handIn(session, holder);
    expect((await complete(session)).body.state).toBe('done');

    const { body } = await manage('getEscrow', { as: alice, path: ORDERS });
    expect(body.sets.map(({ state }: { state: string }) => state)).toEqual(['active', 'pending']);
  });
});

describe('a proof', () => {
  it('is taken from the custodian alone whose share it is of', async () => {
    const [bob] = scene.custodians as [Holder];
    const proof = holdingProof(await scene.shareOf(bob));
    const body = { version: 1, generation: 1, proof };

    const taken = await manage('proveShare', { as: { person: 'bob' }, path: ORDERS, body });
    expect(taken.status).toBe(200);
    expect(taken.body.custodians[0]).toMatchObject({ sub: 'usr_bob' });
    expect(taken.body.custodians[0].provenAt).not.toBeNull();
    expect(await manage('proveShare', { as: { person: 'dan' }, path: ORDERS, body })).toMatchObject(
      {
        status: 422,
        body: { code: 'ShareRefused' },
      },
    );
  });
});
