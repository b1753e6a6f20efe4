// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { recordFirstPolicy } from '#core/operations/activate-policy.ts';
import { decisionDigest } from '#core/policies/decision-policy.ts';
import { type Call, current, renewWorld, request } from '#test/support/functions.ts';

const { handler } = await import('#functions/manage-policy/handler.ts');

const show = (person = 'bob') => request(handler, 'getDecisionPolicy', { as: { person } });
const activate = (call: Partial<Call> = {}) =>
  request(handler, 'activateDecisionPolicy', {
    as: { person: 'alice' },
    body: { digest: decisionDigest(current.world.deployed), reason: 'carol left' },
    headers: { 'Idempotency-Key': 'activation-1' },
    ...call,
  });
const withdraw = (person: string) => request(handler, 'withdrawDecisionPolicy', { as: { person } });
const carolLeaves = () => {
  const { world } = current;
  world.people = world.people.filter(({ user }) => user !== 'carol');
};

beforeEach(async () => {
  const world = await renewWorld();
  await recordFirstPolicy(world.deps);
});

describe('/v1/decision-policy', () => {
  it('shows what holds and that the deployment is it', async () => {
    const { status, body } = await show();

    expect(status).toBe(200);
    expect(body).toMatchObject({ isCurrent: true, changes: [], next: null });
    expect(body.digest).toBe(body.deployedDigest);
    expect(body.rules.length).toBeGreaterThan(3);
  });

  it('shows what a deployment would change, and answers 202 to the request for it', async () => {
    carolLeaves();

    expect((await show()).body).toMatchObject({
      isCurrent: false,
      changes: ['carol (usr_carol) is gone'],
    });
    const answer = await activate();
    expect(answer.status).toBe(202);
    expect(await current.world.store.readApproval(answer.body.approvalId)).toMatchObject({
      action: 'quorum.change',
      key: null,
      reason: 'carol left',
    });
    expect((await activate()).body.approvalId).toBe(answer.body.approvalId);
  });

  it('refuses a digest that is not deployed, and a change of nothing', async () => {
    expect((await activate({ body: { digest: '0'.repeat(64) } })).body.code).toBe('ApprovalStale');
    expect((await activate()).body.code).toBe('NothingToActivate');
  });

  it('refuses bad input', async () => {
    carolLeaves();

    expect((await activate({ headers: {} })).status).toBe(400);
    expect((await activate({ body: {} })).status).toBe(400);
    expect((await activate({ body: { digest: 'x' } })).status).toBe(400);
  });

  it.each(['olga', 'bob', 'ada'])('does not let %s ask', async (person) => {
    carolLeaves();

    expect((await activate({ as: { person } })).status).toBe(403);
  });

  it('lets a custodian take back, and answers 409 when nothing waits', async () => {
    expect((await withdraw('bob')).status).toBe(409);
    expect((await withdraw('olga')).status).toBe(403);
  });
});
