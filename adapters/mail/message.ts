// SPDX-License-Identifier: Apache-2.0
// The mail of a notice, as text and as HTML with the same words. Its link opens a page and decides nothing; the secret
// is behind the `#`, so that scanners that open links, proxies and logs do not get it.
import type { ApprovalNotice } from '#core/approvals/notice.ts';
import {
  NOTICE_FACES,
  type NoticeField,
  noticeFields,
  noticeTitle,
  type Piece,
  utcTime,
} from '#core/approvals/notice-text.ts';
import { html } from './html.ts';

export interface MailMessage {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const CLOSING =
  'The link is for you alone: do not forward this mail. Opening it decides nothing. ' +
  'Vote only if the words of the digest are the same on the page.';

export const COMMAND_LINE = 'With the command line:';

const pieceText = (piece: Piece) => (typeof piece === 'string' ? piece : utcTime(piece.at));
const linesOf = ({ lines }: NoticeField) => lines.map((line) => line.map(pieceText).join(''));

/** Where the request is seen without the link: by who has none, and where the mail is not to be trusted. */
const commandOf = ({ approvalId }: ApprovalNotice) => `keyturn approval show ${approvalId}`;

function textOf(notice: ApprovalNotice, link: string | null): string {
  const fields = noticeFields(notice).flatMap((field) => [
    field.name.toUpperCase(),
    ...linesOf(field).map((line) => `  ${line}`),
    '',
  ]);
  const way = link === null ? [] : [link, '', CLOSING, ''];
  return [
    noticeTitle(notice),
    '',
    ...fields,
    ...way,
    COMMAND_LINE,
    `  ${commandOf(notice)}`,
    '',
  ].join('\n');
}

function htmlOf(notice: ApprovalNotice, link: string | null): string {
  const { icon, colour } = NOTICE_FACES[notice.kind];
  const rows = noticeFields(notice).map(
    (field) => html`<tr>
<th scope="row" align="left" valign="top" style="padding:6px 12px 6px 0">${field.name}</th>
<td style="padding:6px 0">${linesOf(field).map((line) => html`<div>${line}</div>`)}</td>
</tr>
`,
  );
  const way =
    link === null
      ? []
      : [
          html`<p><a href="${link}">Open the request</a></p>
<p>${CLOSING}</p>
`,
        ];
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${noticeTitle(notice)}</title></head>
<body style="font-family:sans-serif;color:#1c2024;background:#ffffff">
<h1 style="font-size:18px;color:${colour}">${icon} ${noticeTitle(notice)}</h1>
<table style="border-collapse:collapse">
${rows}</table>
${way}<p>${COMMAND_LINE} ${commandOf(notice)}</p>
</body>
</html>
`.text;
}

/**
 * The mail of a notice.
 * @param secret of the recipient's own link to `pageUrl`; null in mails that invite nobody to vote
 */
export function mailMessage(notice: ApprovalNotice, secret: string | null): MailMessage {
  const link = secret === null ? null : `${notice.pageUrl}#${secret}`;
  return {
    subject: `[Keyturn] ${noticeTitle(notice)}`,
    text: textOf(notice, link),
    html: htmlOf(notice, link),
  };
}

/** A mail of a few words and a command, without any link. */
export function plainMail(
  title: string,
  words: readonly string[],
  { lead, command }: { readonly lead: string; readonly command: string },
): MailMessage {
  return {
    subject: `[Keyturn] ${title}`,
    text: [title, '', ...words, '', lead, `  ${command}`, ''].join('\n'),
    html: html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${title}</title></head>
<body style="font-family:sans-serif;color:#1c2024;background:#ffffff">
<h1 style="font-size:18px">${title}</h1>
${words.map(
  (line) => html`<p>${line}</p>
`,
)}<p>${lead} ${command}</p>
</body>
</html>
`.text,
  };
}
