// SPDX-License-Identifier: Apache-2.0
// An exported approval whose votes are signed by real keys.
import type { z } from 'zod';
import type { SignerKeys } from '#core/approvals/verify-export.ts';
import { VOTE_NAMESPACE, voteStatement } from '#core/approvals/vote-statement.ts';
import type { Approval, CanonicalRequest } from '#core/contract/approvals.ts';
import { canonicalHash } from '#core/crypto/hashing.ts';
import type { VoterKeys } from '#core/ports/approvals.ts';
import { example } from '#test/client/fake-api.ts';
import { type SshKeyFile, sshKey, sshSign } from './ssh.ts';

export type Exported = z.infer<typeof Approval>;
export type ExportedVote = Exported['votes'][number];

export const KEYS: Readonly<Record<string, SshKeyFile>> = {
  bob: sshKey(),
  carol: sshKey(),
  dan: sshKey(),
};

const elector = (user: string) => ({
  sub: `usr_${user}`,
  user,
  groups: ['grp_custodians'],
  teams: [],
});

/** The request, with changes to what is hashed; two of three custodians decide, signed. */
export function aRequest(changes: Partial<CanonicalRequest> = {}): Exported {
  const base = example('Approval') as Exported;
  const canonical: CanonicalRequest = {
    ...base.canonical,
    rule: { ...base.canonical.rule, required: 2, signed: true, slack: false },
    roster: ['usr_bob', 'usr_carol', 'usr_dan'],
    ...changes,
  };
  const roster = ['bob', 'carol', 'dan'].map(elector);
  const digest = canonicalHash(canonical);
  return { ...base, id: canonical.id, canonical, digest, roster, votes: [] };
}

export function signedVote(
  { id, digest }: Pick<Exported, 'id' | 'digest'>,
  user: string,
  changes: Partial<ExportedVote> = {},
  key = KEYS[user],
): ExportedVote {
  if (!key) throw new Error(`no key of ${user}`);
  const vote: ExportedVote = {
    by: `usr_${user}`,
    name: user,
    decision: 'approve',
    at: '2026-11-22T10:00:00.000Z',
    channel: 'cli',
    digest,
    reason: null,
    signature: null,
    ...changes,
  };
  const statement = voteStatement({
    requestId: id,
    digest: vote.digest,
    decision: vote.decision,
    voter: vote.by,
  });
  const signature = sshSign(key, VOTE_NAMESPACE, statement);
  return { ...vote, signature: { kind: 'ssh-ed25519', publicKey: key.line, signature } };
}

/** Public keys by immutable id. */
export const SIGNERS: SignerKeys = new Map(
  Object.entries(KEYS).map(([user, { line }]) => [`usr_${user}`, sshOnly(line)]),
);

export function sshOnly(...sshKeys: readonly string[]): VoterKeys {
  return { sshKeys, passkeys: [], origins: [] };
}
