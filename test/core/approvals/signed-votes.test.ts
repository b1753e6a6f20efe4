// SPDX-License-Identifier: Apache-2.0
// What proves a signed vote, to the service and to an auditor who believes none.
import { describe, expect, it } from 'vitest';
import { TableSigners } from '#adapters/access-table/signers.ts';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { verifyApproval } from '#core/approvals/verify-export.ts';
import { voteVerifierOf } from '#core/approvals/vote-signature.ts';
import { voteStatement } from '#core/approvals/vote-statement.ts';
import {
  aRequest,
  type Exported,
  type ExportedVote,
  KEYS,
  SIGNERS,
  signedVote,
  sshOnly,
} from '#test/support/signed-approval.ts';

const request = aRequest();
const bob = signedVote(request, 'bob');
const carol = signedVote(request, 'carol');
const line = (user: string) => KEYS[user]?.line ?? '';

describe('the statement that is signed', () => {
  it('is RFC 8785 JSON of who decides what on which request', () => {
    const statement = {
      requestId: 'apr_1',
      digest: 'ab',
      decision: 'deny',
      voter: 'usr_é',
    } as const;

    expect(Buffer.from(voteStatement(statement)).toString()).toBe(
      '{"decision":"deny","digest":"ab","requestId":"apr_1","type":"keyturn-vote/1","voter":"usr_é"}',
    );
  });
});

describe('the verifier of votes', () => {
  const people = [
    { user: 'bob', sub: 'usr_bob', signingKeys: [line('dan')] },
    { user: 'carol', sub: 'usr_carol' },
  ];
  const verifier = voteVerifierOf(
    new TableSigners(people, { bob: { signingKeys: [line('bob')] } }, null),
  );
  const record = { id: request.id, digest: request.digest } as ApprovalRecord;
  const faultOf = (vote: ExportedVote, of = record) => verifier.fault(of, vote, 'cast');

  it("takes a vote signed by one of the voter's keys, from the directory or the deployment", async () => {
    expect(await faultOf(bob)).toBeNull();
    expect(await faultOf(signedVote(request, 'bob', {}, KEYS['dan']))).toBeNull();
  });

  it('refuses what differs in voter, decision, request or digest, and keys of others', async () => {
    expect(await faultOf({ ...bob, decision: 'deny' })).toContain('does not fit');
    expect(await faultOf(bob, { ...record, id: 'apr_other' })).toContain('does not fit');
    expect(await faultOf(bob, { ...record, digest: 'f'.repeat(64) })).toContain('does not fit');
    expect(await faultOf(carol)).toBe('the voter has no key registered');
    expect(await faultOf({ ...bob, by: 'usr_nobody' })).toBe('the voter has no key registered');
    expect(await faultOf(signedVote(request, 'bob', {}, KEYS['carol']))).toContain(
      'not registered',
    );
    expect(await faultOf({ ...bob, signature: null })).toBe('it is not signed');
  });

  it("refuses a vote that names another of the voter's keys than the one that signed", async () => {
    const signature = bob.signature && { ...bob.signature, publicKey: line('dan') };
    expect(await faultOf({ ...bob, signature } as ExportedVote)).toContain('not registered');
  });

  it('refuses passkeys where the stage takes none', async () => {
    const signature = {
      kind: 'webauthn',
      credentialId: 'a',
      authenticatorData: 'a',
      clientDataJSON: 'a',
      signature: 'a',
    } as const;
    expect(await faultOf({ ...bob, signature })).toContain('no passkey');
  });
});

describe('an exported approval', () => {
  const judged = (votes: readonly ExportedVote[], of: Exported = request, keys = SIGNERS) =>
    verifyApproval({ ...of, votes: [...votes] }, keys);
  const findings = (...of: Parameters<typeof judged>) => judged(...of).findings.join('; ');

  it('holds with the votes that its rule needs', () => {
    expect(judged([bob, carol])).toMatchObject({
      digest: request.digest,
      approvedBy: ['bob', 'carol'],
      findings: [],
    });
  });

  it("does not hold with one vote less, one twice, a denial, or nobody's vote", () => {
    expect(findings([bob])).toBe('1 approvals hold, 2 are needed');
    expect(findings([bob, bob])).toContain('voted twice');
    expect(findings([bob, carol, signedVote(request, 'dan', { decision: 'deny' })])).toContain(
      'dan denied it',
    );
    expect(findings([])).toContain('0 approvals hold');
  });

  it('does not hold for votes of who asked or who is not on the roster', () => {
    const asked = aRequest({ requestedBy: 'usr_bob' });
    expect(findings([signedVote(asked, 'bob'), signedVote(asked, 'carol')], asked)).toContain(
      'who asked does not vote',
    );
    const without = aRequest({ roster: ['usr_carol', 'usr_dan'] });
    expect(findings([signedVote(without, 'bob'), signedVote(without, 'carol')], without)).toContain(
      'not on the roster',
    );
  });

  it.each([
    ['reason', 'another reason'],
    ['version', 9],
    ['key', 'billing'],
    ['requestedBy', 'usr_dan'],
    ['expiresAt', '2027-01-01T00:00:00.000Z'],
    ['basis', '0'.repeat(64)],
    ['roster', ['usr_bob', 'usr_carol']],
  ])('does not hold when its %s was changed, even with the digest made to fit', (member, value) => {
    const canonical = { ...request.canonical, [member]: value } as Exported['canonical'];
    expect(findings([bob, carol], { ...request, canonical })).toContain('the export says');
    const forged = aRequest({ [member]: value });
    const moved = [bob, carol].map((vote) => ({ ...vote, digest: forged.digest }));
    expect(findings(moved, forged)).toContain('0 approvals hold');
  });

  it('does not hold unsigned, by unknown keys, or by one key for two people', () => {
    expect(findings([bob, { ...carol, signature: null }])).toContain('it is not signed');
    expect(findings([bob, carol], request, new Map())).toContain('no key registered');
    const shared = new Map([...SIGNERS, ['usr_carol', sshOnly(line('bob'))]]);
    const twin = signedVote(request, 'carol', {}, KEYS['bob']);
    expect(findings([bob, twin], request, shared)).toContain('bob and carol signed with one key');
  });

  it('needs approvals of each group and from different teams, as its rule says', () => {
    const { rule } = request.canonical;
    const groups = [...rule.groups, { group: 'grp_security', required: 1 }];
    const of = aRequest({ rule: { ...rule, groups, distinctTeams: 2 } });
    const votes = [signedVote(of, 'bob'), signedVote(of, 'carol')];
    expect(findings(votes, of)).toMatch(/0 approvals are from grp_security.*from 0 teams/);
  });
});
