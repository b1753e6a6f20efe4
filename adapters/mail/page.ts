// SPDX-License-Identifier: Apache-2.0
// The page that a mail's link opens. GET gives the same page to everybody, whatever follows `/mail/`: it shows nothing of
// the request and decides nothing. Only a click posts the secret, and only then the request is shown.
import { createHash } from 'node:crypto';
import { type ApprovalNotice, isOpen } from '#core/approvals/notice.ts';
import { noticeFields, noticeTitle, utcTime } from '#core/approvals/notice-text.ts';
import { Html, html } from './html.ts';
import { csrfToken } from './link-token.ts';
import { PAGE_SCRIPT } from './page-script.ts';

const STYLE = `:root{color-scheme:light dark}
body{font:16px/1.5 sans-serif;max-width:44rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}
dt{font-weight:bold;margin-top:.75rem}dd{margin:0}
button{font:inherit;min-height:44px;padding:.5rem 1rem;margin:.25rem .5rem .25rem 0}
textarea{font:inherit;box-sizing:border-box;width:100%}
:focus-visible{outline:3px solid #2563eb;outline-offset:2px}
`;

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** No source but this one script and style, no frame, no form, nothing from elsewhere. */
const POLICY = [
  "default-src 'none'",
  `script-src ${hashOf(PAGE_SCRIPT)}`,
  `style-src ${hashOf(STYLE)}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Headers of the page and of every answer under its path. */
export const MAIL_PAGE_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex',
};

const PAGE = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Keyturn: a request for approval</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
<h1 id="title">A request for approval</h1>
<p id="status" role="status">This page needs JavaScript. You can vote in the console or with the command line instead.</p>
<div id="begin"><p>Nothing is decided by opening this page.</p><button id="show" type="button" disabled>Show the request</button></div>
<section id="request" aria-labelledby="title" hidden>
<dl id="fields"></dl>
<div id="vote" hidden>
<label for="reason">Reason (needed to deny)</label>
<textarea id="reason" rows="2" maxlength="2000"></textarea>
<button id="approve" type="button">Approve</button>
<button id="deny" type="button">Deny</button>
</div>
</section>
</main>
<script>${new Html(PAGE_SCRIPT)}</script>
</body>
</html>
`.text;

/** The page; it is the same for every request, so it can tell nobody whether one exists. */
export function mailPage(): string {
  return PAGE;
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
}

/**
 * Answer to `{"do": "show"}`.
 * @param refusal why this person cannot vote by mail, such as a signature that the rule asks for; null: it is open
 */
export function mailPageView(
  notice: ApprovalNotice,
  secret: string,
  refusal: string | null,
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
  };
}
