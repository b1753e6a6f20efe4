// SPDX-License-Identifier: Apache-2.0
// What the page behind a mail's link is told of a request: its fields, what approving takes, and what became of a vote.
import { mailPageView, type PasskeyAsked } from '#adapters/mail/page.ts';
import { type NoticeKind, noticeOf } from '#core/approvals/notice.ts';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { voteChallenge } from '#core/approvals/vote-signature.ts';
import type { MailPageAnswer } from '#core/contract/mail.ts';
import type { PasskeySite } from '#core/contract/signers.ts';
import { isActivePasskey } from '#core/operations/passkeys.ts';
import type { Passkeys } from '#core/ports/passkeys.ts';
import type { Principal } from '#core/ports/platform.ts';

interface Opened {
  readonly approval: ApprovalRecord;
  readonly voter: Principal;
}

/** What a passkey of the voter has to sign; null where no signature is asked for, or there is no passkey. */
export async function passkeyFor(
  { approval, voter }: Opened,
  site: PasskeySite | null,
  rows: Pick<Passkeys, 'readPasskeys'>,
): Promise<PasskeyAsked | null> {
  const { rule, id: requestId, digest } = approval;
  if (!rule.signed || !site) return null;
  const items = (await rows.readPasskeys())?.items ?? [];
  const own = items.filter(
    (one) => one.sub === voter.id && isActivePasskey(one) && one.rpId === site.rpId,
  );
  if (own.length === 0) return null;
  const challenge = voteChallenge({ requestId, digest, decision: 'approve', voter: voter.id });
  return {
    rpId: site.rpId,
    challenge: Buffer.from(challenge).toString('base64url'),
    credentials: own.map(({ credentialId: id, transports }) => ({ id, transports })),
  };
}

/** Why this request is not decided by mail; null: it is. */
export function refusalOf(
  { rule, id, digest }: ApprovalRecord,
  passkey: PasskeyAsked | null,
): string | null {
  if (!rule.signed || passkey) return null;
  return (
    'This needs a vote signed by your own key, and you have no passkey here ("keyturn signer enroll"): ' +
    `keyturn approval approve ${id} --digest ${digest.slice(0, 12)} --sign`
  );
}

/** Answer to `{"do": "show"}`. */
export function mailPageAnswer(
  approval: ApprovalRecord,
  secret: string,
  passkey: PasskeyAsked | null,
): MailPageAnswer {
  const kind: NoticeKind = approval.state === 'pending' ? 'requested' : approval.state;
  const notice = noticeOf(approval, kind, { source: null, pageUrl: '' });
  const refusal = refusalOf(approval, passkey);
  const { fields, ...view } = mailPageView(notice, secret, refusal, passkey);
  return {
    ...view,
    fields: fields.map(({ name, lines }) => ({ name, lines: [...lines] })),
    passkey: passkey && {
      ...passkey,
      credentials: passkey.credentials.map((one) => ({ ...one, transports: [...one.transports] })),
    },
  };
}

/** Answer to a vote. */
export function outcomeOf({ state, votes, rule }: ApprovalRecord): string {
  if (state === 'denied') return 'Denied. Whoever asked is told.';
  if (state === 'approved') return 'Approved: it was the last vote that was needed.';
  const approvals = votes.filter(({ decision }) => decision === 'approve').length;
  return `Your vote is recorded: ${approvals} of ${rule.required} approvals.`;
}
