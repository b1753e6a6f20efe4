// SPDX-License-Identifier: Apache-2.0
// Signing a vote: who votes, with which key, over which statement.
import { dirname, join } from 'node:path';
import { VOTE_NAMESPACE, voteStatement } from '#core/approvals/vote-statement.ts';
import type { ResponseOf } from '../sdk/index.ts';
import type { Context } from './context.ts';
import { UsageError } from './failures.ts';
import { type SshVote, signWith } from './vote-key.ts';

type Approval = ResponseOf<'getApproval'>;

export interface SignFlags {
  readonly sign?: boolean;
  readonly key?: string;
}

/** The immutable id in a token; whether the token holds is the API's to judge. */
function subjectOf(token: string): string | null {
  try {
    const claims: unknown = JSON.parse(
      Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'),
    );
    const sub: unknown = typeof claims === 'object' && claims && Reflect.get(claims, 'sub');
    return typeof sub === 'string' ? sub : null;
  } catch {
    return null;
  }
}

/** @throws UsageError when nobody can tell who votes, or who votes is not asked */
function voterOf({ settings: { identity } }: Context, { id, roster }: Approval): string {
  const found =
    identity.kind === 'user'
      ? roster.find(({ user }) => user === identity.name)
      : roster.find(({ sub }) => identity.kind === 'token' && sub === subjectOf(identity.token));
  if (found) return found.sub;
  throw new UsageError(
    `you are not among those who decide on ${id}, so there is nothing to sign`,
    `keyturn approval show ${id}`,
  );
}

/** The local stage keeps the keys of its seeded people beside its stack file. */
function localKey({ host, settings: { flags, identity } }: Context): string | null {
  if (identity.kind !== 'user') return null;
  const stackFile = flags.stackFile ?? host.stackFile;
  return join(dirname(stackFile), 'people', identity.name, 'vote_ed25519');
}

/** Signs a vote with the key of a file. @throws UsageError when it is none that signs */
export function signedStatement(path: string, vote: Parameters<typeof voteStatement>[0]): SshVote {
  return signWith(path, voteStatement(vote), VOTE_NAMESPACE);
}

/**
 * Signs the decision on what was seen.
 * @returns null without `--sign` and `--key`
 * @throws UsageError when there is no key, or it does not sign
 */
export function signatureOf(
  context: Context,
  seen: Approval,
  decision: 'approve' | 'deny',
  { sign, key }: SignFlags,
): SshVote | null {
  if (!sign && key === undefined) return null;
  const path = key ?? context.host.env['KEYTURN_VOTE_KEY'] ?? localKey(context);
  if (!path)
    throw new UsageError('--sign needs your key', 'name its file: --key, or KEYTURN_VOTE_KEY');
  const voter = voterOf(context, seen);
  return signedStatement(path, { requestId: seen.id, digest: seen.digest, decision, voter });
}
