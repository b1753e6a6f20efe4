// SPDX-License-Identifier: Apache-2.0
// The page behind a mail's link. GET gives everybody the same page and decides nothing. POST shows the request to who has
// the secret, and takes a vote from who has the page's token too; it is counted where every vote is counted.
import { isCsrfToken, isLinkSecret } from '#adapters/mail/link-token.ts';
import { MAIL_PAGE_HEADERS, mailPage } from '#adapters/mail/page.ts';
import { systemClock } from '#adapters/system/system.ts';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { type MailPageAnswer, MailPageRequest } from '#core/contract/mail.ts';
import { KeyturnError } from '#core/errors.ts';
import { castVote } from '#core/operations/cast-vote.ts';
import type { Principal } from '#core/ports/platform.ts';
import { type ApiRequest, apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { parseBody } from '../shared/api-request.ts';
import { SealedBallots } from '../shared/ballots.ts';
import { environmentOf } from '../shared/environment.ts';
import { mailPageAnswer, outcomeOf, passkeyFor, refusalOf } from '../shared/mail-view.ts';
import { authorizer, electorate, ledger, noticeRows, voteVerifier } from '../shared/wiring.ts';

type VoteRequest = Extract<MailPageRequest, { do: 'vote' }>;

const environment = environmentOf('answer-mail');
const table = ledger(environment.TABLE_NAME);
const links = noticeRows(environment.TABLE_NAME);
const access = authorizer(environment.STAGE);
const deps = {
  approvals: table,
  electorate: electorate(environment.STAGE, table),
  // The page has no SSH key at hand: passkeys are all that signs on it.
  verifier: voteVerifier(environment.STAGE, {}, environment.PASSKEYS, table),
  passkeys: table,
  clock: systemClock,
};
const ballots = new SealedBallots(table, environment.TOKEN_KEY_ARN);

/** One refusal for every link that opens nothing, so that nobody learns which ones there are. */
function notValid(): KeyturnError {
  return new KeyturnError(
    'LinkNotValid',
    'this link opens nothing: it is not whole, or its time is over; "keyturn approval list" shows what is open',
  );
}

interface Opened {
  readonly approval: ApprovalRecord;
  readonly voter: Principal;
  /** The link came by another way than the person's own mail. */
  readonly isSignedOnly: boolean;
}

/** @throws KeyturnError `LinkNotValid`, `LinkUsed` */
async function open(request: ApiRequest, secret: string): Promise<Opened> {
  const id = request.path['id'] ?? '';
  const link = /^[\w-]{22}$/.test(id) ? await links.find(id) : null;
  const isOpen = link !== null && isLinkSecret(secret, link.hash);
  if (!isOpen || systemClock.now() >= link.expiresAt) throw notValid();
  const approval = link.approvalId === null ? null : await table.readApproval(link.approvalId);
  if (!approval) throw notValid();
  const vote = approval.votes.find(({ by }) => by === link.sub);
  // A vote on any surface uses all links of its voter up: one person, one vote.
  if (vote)
    throw new KeyturnError(
      'LinkUsed',
      `you voted to ${vote.decision} at ${vote.at} already, and the link was good for that once`,
    );
  const isSignedOnly = link.isSignedOnly ?? false;
  return { approval, voter: await voterOf(link.sub), isSignedOnly };
}

async function voterOf(sub: string): Promise<Principal> {
  const person = (await deps.electorate.people()).find((known) => known.sub === sub);
  return { id: sub, kind: 'person', name: person?.user ?? sub, groups: person?.groups ?? [] };
}

async function show(opened: Opened, secret: string): Promise<MailPageAnswer> {
  const passkey = await passkeyFor(opened, environment.PASSKEYS, table);
  return mailPageAnswer(opened.approval, secret, passkey);
}

async function permit(voter: Principal) {
  const decision = await access.authorize(voter, 'approval:vote', {});
  if (decision.effect === 'permit') return decision;
  throw new KeyturnError('AccessDenied', `${voter.name} may not vote (${decision.rule})`);
}

async function vote(opened: Opened, request: VoteRequest): Promise<MailPageAnswer> {
  const { approval, voter } = opened;
  const { secret, csrf, digest, decision, reason, signature } = request;
  if (!isCsrfToken(csrf, secret, { approvalId: approval.id, digest }))
    throw new KeyturnError('PageTokenInvalid', 'open the link again, and vote on the page itself');
  const refusal = refusalOf(approval, await passkeyFor(opened, environment.PASSKEYS, table));
  if (refusal !== null) throw new KeyturnError('SignatureRequired', refusal);
  if (opened.isSignedOnly && !signature)
    throw new KeyturnError(
      'SignatureRequired',
      'by a link from Slack only a passkey votes; deny by the link in your mail, or with "keyturn approval deny"',
    );
  const cast = await castVote(deps, {
    approvalId: approval.id,
    by: voter,
    channel: opened.isSignedOnly ? 'web' : 'email',
    decision,
    digest,
    reason: reason ?? null,
    signature: signature ?? null,
    authorization: await permit(voter),
  });
  if (cast.decided) await ballots.wake(cast.approval);
  return { detail: outcomeOf(cast.approval) };
}

const showMailPage: RouteHandler = async () => ({ body: mailPage(), contentType: 'text/html' });

const answerMail: RouteHandler = async (request) => {
  const asked = parseBody(request.event, MailPageRequest);
  const opened = await open(request, asked.secret);
  return {
    body: asked.do === 'show' ? await show(opened, asked.secret) : await vote(opened, asked),
  };
};

export const handler = apiHandler({ showMailPage, answerMail }, access, MAIL_PAGE_HEADERS);
