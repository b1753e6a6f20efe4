// SPDX-License-Identifier: Apache-2.0
// Approvals through the front door: votes wake the workflow that waits, the act is done once, and nobody gets round the
// quorum by another door.
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { Client, ResponseOf } from '#client/sdk/index.ts';
import { until } from '#scripts/local/waiting.ts';
import { ended, keyWithSilentConsumer, person, ROOT_CREDENTIALS, workload } from './scene.ts';

type Approval = ResponseOf<'getApproval'>;

let alice: Client;
let bob: Client;
let carol: Client;
beforeAll(async () => {
  [alice, bob, carol] = (await Promise.all(['alice', 'bob', 'carol'].map(person))) as [
    Client,
    Client,
    Client,
  ];
});

const vote = (who: Client, { id, digest }: Approval, decision: 'approve' | 'deny' = 'approve') =>
  who.castVote(id, { decision, digest });
const finished = (id: string) =>
  until<Approval>(
    async () => {
      const { body } = await alice.getApproval(id);
      return body.state !== 'pending' && body.state !== 'approved' && body;
    },
    { timeoutSeconds: 60, what: `${id} to end` },
  );

async function askedToRelease(topic: string): Promise<Approval> {
  const name = await keyWithSilentConsumer(alice, topic);
  const { body, status } = await alice.releaseKey(name, { reason: 'end-to-end test' });
  expect({ status, operationId: body.operationId }).toEqual({ status: 202, operationId: null });
  return (await alice.getApproval(body.approvalId ?? '')).body;
}

describe('a rotation that nobody acknowledges', () => {
  it('is forced by two custodians, and its switch waits for nobody else', async () => {
    const name = await keyWithSilentConsumer(alice, 'forced');
    const { body } = await alice.startRotation(name);
    await until(async () => (await alice.getRotation(body.operationId)).body.isWaiting, {
      timeoutSeconds: 60,
      what: 'the rotation to wait',
    });
    const { body: asked } = await alice.forceRotation(body.operationId, { reason: 'silent' });
    const approval = (await bob.getApproval(asked.approvalId ?? '')).body;
    expect(approval).toMatchObject({
      action: 'rotation.force',
      what: `Switch ${name} to v2 without waiting for silent`,
      mayVote: true,
      blast: { consumers: 1 },
    });
    expect((await alice.getApproval(approval.id)).body.mayVote).toBe(false);

    await vote(bob, approval);
    expect((await alice.getApproval(approval.id)).body.state).toBe('pending');
    await vote(carol, approval);

    expect(await finished(approval.id)).toMatchObject({
      state: 'executed',
      executedAs: body.operationId,
    });
    expect(await ended(alice, body.operationId)).toMatchObject({ state: 'done' });
    expect((await alice.getKey(name)).body.currentVersion).toBe(2);
  });
});

describe('an act that waits for people', () => {
  it('is refused to whoever asked, to operators, to workloads, and to who saw something else', async () => {
    const approval = await askedToRelease('refused');
    const ada = await person('ada');
    const { api } = await workload();
    const other = { ...approval, digest: '0'.repeat(64) };

    await expect(vote(alice, approval)).rejects.toMatchObject({ status: 403 });
    await expect(vote(ada, approval)).rejects.toMatchObject({ status: 403 });
    await expect(vote(api, approval)).rejects.toMatchObject({ status: 403 });
    await expect(vote(bob, other)).rejects.toMatchObject({ status: 409, code: 'ApprovalStale' });
    await vote(bob, approval);
    expect((await vote(bob, approval)).body.votes).toHaveLength(1);
    await expect(vote(bob, approval, 'deny')).rejects.toMatchObject({ code: 'AlreadyVoted' });
    expect((await alice.getApproval(approval.id)).body).toMatchObject({
      state: 'pending',
      approvals: 1,
    });
    await vote(carol, approval, 'deny');
    expect(await finished(approval.id)).toMatchObject({
      state: 'denied',
      cause: 'denied by carol',
    });
    expect((await alice.getKey(approval.key ?? '')).body.substate).toBeNull();
  });

  it('cannot be executed by starting its workflow past the votes', async () => {
    const approval = await askedToRelease('direct');
    const { gatewayUrl, region, stateMachines } = inject('stack');
    const start = (credentials: typeof ROOT_CREDENTIALS) =>
      new SFNClient({ endpoint: gatewayUrl, region, credentials }).send(
        new StartExecutionCommand({
          stateMachineArn: stateMachines['approve'],
          name: `${approval.id}-past-${Date.now()}`,
          input: JSON.stringify({
            operationId: approval.id,
            attempt: 9,
            wait: { state: 'approved', waitSeconds: 1 },
          }),
        }),
      );

    await expect(start((await workload()).credentials)).rejects.toMatchObject({
      name: expect.stringMatching(/AccessDenied/),
    });
    // Even the account's root gets an execution that finds too few votes.
    await start(ROOT_CREDENTIALS);
    expect((await alice.getApproval(approval.id)).body.state).toBe('pending');

    await alice.cancelApproval(approval.id);
    await expect(vote(bob, approval)).rejects.toMatchObject({ code: 'ApprovalClosed' });
    expect(await finished(approval.id)).toMatchObject({ state: 'cancelled' });
  });

  it('is done once by two votes at the same time, and its audit chain holds', async () => {
    const approval = await askedToRelease('released');
    await Promise.all([vote(bob, approval), vote(carol, approval)]);
    const executed = await finished(approval.id);

    expect(executed).toMatchObject({
      state: 'executed',
      executedAs: expect.stringMatching(/^op_/),
    });
    expect(await ended(alice, executed.executedAs ?? '')).toMatchObject({ state: 'done' });
    const { body } = await alice.readAudit(approval.key ?? '');
    const admissions = body.items.filter(({ action }) => action === 'key.release-admitted');
    expect(admissions).toHaveLength(1);
  });
});
