// SPDX-License-Identifier: Apache-2.0
// The page that a mail's link opens. GET gives the same page to everybody, whatever follows `/mail/`: it shows nothing of
// the request and decides nothing. Only a click posts the secret, and only then the request is shown.
import { type ApprovalNotice, isOpen } from '#core/approvals/notice.ts';
import { noticeFields, noticeTitle, utcTime } from '#core/approvals/notice-text.ts';
import { html } from './html.ts';
import { csrfToken } from './link-token.ts';
import { pageHeaders, pageOf } from './page-frame.ts';
import { PAGE_SCRIPT } from './page-script.ts';

/** Headers of the page and of every answer under its path. */
export const MAIL_PAGE_HEADERS = pageHeaders(PAGE_SCRIPT);

const PAGE = pageOf(
  'Keyturn: a request for approval',
  html`<h1 id="title">A request for approval</h1>
<p id="status" role="status">This page needs JavaScript. You can vote with the command line instead.</p>
<div id="begin"><p>Nothing is decided by opening this page.</p><button id="show" type="button" disabled>Show the request</button></div>
<section id="request" aria-labelledby="title" hidden>
<dl id="fields"></dl>
<div id="vote" hidden>
<label for="reason">Reason (needed to deny)</label>
<textarea id="reason" rows="2" maxlength="2000"></textarea>
<button id="approve" type="button">Approve</button>
<button id="deny" type="button">Deny</button>
</div>
</section>`,
  PAGE_SCRIPT,
);

/** The page; it is the same for every request, so it can tell nobody whether one exists. */
export function mailPage(): string {
  return PAGE;
}

/** A passkey's signature that the rule asks for. */
export interface PasskeyAsked {
  readonly rpId: string;
  /** base64url. */
  readonly challenge: string;
  /** Those of the voter. */
  readonly credentials: readonly { readonly id: string; readonly transports: readonly string[] }[];
}

/** What the page shows once the secret was taken. */
export interface MailPageView {
  readonly title: string;
  readonly fields: readonly { readonly name: string; readonly lines: readonly string[] }[];
  readonly digest: string;
  readonly mayVote: boolean;
  /** Why there is nothing to decide here; empty when there is. */
  readonly why: string;
  readonly csrf: string;
  /** What approving takes beside a click; null: nothing. */
  readonly passkey: PasskeyAsked | null;
}

/**
 * Answer to `{"do": "show"}`.
 * @param passkey what approving takes where the rule wants a signature and the voter has a passkey
 * @param refusal why this person cannot vote by mail, such as a signature that the rule asks for; null: it is open
 */
export function mailPageView(
  notice: ApprovalNotice,
  secret: string,
  refusal: string | null,
  passkey: PasskeyAsked | null,
): MailPageView {
  const why = refusal ?? (isOpen(notice.kind) ? '' : 'This request takes no more votes.');
  return {
    title: noticeTitle(notice),
    fields: noticeFields(notice).map(({ name, lines }) => ({
      name,
      lines: lines.map((line) =>
        line.map((piece) => (typeof piece === 'string' ? piece : utcTime(piece.at))).join(''),
      ),
    })),
    digest: notice.digest,
    mayVote: why === '',
    why,
    csrf: csrfToken(secret, notice.approvalId, notice.digest),
    passkey,
  };
}
