// SPDX-License-Identifier: Apache-2.0
// What seeded custodians do to let something through: each signs with the key of their own machine, and votes.
import { dirname, join } from 'node:path';
import { signedStatement } from '#client/cli/sign-vote.ts';
import type { Client } from '#client/sdk/index.ts';
import type { StackInfo } from '../stack-file.ts';
import { until } from '../waiting.ts';
import { personClient } from './actors.ts';

/** Seeded people of the group of custodians, see test/fixtures and lib's stage `local`. */
export const THREE_CUSTODIANS = ['bob', 'carol', 'dan'];

/** One person's signed vote for a request, as `keyturn approval approve` casts it. */
export async function castSignedVote(stack: StackInfo, user: string, id: string): Promise<void> {
  const client = await personClient(stack, user);
  const { digest } = (await client.getApproval(id)).body;
  const decision = 'approve' as const;
  const file = join(dirname(dirname(stack.caFile)), 'people', user, 'vote_ed25519');
  const vote = { requestId: id, digest, decision, voter: `usr_${user}` };
  const signature = signedStatement(file, vote);
  await client.castVote(id, { decision, digest, signature });
}

/**
 * Has custodians vote until a request is executed.
 * @returns what it was executed as
 */
export async function approvedBySignatures(
  { stack, asks }: { readonly stack: StackInfo; readonly asks: Client },
  id: string,
  users: readonly string[] = THREE_CUSTODIANS,
): Promise<string> {
  for (const user of users) await castSignedVote(stack, user, id);
  return until(
    async () => {
      const { body } = await asks.getApproval(id);
      if (body.state === 'lapsed') throw new Error(`${id} lapsed: ${body.cause}`);
      return body.state === 'executed' && (body.executedAs ?? '');
    },
    { timeoutSeconds: 60, what: `${id} to be executed` },
  );
}
