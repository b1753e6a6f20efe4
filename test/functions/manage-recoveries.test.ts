// SPDX-License-Identifier: Apache-2.0
// Recoveries over the real middleware: who may ask, what is refused, and that asking alone recovers nothing.
import '#test/support/functions.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { actOf } from '#core/approvals/acts/all.ts';
import { executeApproved } from '#core/operations/execute-approved.ts';
import { parkRecovery } from '#core/recovery/key-store-recovery.ts';
import { approvalOf, vote } from '#test/support/approvals.ts';
import { type Call, current, renewWorld, request } from '#test/support/functions.ts';

const { handler } = await import('#functions/manage-recoveries/handler.ts');

beforeEach(async () => {
  await renewWorld();
});

const BODY = { kind: 'key-store.restore', reason: 'the cluster was emptied' };
const start = (user: string, call: Partial<Call> = {}) =>
  request(handler, 'startRecovery', {
    as: { person: user },
    headers: { 'Idempotency-Key': 'start-1' },
    body: BODY,
    ...call,
  });
const show = (id: string, user = 'ada') =>
  request(handler, 'getRecovery', { as: { person: user }, path: { id } });
const resume = (id: string, user = 'alice') =>
  request(handler, 'resumeRecovery', { as: { person: user }, path: { id } });

async function begun(): Promise<string> {
  const { approvalId } = (await start('alice')).body;
  const approval = await approvalOf(current.world, approvalId);
  for (const user of ['bob', 'carol', 'dan']) await vote(current.world, approval, user);
  const { executedAs } = await executeApproved(current.world.deps, actOf, approval.id);
  return executedAs ?? '';
}

describe('asking for a recovery', () => {
  it('opens one request that three custodians sign, and begins nothing', async () => {
    const first = await start('alice');
    const again = await start('alice');

    expect(first.status).toBe(202);
    expect(again.body.approvalId).toBe(first.body.approvalId);
    expect(await approvalOf(current.world, first.body.approvalId)).toMatchObject({
      action: 'key-store.recover',
      rule: { required: 3, signed: true },
      parameters: { keyStore: 'main', kind: 'key-store.restore', backupId: null },
    });
    expect((await current.world.ledger.readKeyStore('main'))?.state).toBe('done');
    expect(await current.world.ledger.readRecoveries('main')).toEqual([]);
  });

  it('asks by an act of its own for the kill switch', async () => {
    const body = { kind: 'key-store.disconnect', reason: 'the HSMs are in hostile hands' };
    const { approvalId } = (await start('alice', { body })).body;
    expect(await approvalOf(current.world, approvalId)).toMatchObject({
      action: 'key-store.disconnect',
      rule: { required: 3, signed: true },
    });
  });

  it.each([
    ['of another kind', { ...BODY, kind: 'key-store.move' }, 400],
    ['without a reason', { kind: BODY.kind }, 400],
    ['with what is no backup', { ...BODY, backupId: '../x' }, 400],
    [
      'to reconnect with a backup',
      { ...BODY, kind: 'key-store.reconnect', backupId: 'backup-aaaaaaaaaaa' },
      400,
    ],
    ['of a key store that is named', { ...BODY, keyStore: 'other' }, 400],
  ])('is refused %s', async (_what, body, status) => {
    expect((await start('alice', { body })).status).toBe(status);
    expect(current.world.workflows.started).toEqual([]);
  });

  it.each(['olga', 'bob', 'ada'])('is not for %s', async (user) => {
    expect((await start(user)).status).toBe(403);
  });

  it('is refused while one runs, which is named', async () => {
    const id = await begun();
    const second = await start('alice', { headers: { 'Idempotency-Key': 'start-2' } });

    expect(second).toMatchObject({ status: 409, body: { operationId: id } });
  });
});

describe('the kill switch in an emergency', () => {
  const BY_ONE = { kind: 'key-store.disconnect', reason: 'hostile hands', emergency: true };

  it('begins at once, once, and asks a quorum for its review', async () => {
    const first = await start('alice', { body: BY_ONE });
    const again = await start('alice', { body: BY_ONE });

    const { operationId: id, reviewId } = first.body;
    expect(first).toMatchObject({ status: 202, body: { approvalId: null, digest: null } });
    expect(again.body).toEqual(first.body);
    expect(await approvalOf(current.world, reviewId)).toMatchObject({
      action: 'break-glass.review',
      state: 'pending',
      operationId: id,
    });
    const started = current.world.workflows.started.filter(
      ({ kind }) => kind === 'recover-key-store',
    );
    expect(started.map(({ operationId }) => operationId)).toEqual(expect.arrayContaining([id]));
    expect(new Set(started.map(({ operationId }) => operationId)).size).toBe(1);
    expect((await show(id)).body).toMatchObject({ approvalId: null, isReviewOpen: true });

    const review = await approvalOf(current.world, reviewId);
    for (const user of ['bob', 'carol']) await vote(current.world, review, user);
    await executeApproved(current.world.deps, actOf, review.id);
    expect((await show(id)).body).toMatchObject({ approvalId: null, isReviewOpen: false });
  });

  it.each(['key-store.restore', 'key-store.reconnect'])('never begins a %s', async (kind) => {
    const answer = await start('alice', { body: { ...BY_ONE, kind } });
    expect(answer).toMatchObject({ status: 400, body: { code: 'ValidationFailed' } });
    expect(await current.world.ledger.readRecoveries('main')).toEqual([]);
  });

  it.each(['olga', 'bob', 'ada'])('is not for %s', async (user) => {
    expect((await start(user, { body: BY_ONE })).status).toBe(403);
    expect(current.world.workflows.started).toEqual([]);
  });
});

describe('a recovery', () => {
  it('is shown and listed, and 404 when there is none', async () => {
    const id = await begun();
    expect((await show(id)).body).toMatchObject({
      id,
      state: 'running',
      phase: 'diagnose',
      recoverySeconds: null,
    });
    const list = await request(handler, 'listRecoveries', { as: { person: 'olga' } });
    expect(list.body.items.map((one: { id: string }) => one.id)).toEqual([id]);
    expect((await show('op_none')).status).toBe(404);
  });

  it('is resumed by operators alone, as its next attempt', async () => {
    const id = await begun();
    const at = { keyStore: 'main', operationId: id, attempt: 1 };
    await parkRecovery(current.world.deps, at, 'no backup');
    expect((await show(id)).body).toMatchObject({ state: 'parked', cause: 'no backup' });

    expect((await resume(id, 'bob')).status).toBe(403);
    expect(await resume(id)).toMatchObject({ status: 200, body: { attempt: 2, state: 'running' } });
    expect(current.world.workflows.started.at(-1)).toMatchObject({
      kind: 'recover-key-store',
      operationId: id,
      attempt: 2,
    });
    expect((await resume('op_none')).status).toBe(404);
  });
});
