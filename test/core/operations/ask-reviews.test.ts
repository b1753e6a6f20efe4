// SPDX-License-Identifier: Apache-2.0
// What somebody did alone is asked about until a quorum has looked at it, whatever became of the requests before.
import { beforeEach, describe, expect, it } from 'vitest';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { askReview, tendReviews } from '#core/operations/ask-reviews.ts';
import { containKey } from '#core/operations/contain-key.ts';
import { admitScope, type ContainScopeInput } from '#core/operations/contain-scope.ts';
import { sweepScope } from '#core/operations/sweep-scope.ts';
import { cancelApproval, tendApproval } from '#core/operations/tend-approval.ts';
import { disconnectAlone } from '#core/recovery/emergency.ts';
import { execute, vote } from '#test/support/approvals.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, KEY_STORE, PERMIT, type World } from '#test/support/world.ts';

const REASON = 'seen in a public log';
const SCOPE = { kind: 'owner', value: 'olga' } as const;
const DAY = 86_400;
let world: World;
let claims: number;
beforeEach(async () => {
  world = await withActiveKey(await aWorld());
  claims = 0;
});

const said = () => {
  claims += 1;
  const scope = [...`${claims}`.padStart(64, '0')].reverse().join('');
  return {
    ...{ mode: null, reason: REASON, occurredAt: null, isEmergency: true },
    ...{ by: ALICE.id, decision: PERMIT, claim: { scope, bodyHash: 'body' } },
  };
};
async function ofKey() {
  const input = { key: 'orders', version: null, kind: 'suspension', ...said() } as const;
  return (await containKey(world.deps, input)).operationId;
}
async function ofScope(more: Partial<ContainScopeInput> = {}) {
  const asked = { scope: SCOPE, kind: 'suspension', ...said(), ...more } as const;
  return (await admitScope(world.deps, asked)).containment.id;
}
const ofKeyStore = () =>
  disconnectAlone(world.deps, { keyStore: KEY_STORE, ...said(), reason: REASON });
const look = () => tendReviews(world.deps);
async function requests(): Promise<readonly ApprovalRecord[]> {
  const lists = await Promise.all(
    (['open', 'ended'] as const).map((filter) => world.store.listApprovals(filter, null, 100)),
  );
  return lists.flatMap(({ items }) => items).sort((a, b) => (a.id < b.id ? -1 : 1));
}
async function last(): Promise<ApprovalRecord> {
  const found = (await requests()).at(-1);
  if (!found) throw new Error('nobody was asked');
  return found;
}
async function expire() {
  const { id, closesAt } = await last();
  world.clock.advance((Date.parse(closesAt) - Date.parse(world.clock.now())) / 1000);
  expect((await tendApproval(world.deps, id)).state).toBe('expired');
}

describe.each([
  ['a key', ofKey],
  ['a scope', ofScope],
  ['the key store', ofKeyStore],
])('the review of who stopped %s alone', (_what, stop) => {
  it('is asked for by the schedule when the call could not, of others than who acted', async () => {
    const operationId = await stop();
    expect(await look()).toEqual({ asked: 0, failed: 0 });
    world.clock.advance(60);
    expect(await look()).toEqual({ asked: 1, failed: 0 });
    expect(await last()).toMatchObject({
      ...{ action: 'break-glass.review', operationId, requestedBy: ALICE.id, reason: REASON },
    });
    expect((await last()).roster.map(({ sub }) => sub)).not.toContain(ALICE.id);
  });

  it('is asked for again when nobody decided, as often as it takes, and by one request at a time', async () => {
    const operationId = await stop();
    const first = await askReview(world.deps, operationId, ALICE);
    world.clock.advance(3600);
    expect(await look()).toMatchObject({ asked: 0 });
    expect(await askReview(world.deps, operationId, ALICE)).toBe(first);
    for (let round = 2; round < 4; round += 1) {
      await expire();
      world.clock.advance(900);
      await Promise.all([look(), look()]);
      expect(await requests()).toHaveLength(round);
      expect((await last()).requesterName).toBe('alice');
    }
  });

  it('is asked for again when it is taken back, and a day later when it is denied', async () => {
    const operationId = await stop();
    await askReview(world.deps, operationId, ALICE);
    await cancelApproval(world.deps, { id: (await last()).id, by: ALICE, decision: PERMIT });
    world.clock.advance(900);
    expect(await look()).toMatchObject({ asked: 1 });
    await vote(world, await last(), 'bob', { decision: 'deny' });
    expect((await last()).state).toBe('denied');
    world.clock.advance(900);
    expect(await look()).toMatchObject({ asked: 0 });
    world.clock.advance(DAY - 901);
    expect(await look()).toMatchObject({ asked: 0 });
    world.clock.advance(1);
    expect(await look()).toMatchObject({ asked: 1 });
  });

  it('is over once a quorum has closed it', async () => {
    const operationId = await stop();
    await askReview(world.deps, operationId, ALICE);
    const review = await last();
    for (const user of ['bob', 'carol']) await vote(world, review, user);
    await execute(world, review);
    expect((await last()).state).toBe('executed');

    world.clock.advance(DAY);
    expect(await look()).toEqual({ asked: 0, failed: 0 });
    expect(await world.store.reviews.readReview(operationId)).toMatchObject({ dueAt: null });
    expect(await askReview(world.deps, operationId, ALICE)).toBeNull();
    expect(await requests()).toHaveLength(1);
  });
});

describe('reviews that cannot be asked for', () => {
  it('are in nobody’s way, and asked for once they can be', async () => {
    const { people } = world;
    await ofKey();
    await ofScope();
    world.clock.advance(60);
    world.people = people.filter(({ sub }) => sub === 'usr_bob');
    expect(await look()).toEqual({ asked: 0, failed: 2 });
    world.people = people;
    expect(await look()).toEqual({ asked: 2, failed: 0 });
  });
});

describe('a scope in an emergency', () => {
  it('is suspended by one person where a quorum should decide, once in an hour', async () => {
    world.containmentRules = { rules: [], protectedKeys: [] };
    await expect(ofScope({ isEmergency: false })).rejects.toMatchObject({
      name: 'ApprovalRequired',
    });
    const id = await ofScope();
    expect(await world.scopes.readScope(id)).toMatchObject({
      isEmergency: true,
      openReview: { operationId: id, by: ALICE.id, class: 'test' },
    });
    expect(await world.scopes.readDenials('orders')).toMatchObject({ denials: [{ scope: SCOPE }] });
    await expect(ofScope()).rejects.toMatchObject({ name: 'ApprovalRequired' });
    await expect(ofScope({ by: 'usr_dave' })).resolves.toMatch(/^scp_/);
    world.clock.advance(3600);
    await expect(ofScope()).resolves.toMatch(/^scp_/);
  });

  it('is never revoked alone: that could not be taken back', async () => {
    await expect(ofScope({ kind: 'revocation' })).rejects.toMatchObject({
      name: 'ValidationFailed',
    });
    expect(await world.scopes.readDenials('orders')).toMatchObject({ denials: [] });
    // The try does not use the hour up.
    await expect(ofScope()).resolves.toMatch(/^scp_/);
  });

  it('is reviewed while its keys are being contained, and that goes on', async () => {
    const id = await ofScope();
    const review = await askReview(world.deps, id, ALICE);
    const approval = await world.store.readApproval(review ?? '');
    if (!approval) throw new Error('nobody was asked');
    for (const user of ['bob', 'carol']) await vote(world, approval, user);
    let isFirst = true;
    world.onCall = async ({ method, phase }) => {
      if (method !== 'commitScope' || phase !== 'before' || !isFirst) return;
      isFirst = false;
      for (let part = 0; part < 3; part += 1)
        await sweepScope(world.deps, id, { page: 10, seconds: 10 });
    };
    await execute(world, approval);
    expect(await world.scopes.readScope(id)).toMatchObject({
      ...{ isEmergency: true, openReview: null, counts: { contained: 1 } },
    });
    expect(world.scopes.audit.map(({ action }) => action)).toContain('scope.reviewed');
  });
});
