// SPDX-License-Identifier: Apache-2.0
// Who decides, on the running stack: what was deployed holds only once it was agreed on. The row is set back to an older
// policy, as a deployment that changed a quorum finds it.
import { dirname, join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { signWith } from '#client/cli/vote-key.ts';
import type { Client, ResponseOf } from '#client/sdk/index.ts';
import { VOTE_NAMESPACE, voteStatement } from '#core/approvals/vote-statement.ts';
import { PARTITION_KEY, SORT_KEY } from '#core/contract/table.ts';
import { decisionDigest, decisionPolicyOf } from '#core/policies/decision-policy.ts';
import { APPROVAL_RULES } from '#policies/approval-rules.ts';
import { CLASSES } from '#policies/classes.ts';
import { DIRECTORY } from '#policies/directory.ts';
import { until } from '#scripts/local/waiting.ts';
import { person, ROOT_CREDENTIALS } from './scene.ts';

type Policy = ResponseOf<'getDecisionPolicy'>;
type Approval = ResponseOf<'getApproval'>;

let alice: Client;
let voters: readonly (readonly [string, Client])[];
beforeAll(async () => {
  alice = await person('alice');
  voters = await Promise.all(
    ['bob', 'carol', 'dan'].map(async (user) => [user, await person(user)] as const),
  );
});

const shown = async (): Promise<Policy> => (await alice.getDecisionPolicy()).body;

/** Which people, groups and rules are deployed stays; one class asks for one approval more. */
async function recordOlder(): Promise<void> {
  const deployed = decisionPolicyOf(APPROVAL_RULES, CLASSES, DIRECTORY.local);
  const policy = { ...deployed, quorums: { ...deployed.quorums, test: 3 } };
  const { gatewayUrl, region, tableName } = inject('stack');
  const client = DynamoDBDocumentClient.from(
    new DynamoDBClient({ endpoint: gatewayUrl, region, credentials: ROOT_CREDENTIALS }),
  );
  await client.send(
    new UpdateCommand({
      TableName: tableName ?? '',
      Key: { [PARTITION_KEY]: 'policy#decisions', [SORT_KEY]: 'meta' },
      UpdateExpression: 'SET active = :active, #next = :none',
      ConditionExpression: 'attribute_exists(revision)',
      ExpressionAttributeNames: { '#next': 'next' },
      ExpressionAttributeValues: {
        ':active': {
          digest: decisionDigest(policy),
          policy,
          since: new Date().toISOString(),
          approvalId: null,
        },
        ':none': null,
      },
    }),
  );
}

async function vote(user: string, client: Client, { id, digest }: Approval): Promise<void> {
  const decision = 'approve' as const;
  const statement = voteStatement({ requestId: id, digest, decision, voter: `usr_${user}` });
  const file = join(dirname(dirname(inject('stack').caFile ?? '')), 'people', user, 'vote_ed25519');
  const signature = signWith(file, statement, VOTE_NAMESPACE);
  await client.castVote(id, { decision, digest, signature });
}

describe('a deployment that changes who decides', () => {
  it('finds the first policy recorded by the look of every minute', async () => {
    const policy = await until<Policy>(
      async () => {
        const found = await shown();
        return found.digest !== null && found;
      },
      { timeoutSeconds: 90, what: 'the first decision policy to be recorded' },
    );

    expect(policy).toMatchObject({ isCurrent: true, changes: [] });
  });

  it('holds once three of the old and the new have signed, and the delay is over', async () => {
    await recordOlder();
    const before = await shown();
    expect(before).toMatchObject({
      isCurrent: false,
      quorums: { test: 3 },
      changes: ['class test: quorum 3 becomes 2'],
    });

    const { approvalId } = (await alice.activateDecisionPolicy({ digest: before.deployedDigest }))
      .body;
    const approval = (await alice.getApproval(approvalId ?? '')).body;
    expect(approval.canonical.rule).toMatchObject({ required: 3, signed: true });
    for (const [user, client] of voters) await vote(user, client, approval);

    const after = await until<Policy>(
      async () => {
        const found = await shown();
        return found.isCurrent && found;
      },
      { timeoutSeconds: 60, what: 'the deployed decision policy to hold' },
    );
    expect(after).toMatchObject({ quorums: { test: 2 }, approvalId, changes: [], next: null });
    expect((await alice.getApproval(approvalId ?? '')).body.state).toBe('executed');
    await expect(alice.withdrawDecisionPolicy()).rejects.toMatchObject({
      code: 'NothingToActivate',
    });
  });
});
