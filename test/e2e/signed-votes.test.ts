// SPDX-License-Identifier: Apache-2.0
// Signed votes on the running stack, with the seeded people's own keys: what needs them is done with them alone, and an
// auditor proves it from the export without any service.
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { readSignerFiles } from '#client/cli/verify-approval.ts';
import { signWith } from '#client/cli/vote-key.ts';
import type { Client, ResponseOf } from '#client/sdk/index.ts';
import { verifyApproval } from '#core/approvals/verify-export.ts';
import { VOTE_NAMESPACE, voteStatement } from '#core/approvals/vote-statement.ts';
import { until } from '#scripts/local/waiting.ts';
import { ended, freshName, keyRequest, person } from './scene.ts';

type Approval = ResponseOf<'getApproval'>;

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
  name = freshName('signed');
  const { body } = await alice.createKey({ ...keyRequest(name), origin: 'EXTERNAL' });
  expect(await ended(alice, body.operationId)).toMatchObject({ state: 'done' });
});

/** What seeded people hold on their machines. */
const people = () => join(dirname(dirname(inject('stack').caFile ?? '')), 'people');

function signed({ id: requestId, digest }: Approval, user: string, keyOf = user) {
  const decision = 'approve' as const;
  const statement = voteStatement({ requestId, digest, decision, voter: `usr_${user}` });
  const signature = signWith(join(people(), keyOf, 'vote_ed25519'), statement, VOTE_NAMESPACE);
  return { decision, digest, signature };
}

describe('a session that needs signed votes', () => {
  it('opens with the signatures of two custodians, which hold without any service', async () => {
    const started = (await alice.startEscrowSession(name, { purpose: 'recover', version: 1 })).body;
    const target = { key: name, session: started.session.id };
    const approval = (await bob.getApproval(started.approvalId ?? '')).body;
    expect(approval.canonical.rule).toMatchObject({ required: 2, signed: true });

    const { decision, digest } = signed(approval, 'bob');
    await expect(bob.castVote(approval.id, { decision, digest })).rejects.toMatchObject({
      code: 'SignatureRequired',
    });
    for (const forged of [
      signed(approval, 'bob', 'carol'),
      signed(approval, 'carol', 'bob'),
      signed(approval, 'carol'),
      { ...signed({ ...approval, digest: '0'.repeat(64) }, 'bob'), digest },
    ])
      await expect(bob.castVote(approval.id, forged)).rejects.toMatchObject({
        code: 'SignatureInvalid',
      });
    await bob.castVote(approval.id, signed(approval, 'bob'));
    await carol.castVote(approval.id, signed(approval, 'carol'));

    const executed = await until<Approval>(
      async () => {
        const { body } = await alice.getApproval(approval.id);
        return body.state === 'executed' && body;
      },
      { timeoutSeconds: 60, what: `${approval.id} to be executed` },
    );
    const signers = readSignerFiles({ signers: join(people(), 'allowed_signers') });
    expect(verifyApproval(executed, signers)).toMatchObject({
      approvedBy: ['bob', 'carol'],
      findings: [],
    });
    const { sessions } = (await alice.getEscrow(name)).body;
    expect(sessions.find(({ id }) => id === target.session)?.state).toBe('open');
    await alice.cancelEscrowSession(target);
  });
});
