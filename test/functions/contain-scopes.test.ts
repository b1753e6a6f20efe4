// SPDX-License-Identifier: Apache-2.0
// The routes that stop all keys of a scope, the step that follows them through the keys, and the data plane in between.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { containScopeAct } from '#core/approvals/acts/contain-scope.ts';
import { genesisHash, link } from '#core/audit/chain.ts';
import type { RouteId } from '#core/contract/routes.ts';
import { execute, vote } from '#test/support/approvals.ts';
import { type Call, current, renewWorld, request } from '#test/support/functions.ts';
import { anAuditEntry } from '#test/support/records.ts';
import { withActiveKey } from '#test/support/steps.ts';

vi.mock('#adapters/kms/key-blocking.ts', () => ({
  KmsKeyBlocker: class {
    disable(keyId: string) {
      return current.world.ports.disable(keyId);
    }
    async revokeGrants() {
      return 0;
    }
  },
  KmsBlockReader: class {
    isDisabled(keyId: string) {
      return current.world.ports.isDisabled(keyId);
    }
    hasPolicy(...call: Parameters<typeof current.world.ports.hasPolicy>) {
      return current.world.ports.hasPolicy(...call);
    }
  },
}));
vi.mock('#adapters/kms/key-administration.ts', () => ({
  KmsPolicies: class {
    applyPolicy(...call: Parameters<typeof current.world.ports.applyPolicy>) {
      return current.world.ports.applyPolicy(...call);
    }
  },
}));

const { handler } = await import('#functions/contain-keys/handler.ts');
const { handler: useKey } = await import('#functions/use-key/handler.ts');
const { handler: liftScopes } = await import('#functions/lift-scopes/handler.ts');
const { handler: sweep } = await import('#functions/enforce-containment/handler.ts');

const SCOPE = { kind: 'class', value: 'test' };
const BODY = { scope: SCOPE, kind: 'revocation', reason: 'seen in a public log' };
let calls = 0;
const ask = (route: RouteId, call: Partial<Call> = {}) => {
  calls += 1;
  return request(handler, route, {
    as: { person: 'alice' },
    body: BODY,
    headers: { 'Idempotency-Key': `scope-${calls}` },
    ...call,
  });
};
const encrypt = () =>
  request(useKey, 'encrypt', {
    as: { role: 'orders-api' },
    path: { name: 'orders' },
    body: { plaintext: 'AQ==' },
  });

beforeEach(async () => {
  await withActiveKey(await renewWorld());
});

describe('containments of a scope', () => {
  it('plan, deny with the answer, follow, and end', async () => {
    const { body: plan } = await ask('planContainment', {
      body: { scope: SCOPE, kind: 'revocation' },
    });
    expect(plan).toMatchObject({ keys: 1, quorumBecause: null });
    expect((await encrypt()).status).toBe(200);

    const answer = await ask('containScope');
    expect(answer).toMatchObject({ status: 202, body: { approvalId: null } });
    const id: string = answer.body.containmentId;
    expect((await encrypt()).status).toBe(409);
    expect(current.world.workflows.started.at(-1)).toMatchObject({
      kind: 'contain-scope',
      operationId: id,
    });
    expect((await ask('listContainments', { body: undefined })).body.items).toMatchObject([
      { id, state: 'running' },
    ]);

    const part = { act: 'sweep', containmentId: id };
    const hasMore = async () => ((await sweep(part)) as { hasMore: boolean }).hasMore;
    for (let left = 20; left > 0 && (await hasMore()); left -= 1);
    const { body } = await ask('getContainment', { path: { id }, body: undefined });
    expect(body).toMatchObject({ state: 'done', counts: { contained: 1, failed: 0 } });
    expect((await current.world.key()).containment).toMatchObject({ kind: 'revocation' });
    expect((await encrypt()).status).toBe(409);
  });

  it('is the same for the same request, and starts again what was lost', async () => {
    const headers = { 'Idempotency-Key': 'once' };
    const first = await ask('containScope', { headers });
    const before = current.world.workflows.started.length;
    current.world.clock.advance(3600);
    expect((await ask('containScope', { headers })).body).toEqual(first.body);
    expect(current.world.workflows.started).toHaveLength(before + 1);
  });

  it('becomes a request where a quorum decides, which does it once', async () => {
    const others = { scope: { kind: 'environment', value: 'development' }, kind: 'revocation' };
    const { store, deps } = current.world;
    await current.world.admitKey({ name: 'ledger', class: 'payment-critical' });
    const answer = await ask('containScope', { body: { ...others, reason: 'insider' } });
    expect(answer).toMatchObject({ status: 202, body: { containmentId: null } });
    expect((await encrypt()).status).toBe(200);
    const approval = await store.readApproval(answer.body.approvalId);
    expect(approval).toMatchObject({ action: 'scope.revoke', rule: { signed: true, required: 3 } });
    expect(approval?.what).toContain('Revoke all 2 keys of environment development');

    if (!approval) throw new Error('no approval');
    const [start] = await containScopeAct.execute(deps, approval, () => ({
      expectedRevision: approval.revision,
      approval: { ...approval, revision: approval.revision + 1 },
      audit: link('approval/x', { sequence: 0, hash: genesisHash('approval/x') }, anAuditEntry()),
    }));
    expect(start).toMatchObject({ kind: 'contain-scope' });
    expect((await encrypt()).status).toBe(409);
  });

  it('are one person’s in an emergency, of a suspension, with a review', async () => {
    const body = { ...BODY, kind: 'suspension', emergency: true };
    expect((await ask('containScope', { as: { role: 'orders-api' }, body })).status).toBe(403);
    expect((await ask('containScope', { body: { ...body, kind: 'revocation' } })).status).toBe(400);
    const headers = { 'Idempotency-Key': 'alone' };
    const answer = await ask('containScope', { body, headers });
    expect(answer).toMatchObject({ status: 202, body: { approvalId: null } });
    expect((await encrypt()).status).toBe(409);
    const { containmentId: id, reviewId } = answer.body;
    const shown = async () => (await ask('getContainment', { path: { id }, body: undefined })).body;
    expect(await shown()).toMatchObject({ isEmergency: true, isReviewOpen: true });
    expect((await ask('containScope', { body, headers })).body).toEqual(answer.body);
    const second = await ask('containScope', { body });
    expect(second.body).toMatchObject({ containmentId: null, reviewId: null });
    expect(second.body.approvalId).toMatch(/^apr_/);

    const review = await current.world.store.readApproval(reviewId);
    if (!review) throw new Error('no review');
    expect(review.what).toContain('suspended all keys of class test alone');
    for (const user of ['bob', 'carol']) await vote(current.world, review, user);
    await execute(current.world, review);
    expect(await shown()).toMatchObject({ isEmergency: true, isReviewOpen: false });
  });

  it('are lifted by one request that others decide on', async () => {
    const suspension = { ...BODY, kind: 'suspension' };
    const id: string = (await ask('containScope', { body: suspension })).body.containmentId;
    const lift = (as: { person: string } = { person: 'alice' }) =>
      ask('liftContainment', { as, path: { id }, body: { reason: 'a new batch job' } });
    expect((await lift({ person: 'olga' })).status).toBe(403);
    const answer = await lift();
    expect(answer).toMatchObject({ status: 202, body: { operationId: null } });
    const approval = await current.world.store.readApproval(answer.body.approvalId);
    if (!approval) throw new Error('no approval');
    expect(approval).toMatchObject({ action: 'scope.lift', operationId: id });
    expect((await encrypt()).status).toBe(409);

    for (const user of ['bob', 'carol']) await vote(current.world, approval, user);
    await execute(current.world, approval);
    expect((await ask('listContainments', { body: undefined })).body.items).toMatchObject([
      { id, state: 'lifting', lift: { by: 'usr_alice', lifted: 0, endedAt: null } },
    ]);
    // Nothing was suspended yet beside the denial of the scope, and that ended.
    expect((await encrypt()).status).toBe(200);
    current.world.clock.advance(120);
    expect(await liftScopes({})).toEqual({ lifting: 1 });
    const { body } = await ask('getContainment', { path: { id }, body: undefined });
    expect(body).toMatchObject({ state: 'lifted', lift: { endedAt: expect.any(String) } });
    expect((await lift()).status).toBe(409);
    const path = { id: `scp_${'0'.repeat(26)}` };
    expect((await ask('liftContainment', { path, body: {} })).status).toBe(404);
  });

  it('is for operators, and says what is no scope', async () => {
    expect((await ask('containScope', { as: { person: 'olga' } })).status).toBe(403);
    const nobody = { ...BODY, scope: { kind: 'owner', value: 'nobody' } };
    expect((await ask('containScope', { body: nobody })).status).toBe(400);
    const host = { ...BODY, scope: { kind: 'host', value: 'db-1' } };
    expect((await ask('containScope', { body: host })).status).toBe(400);
    expect(
      (await ask('getContainment', { path: { id: 'scp_none' }, body: undefined })).status,
    ).toBe(404);
  });
});
