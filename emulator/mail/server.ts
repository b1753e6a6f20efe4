// SPDX-License-Identifier: Apache-2.0
// The mailbox of the local stack: what the AWS emulator's SES took, as a page and as JSON. It keeps nothing itself.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import {
  isAdmin,
  type LocalAnswer,
  type LocalServer,
  serveLocally,
} from '../protocol/local-pages.ts';

export interface MailSettings {
  readonly port: number;
  readonly adminToken: string;
  /** Where the AWS emulator shows what SES took. */
  readonly source: string;
}

/** As ministack shows it. */
const Mail = z.object({
  MessageId: z.string(),
  Source: z.string(),
  To: z.array(z.string()),
  Subject: z.string(),
  BodyText: z.string().nullable(),
  BodyHtml: z.string().nullish(),
  Timestamp: z.union([z.string(), z.number()]),
});
/** As LocalStack does, brought into the other's form. */
const LocalStackMail = z
  .object({
    Id: z.string(),
    Source: z.string(),
    Destination: z.object({ ToAddresses: z.array(z.string()) }),
    Subject: z.string(),
    Body: z.object({ text_part: z.string().nullable(), html_part: z.string().nullish() }),
    Timestamp: z.string(),
  })
  .transform(({ Id, Source, Destination, Subject, Body, Timestamp }) => ({
    ...{ MessageId: Id, Source, To: Destination.ToAddresses, Subject, Timestamp },
    ...{ BodyText: Body.text_part, BodyHtml: Body.html_part },
  }));
const Taken = z.object({
  messages: z.union([z.record(z.string(), z.array(Mail)), z.array(LocalStackMail)]),
});

/** A mail, newest last, as tests read it. */
export interface MailboxEntry {
  readonly id: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string | null;
  readonly at: string;
}

async function readMailbox({ source, adminToken }: MailSettings): Promise<MailboxEntry[]> {
  const answer = await fetch(source, {
    headers: { 'x-admin-token': adminToken },
    signal: AbortSignal.timeout(5000),
  });
  const { messages } = Taken.parse(await answer.json());
  const all = Array.isArray(messages) ? messages : Object.values(messages).flat();
  return all.map((mail) => ({
    id: mail.MessageId,
    from: mail.Source,
    to: mail.To,
    subject: mail.Subject,
    text: mail.BodyText ?? '',
    html: mail.BodyHtml ?? null,
    at: String(mail.Timestamp),
  }));
}

const SCRIPT = `'use strict';
const element = (id) => document.getElementById(id);
const make = (tag, text, parent) => { const made = document.createElement(tag); made.textContent = text; parent.append(made); return made; };
const key = location.hash.slice(1) || sessionStorage.getItem('key') || '';
sessionStorage.setItem('key', key);
history.replaceState(null, '', '/');
const addLinked = (text, parent) => {
  for (const part of text.split(/(https?:\\/\\/\\S+)/)) {
    if (!/^https?:/.test(part)) { parent.append(part); continue; }
    const link = make('a', part, parent);
    link.href = part; link.rel = 'noopener noreferrer'; link.target = '_blank';
  }
};
let shown = '';
const refresh = async () => {
  const got = await fetch('/messages', { headers: { 'x-admin-token': key } });
  element('status').textContent = got.ok ? '' : got.status === 403
    ? 'Open this page from the address that npm start prints: it carries the key.' : 'The mailbox cannot be read now.';
  const text = await got.text();
  if (!got.ok || text === shown) return;
  shown = text;
  const mails = JSON.parse(text);
  element('status').textContent = mails.length === 0 ? 'No mail yet.' : '';
  element('mails').replaceChildren();
  for (const mail of mails.reverse()) {
    const item = make('details', '', element('mails'));
    make('summary', mail.to.join(', ') + ': ' + mail.subject, item);
    addLinked(mail.text, make('pre', '', item));
  }
};
setInterval(refresh, 2000);
refresh();
`;
const STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 sans-serif;max-width:50rem;margin:0 auto;padding:1rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit}summary{padding:.5rem 0}
`;
const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const POLICY = `default-src 'none'; script-src ${hash(SCRIPT)}; style-src ${hash(STYLE)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mailbox of the local stack</title><style>${STYLE}</style></head><body>
<h1>Mailbox of the local stack</h1><p id="status" role="status"></p><div id="mails"></div>
<script>${SCRIPT}</script></body></html>
`;

async function route(settings: MailSettings, request: IncomingMessage): Promise<LocalAnswer> {
  const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (request.method === 'GET' && pathname === '/') {
    return { status: 200, body: PAGE, headers: { 'content-security-policy': POLICY } };
  }
  if (!isAdmin(request, settings.adminToken))
    return { status: 403, body: { message: 'forbidden' } };
  if (request.method !== 'GET' || pathname !== '/messages') {
    return { status: 404, body: { message: 'not found' } };
  }
  try {
    return { status: 200, body: await readMailbox(settings) };
  } catch {
    return { status: 502, body: { message: 'the AWS emulator does not show its mail' } };
  }
}

/** Starts the mailbox on 127.0.0.1. */
export async function startMailbox(settings: MailSettings): Promise<LocalServer> {
  return serveLocally(settings.port, (request) => route(settings, request));
}
