// SPDX-License-Identifier: Apache-2.0
// Votes signed with passkeys: cast, executed, and proven to an auditor.
import { beforeEach, describe, expect, it } from 'vitest';
import { TableSigners } from '#adapters/access-table/signers.ts';
import { actOf } from '#core/approvals/acts/all.ts';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { verifyApproval } from '#core/approvals/verify-export.ts';
import { voteChallenge, voteVerifierOf } from '#core/approvals/vote-signature.ts';
import type { VoteDecision } from '#core/contract/approvals.ts';
import { castVote } from '#core/operations/cast-vote.ts';
import { executeApproved } from '#core/operations/execute-approved.ts';
import type { PasskeyRecord } from '#core/ports/passkeys.ts';
import { DIRECTORY } from '#policies/directory.ts';
import { approvalOf, ask, person } from '#test/support/approvals.ts';
import { type Asked, aPasskey, ORIGIN, SITE, SoftwarePasskey } from '#test/support/passkey.ts';
import { aRequest, type Exported, type ExportedVote } from '#test/support/signed-approval.ts';
import { aWorld, PERMIT, type World } from '#test/support/world.ts';

const seen = ({ id, digest }: Pick<Exported, 'id' | 'digest'>, user: string) => ({
  requestId: id,
  digest,
  decision: 'approve' as VoteDecision,
  voter: `usr_${user}`,
});

describe('a vote in the service', () => {
  let world: World;
  let approval: ApprovalRecord;
  let keys: Record<'bob' | 'carol', SoftwarePasskey>;
  beforeEach(async () => {
    world = await aWorld();
    keys = { bob: new SoftwarePasskey(), carol: new SoftwarePasskey('EdDSA') };
    world.signatureFault = null;
    approval = await ask(world, 'elevation.grant', {
      parameters: { person: 'usr_alice', group: 'grp_auditors', seconds: 60 },
    });
    await letIn(aPasskey(keys.bob, 'bob'), aPasskey(keys.carol, 'carol', { id: 'pky_2' }));
  });

  /** As an enrolment writes them; with any approval, for a transaction needs one. */
  async function letIn(...items: readonly PasskeyRecord[]) {
    const revision = (await world.store.readPasskeys())?.revision ?? null;
    const known = await approvalOf(world, approval.id);
    const { toApprovalChange } = await import('#core/operations/mutate-approval.ts');
    const entry = {
      at: world.clock.now(),
      actor: 'test',
      action: 'approval.extended',
      decision: PERMIT,
      operationId: null,
      detail: {},
    };
    await world.store.commitPasskeys({
      expectedRevision: revision,
      passkeys: { items, revision: (revision ?? 0) + 1 },
      approval: toApprovalChange(known, {}, entry),
    });
    approval = await approvalOf(world, approval.id);
  }
  const deps = () => {
    const passkeys = { site: SITE, rows: world.store };
    return {
      ...world.deps,
      verifier: voteVerifierOf(new TableSigners(DIRECTORY.local, {}, passkeys)),
    };
  };
  const signed = (user: 'bob' | 'carol', asked: Partial<Asked> = {}, of = approval) =>
    keys[user].get({ challenge: voteChallenge(seen(of, user)), ...asked });
  const cast = (
    user: string,
    signature: ReturnType<typeof signed>,
    decision: VoteDecision = 'approve',
  ) =>
    castVote(deps(), {
      approvalId: approval.id,
      by: person(user),
      channel: 'web',
      decision,
      digest: approval.digest,
      reason: null,
      signature,
      authorization: PERMIT,
    });
  const countOf = async (user: string) =>
    (await world.store.readPasskeys())?.items.find((one) => one.user === user)?.signCount;
  const execute = () => executeApproved(deps(), actOf, approval.id);

  it('counts, moves the counter in its transaction, and is looked at again when it is executed', async () => {
    await cast('bob', signed('bob'));
    expect(await countOf('bob')).toBe(1);
    const { decided } = await cast('carol', signed('carol', { signCount: 9 }));
    expect(decided).toBe(true);
    expect(await countOf('carol')).toBe(9);

    expect((await execute()).state).toBe('executed');
  });

  it('is no second vote when it comes again, whoever lost the answer', async () => {
    const signature = signed('bob');
    await cast('bob', signature);
    expect((await cast('bob', signature)).approval.votes).toHaveLength(1);
    expect((await cast('bob', signed('bob'))).approval.votes).toHaveLength(1);
    expect(await countOf('bob')).toBe(1);
  });

  it("does not count with another's passkey, for another request, decision or voter", async () => {
    const other = await ask(world, 'elevation.grant', {
      parameters: { person: 'usr_alice', group: 'grp_auditors', seconds: 90 },
    });
    for (const signature of [
      keys.carol.get({ challenge: voteChallenge(seen(approval, 'bob')) }),
      signed('bob', {}, other),
      signed('bob', { challenge: voteChallenge({ ...seen(approval, 'bob'), decision: 'deny' }) }),
      signed('bob', { challenge: voteChallenge(seen(approval, 'carol')) }),
      { ...signed('bob'), credentialId: keys.carol.credentialId },
      signed('bob', { origin: 'https://evil.example' }),
      signed('bob', { rpId: 'evil.example' }),
      signed('bob', { flags: 0x01 }),
    ])
      await expect(cast('bob', signature)).rejects.toMatchObject({ code: 'SignatureInvalid' });
    expect((await approvalOf(world, approval.id)).votes).toEqual([]);
    expect(await countOf('bob')).toBe(0);
  });

  it('does not count when the counter went back or stood still, and does where nobody counts', async () => {
    await letIn(aPasskey(keys.bob, 'bob', { signCount: 7 }));
    for (const signCount of [7, 6, 1, 0])
      await expect(cast('bob', signed('bob', { signCount }))).rejects.toMatchObject({
        code: 'SignatureInvalid',
        message: expect.stringContaining('there may be a copy'),
      });
    await letIn(aPasskey(keys.bob, 'bob', { signCount: 0 }));
    await cast('bob', signed('bob', { signCount: 0 }));
    expect(await countOf('bob')).toBe(0);
  });

  it('does not count with a passkey that was removed, that is for another domain, or that nobody let in', async () => {
    for (const items of [
      [aPasskey(keys.bob, 'bob', { removedAt: world.clock.now() })],
      [aPasskey(keys.bob, 'bob', { rpId: 'old.example' })],
      [aPasskey(keys.bob, 'carol')],
      [],
    ]) {
      await letIn(...items);
      await expect(cast('bob', signed('bob'))).rejects.toMatchObject({ code: 'SignatureInvalid' });
    }
  });

  it('does not count with one that is removed while the vote is checked', async () => {
    const signature = signed('bob');
    const { verifier, ...rest } = deps();
    const removing = {
      fault: async (...given: Parameters<typeof verifier.fault>) => {
        const fault = await verifier.fault(...given);
        await letIn(aPasskey(keys.bob, 'bob', { removedAt: world.clock.now() }));
        return fault;
      },
    };
    const input = {
      approvalId: approval.id,
      by: person('bob'),
      channel: 'web',
      decision: 'approve',
      digest: approval.digest,
      reason: null,
      signature,
      authorization: PERMIT,
    } as const;
    await expect(castVote({ ...rest, verifier: removing }, input)).rejects.toMatchObject({
      code: 'SignatureInvalid',
    });
  });

  it('lapses when a passkey was taken away before the execution, or its count was never recorded', async () => {
    await cast('bob', signed('bob'));
    await cast('carol', signed('carol'));
    const before = await world.store.readPasskeys();
    await letIn(...(before?.items ?? []).map((one) => ({ ...one, signCount: 0 })));
    const { state } = await execute();
    expect(state).toBe('lapsed');
    expect((await approvalOf(world, approval.id)).cause).toContain('never recorded');
  });
});

describe('an exported approval with passkeys', () => {
  const request = aRequest();
  const keys = { bob: new SoftwarePasskey(), carol: new SoftwarePasskey('RS256') };
  const voteOf = (user: 'bob' | 'carol', asked: Partial<Asked> = {}, key = keys[user]) => {
    const challenge = voteChallenge(seen(request, user));
    return {
      by: `usr_${user}`,
      name: user,
      decision: 'approve',
      at: '2026-11-22T10:00:00.000Z',
      channel: 'web',
      digest: request.digest,
      reason: null,
      signature: key.get({ challenge, ...asked }),
    } satisfies ExportedVote;
  };
  const signersOf = (bob: SoftwarePasskey, carol: SoftwarePasskey, origins = [ORIGIN]) =>
    new Map([
      ['usr_bob', { sshKeys: [], passkeys: [aPasskey(bob, 'bob')], origins }],
      ['usr_carol', { sshKeys: [], passkeys: [aPasskey(carol, 'carol')], origins }],
    ]);
  const judged = (votes: ExportedVote[], signers = signersOf(keys.bob, keys.carol)) =>
    verifyApproval({ ...request, votes }, signers).findings.join('; ');

  it('holds', () => {
    expect(judged([voteOf('bob'), voteOf('carol')])).toBe('');
  });

  it('does not hold for other pages, other keys, or one key for two people', () => {
    const votes = [voteOf('bob'), voteOf('carol')];
    expect(judged(votes, signersOf(keys.bob, keys.carol, []))).toContain('another origin');
    expect(judged(votes, signersOf(keys.bob, new SoftwarePasskey()))).toContain('not registered');
    expect(judged(votes, new Map())).toContain('no passkey registered');
    const twins = [voteOf('bob'), voteOf('carol', {}, keys.bob)];
    expect(judged(twins, signersOf(keys.bob, keys.bob))).toContain('signed with one key');
  });
});
