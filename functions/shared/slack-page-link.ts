// SPDX-License-Identifier: Apache-2.0
// Who presses the button of a request that Slack may not decide gets a link to the page of it, visible to nobody else. It
// is their own, opens for a quarter of an hour, and decides nothing without their passkey: an account of Slack, or
// whoever reads along in it, is no vote.
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { keepNewLink } from '#adapters/mail/link-token.ts';
import { systemRandom } from '#adapters/system/system.ts';
import { eligibleNow } from '#core/approvals/quorum.ts';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { filledUrl } from '#core/contract/api-url.ts';
import { KeyturnError } from '#core/errors.ts';
import { later } from '#core/operations/admit-operation.ts';
import type { Electorate } from '#core/ports/approvals.ts';
import type { MailLinks } from '#core/ports/mail-links.ts';
import type { Clock, Principal } from '#core/ports/platform.ts';

/** Time to read the request and find the authenticator. */
const LINK_SECONDS = 900;

export interface PageLinkDeps {
  readonly links: MailLinks;
  readonly electorate: Electorate;
  readonly clock: Clock;
}

/** The API's address as this event came to it; the host that the request names is not asked. */
export function apiUrlOf(
  { requestContext: { apiId, stage } }: APIGatewayProxyEvent,
  template: string,
): string {
  return filledUrl(template, { apiId, stage });
}

/** @throws KeyturnError for whom a link would be of no use, with what to do instead */
async function requireUse(
  { electorate }: PageLinkDeps,
  { id, rule, state, roster, requestedBy, votes }: ApprovalRecord,
  voter: Principal,
): Promise<void> {
  if (!rule.signed)
    throw new KeyturnError(
      'ChannelNotAllowed',
      `this is not decided in Slack; open the link in your mail, or: keyturn approval show ${id}`,
    );
  if (state !== 'pending') throw new KeyturnError('ApprovalClosed', `${id} is ${state} already`);
  const known = votes.find(({ by }) => by === voter.id);
  if (known) throw new KeyturnError('AlreadyVoted', `you voted to ${known.decision} already`);
  if (!eligibleNow({ roster, rule, requestedBy }, await electorate.people(), voter.id))
    throw new KeyturnError('NotEligible', `you are not among those who decide on ${id}`);
}

/**
 * A new link of a person to the page of a request.
 * @throws KeyturnError `ChannelNotAllowed` where the rule asks for no signature, `ApprovalClosed`, `AlreadyVoted`, `NotEligible`
 */
export async function makePageLink(
  deps: PageLinkDeps,
  approval: ApprovalRecord,
  voter: Principal,
  apiUrl: string,
): Promise<string> {
  await requireUse(deps, approval, voter);
  const { links, clock } = deps;
  const { id, secret } = await keepNewLink(
    { links, random: systemRandom },
    {
      approvalId: approval.id,
      sub: voter.id,
      expiresAt: later(clock.now(), LINK_SECONDS),
      isSignedOnly: true,
    },
  );
  return `${apiUrl}/v1/mail/${id}#${secret}`;
}
