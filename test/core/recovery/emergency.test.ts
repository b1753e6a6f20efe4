// SPDX-License-Identifier: Apache-2.0
// The kill switch that one person pulls alone: what it does at once, what it never does, and the review that stays open
// until a quorum has closed it.
import { beforeEach, describe, expect, it } from 'vitest';
import { actOf } from '#core/approvals/acts/all.ts';
import { verifyChain } from '#core/audit/chain.ts';
import { toEvent } from '#core/contract/events.ts';
import { executeApproved } from '#core/operations/execute-approved.ts';
import { disconnectAlone } from '#core/recovery/emergency.ts';
import { readRecovery } from '#core/recovery/key-store-recovery.ts';
import { recoverKeyStore } from '#core/recovery/recover-key-store.ts';
import { approvalOf, ask, vote } from '#test/support/approvals.ts';
import { MemoryRecoverySite } from '#test/support/recovery-site.ts';
import { ALICE, aWorld, KEY_STORE, PERMIT, type World } from '#test/support/world.ts';

let world: World;
let site: MemoryRecoverySite;
beforeEach(async () => {
  world = await aWorld();
  site = new MemoryRecoverySite();
  site.link = { ...site.link, state: 'CONNECTED', error: null };
});

const STREAM = `key-store/${KEY_STORE}`;
const alone = (header = '1', reason = 'hostile hands') =>
  disconnectAlone(world.deps, {
    keyStore: KEY_STORE,
    reason,
    by: ALICE.id,
    decision: PERMIT,
    claim: { scope: `alone/${header}`, bodyHash: reason },
  });

/** Plays the workflow, which has to come to its end without anybody. */
async function play(operationId: string): Promise<void> {
  const deps = { ...world.deps, site, zones: ['a', 'b'], patienceSeconds: 600 };
  const at = { keyStore: KEY_STORE, operationId, attempt: 1 };
  for (let looks = 0; looks < 20; looks += 1) {
    const { next } = await recoverKeyStore(deps, at);
    if (next === 'done') return;
    expect(['look', 'wait']).toContain(next);
  }
  throw new Error('it does not end');
}

const reviews = async () => (await world.ledger.readKeyStore(KEY_STORE))?.openReviews;
const askReview = (operationId: string) =>
  ask(world, 'break-glass.review', { operationId, parameters: { keyStore: KEY_STORE } });

describe('the kill switch in an emergency', () => {
  it('disconnects without any vote, says so in its record and event, and leaves a review open', async () => {
    const id = await alone();
    await play(id);

    expect(site.link.state).toBe('DISCONNECTED');
    expect(await readRecovery(world.ledger, KEY_STORE, id)).toMatchObject({
      kind: 'key-store.disconnect',
      state: 'done',
      approvalId: null,
      requestedBy: ALICE.id,
    });
    expect(await reviews()).toEqual([{ operationId: id, by: ALICE.id, at: expect.any(String) }]);
    const { records, head } = await world.ledger.readAudit(STREAM, 0, 100);
    expect(verifyChain(STREAM, records, head)).toBeNull();
    const started = records.find(({ action }) => action === 'recovery.started');
    expect(started && toEvent(started)).toMatchObject({
      name: 'recovery.started',
      detail: { kind: 'key-store.disconnect', isEmergency: true },
    });
  });

  it('is one recovery however often it is sent, and no other request under the same claim', async () => {
    const ids = await Promise.all([alone(), alone(), alone()]);
    expect(new Set(ids).size).toBe(1);
    expect(await reviews()).toHaveLength(1);
    await expect(alone('1', 'another reason')).rejects.toMatchObject({
      code: 'IdempotencyKeyReused',
    });
  });

  it('waits for what works on the key store, and pulls again once that is over', async () => {
    const first = await alone();
    await expect(alone('2')).rejects.toMatchObject({
      code: 'OperationInProgress',
      details: { operationId: first },
    });
    await play(first);
    // Somebody connected it again, past Keyturn.
    site.link = { ...site.link, state: 'CONNECTED' };
    await play(await alone('2'));
    expect(site.link.state).toBe('DISCONNECTED');
    expect(await reviews()).toHaveLength(2);
  });
});

describe('its review', () => {
  it('is closed by two custodians, once, and connects nothing', async () => {
    const id = await alone();
    const approval = await askReview(id);
    expect(approval).toMatchObject({
      class: 'key-store',
      key: null,
      rule: { required: 2 },
      what: expect.stringContaining(`${ALICE.id} disconnected key store ${KEY_STORE} alone`),
    });
    await vote(world, approval, 'bob');
    await executeApproved(world.deps, actOf, approval.id);
    expect(await reviews()).toHaveLength(1);
    // The recovery goes on meanwhile: it is the review that must not change.
    await play(id);
    await vote(world, approval, 'carol');
    await executeApproved(world.deps, actOf, approval.id);

    expect(await approvalOf(world, approval.id)).toMatchObject({
      state: 'executed',
      executedAs: id,
    });
    expect(await reviews()).toEqual([]);
    expect(site.link.state).toBe('DISCONNECTED');
    const { records, head } = await world.ledger.readAudit(STREAM, 0, 100);
    expect(verifyChain(STREAM, records, head)).toBeNull();
    const last = records.at(-1);
    expect(last).toMatchObject({
      action: 'recovery.reviewed',
      operationId: id,
      detail: { by: ALICE.id, approval: approval.id },
    });
    expect(last && toEvent(last)?.name).toBe('recovery.reviewed');
    await expect(askReview(id)).rejects.toMatchObject({ code: 'TransitionForbidden' });
  });

  it('is that of one operation: another one stays open', async () => {
    const first = await alone();
    await play(first);
    const second = await alone('2');
    const approval = await askReview(first);
    for (const user of ['bob', 'carol']) await vote(world, approval, user);
    await executeApproved(world.deps, actOf, approval.id);

    expect((await reviews())?.map(({ operationId }) => operationId)).toEqual([second]);
    await expect(askReview('op_other')).rejects.toMatchObject({ code: 'TransitionForbidden' });
  });
});
