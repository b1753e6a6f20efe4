// SPDX-License-Identifier: Apache-2.0
// All keys of an owner are stopped by one call, under a workload that uses them.
import { beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '#client/sdk/index.ts';
import { until } from '#scripts/local/waiting.ts';
import { ended, freshName, keyRequest, person, workload } from './scene.ts';

const plaintext = Buffer.from('order 4711').toString('base64');
/** Whose keys no other test has. */
const OWNER = 'frank';
const SCOPE = { kind: 'owner', value: OWNER } as const;

let alice: Client;
let api: Client;
beforeAll(async () => {
  alice = await person('alice');
  ({ api } = await workload());
});

async function keysOfOwner(count: number): Promise<string[]> {
  const names = Array.from({ length: count }, () => freshName('scope'));
  await Promise.all(
    names.map(async (name) => {
      const { body } = await alice.createKey({ ...keyRequest(name), owner: OWNER });
      expect((await ended(alice, body.operationId)).state).toBe('done');
    }),
  );
  return names;
}

const inState = (id: string, state: string) =>
  until(
    async () => {
      const { body } = await alice.getContainment(id);
      return body.state === state && body;
    },
    // A schedule looks each minute, and each key is proven by an operation of its own.
    { timeoutSeconds: 300, what: `${id} to be ${state}` },
  );

/** Once the list, which lags behind, has so many keys of it. */
const planned = (scope: { kind: 'host'; value: string }, keys: number) =>
  until(
    async () =>
      (await alice.planContainment({ scope, kind: 'suspension' }).catch(() => null))?.body.keys ===
      keys,
    { timeoutSeconds: 30, what: `${keys} keys of ${scope.value}` },
  );

async function approved(id: string): Promise<void> {
  const { digest } = (await alice.getApproval(id)).body;
  for (const user of ['bob', 'carol'])
    await (await person(user)).castVote(id, { decision: 'approve', digest });
}

describe('the containment of a host', () => {
  it('denies its keys and no others, holds them there, and is lifted as one', async () => {
    const host = `${freshName('web')}.example.com`;
    const scope = { kind: 'host', value: host } as const;
    const other = { kind: 'host', value: `${freshName('web')}.example.com` } as const;
    const [named = '', assigned = '', beside = ''] = ['named', 'assigned', 'beside'].map(freshName);
    const create = async (name: string, more: object) => {
      const { body } = await alice.createKey({ ...keyRequest(name), ...more });
      expect((await ended(alice, body.operationId)).state).toBe('done');
    };
    await Promise.all([
      create(named, { host, application: 'billing' }),
      create(assigned, {}),
      create(beside, { host: other.value }),
    ]);
    const change = async (name: string, body: { host: string | null }) => {
      const { etag } = await alice.getKey(name);
      return alice.updateKey(name, body, { ifMatch: etag ?? '' });
    };
    /** What it answers who tries to take a key off; the workflow changes the key meanwhile, so the ETag is read again. */
    const refusal = (name: string) =>
      until(
        async () => {
          const { status } = await change(name, { host: null }).catch((error) => error);
          return status !== 412 && status;
        },
        { timeoutSeconds: 30, what: `${name} to be asked for at its revision` },
      );
    expect((await change(assigned, { host })).body).toMatchObject({ host });
    await planned(scope, 2);
    await planned(other, 1);

    const reason = 'a shell that nobody started';
    const asked = { scope, kind: 'suspension', reason, emergency: true } as const;
    const { body } = await alice.containScope(asked);
    const id = body.containmentId ?? '';
    for (const name of [named, assigned]) {
      await expect(api.encrypt(name, { plaintext })).rejects.toMatchObject({ status: 409 });
      expect(await refusal(name)).toBe(409);
    }
    expect((await api.encrypt(beside, { plaintext })).status).toBe(200);
    expect((await inState(id, 'done')).counts).toMatchObject({ contained: 2, failed: 0 });

    expect((await alice.getContainment(id)).body).toMatchObject({ isReviewOpen: true });
    await approved(body.reviewId ?? '');
    await until(async () => !(await alice.getContainment(id)).body.isReviewOpen, {
      timeoutSeconds: 60,
      what: `the review of ${id} to be closed`,
    });
    // One person alone has done it once in this hour.
    const second = (await alice.containScope({ ...asked, scope: other })).body;
    expect(second).toMatchObject({ containmentId: null, reviewId: null });
    expect((await alice.getApproval(second.approvalId ?? '')).body.action).toBe('scope.revoke');
    expect((await api.encrypt(beside, { plaintext })).status).toBe(200);

    const answer = (await alice.liftContainment(id, { reason: 'rebuilt' })).body;
    await approved(answer.approvalId ?? '');
    await inState(id, 'lifted');
    for (const name of [named, assigned])
      expect((await api.encrypt(name, { plaintext })).status).toBe(200);
    expect((await change(named, { host: null })).body).toMatchObject({ host: null });
  });
});

describe('the containment of an owner', () => {
  it('that suspends is lifted by one decision, and every key is used again', async () => {
    const names = await keysOfOwner(2);
    const reason = 'decrypts that nobody knows';
    const { body } = await alice.containScope({ scope: SCOPE, kind: 'suspension', reason });
    const id = body.containmentId ?? '';
    await inState(id, 'done');
    const answer = (await alice.liftContainment(id, { reason: 'a new batch job' })).body;
    const approval = (await alice.getApproval(answer.approvalId ?? '')).body;
    expect(approval).toMatchObject({ action: 'scope.lift', what: expect.stringMatching(/2 keys/) });
    for (const name of names)
      await expect(api.encrypt(name, { plaintext })).rejects.toMatchObject({ status: 409 });

    await approved(approval.id);
    const { lift } = await inState(id, 'lifted');

    expect(lift).toMatchObject({ lifted: 2, failed: 0 });
    for (const name of names) {
      expect((await alice.getKey(name)).body).toMatchObject({ state: 'active' });
      expect((await api.encrypt(name, { plaintext })).status).toBe(200);
    }
  });

  it('denies every key with the answer, and has KMS refuse each in the end', async () => {
    const asked = { scope: SCOPE, kind: 'revocation' } as const;
    const known = (await alice.planContainment(asked)).body.keys;
    const names = await keysOfOwner(3);
    const used = await Promise.all(names.map((name) => api.encrypt(name, { plaintext })));
    expect(used.map(({ status }) => status)).toEqual([200, 200, 200]);
    const { body: plan } = await alice.planContainment(asked);
    expect(plan).toMatchObject({ keys: known + 3, quorumBecause: null });

    const { body } = await alice.containScope({
      scope: SCOPE,
      kind: 'revocation',
      reason: 'the laptop of the owner was stolen',
    });
    for (const name of names)
      await expect(api.encrypt(name, { plaintext })).rejects.toMatchObject({ status: 409 });

    const id = body.containmentId ?? '';
    const done = await until(
      async () => {
        const { body: row } = await alice.getContainment(id);
        return row.state === 'done' && row;
      },
      { timeoutSeconds: 90, what: `${id} to be done` },
    );
    expect(done.counts).toMatchObject({ contained: known + 3, failed: 0 });
    expect((await alice.listContainments()).body.items).toEqual([]);
    for (const name of names)
      await until(async () => (await alice.getKey(name)).body.substate === 'revoked', {
        timeoutSeconds: 90,
        what: `${name} to be revoked`,
      });
    await expect(api.encrypt(names[0] ?? '', { plaintext })).rejects.toMatchObject({ status: 409 });
  });
});
