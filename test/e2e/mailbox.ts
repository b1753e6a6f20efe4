// SPDX-License-Identifier: Apache-2.0
// The mailbox of the running stack, and the page behind a mail's link as its script uses it.
import { inject } from 'vitest';
import { z } from 'zod';
import { until } from '#scripts/local/waiting.ts';

const Mail = z.object({
  to: z.array(z.string()),
  from: z.string(),
  subject: z.string(),
  text: z.string(),
});
type Mail = z.infer<typeof Mail>;

/** Mails about a request, oldest first. */
export async function mailsAbout(approvalId: string): Promise<readonly Mail[]> {
  const { mailUrl, adminToken } = inject('stack');
  const answer = await fetch(`${mailUrl}/messages`, { headers: { 'x-admin-token': adminToken } });
  const mails = z.array(Mail).parse(await answer.json());
  return mails.filter(({ text }) => text.includes(approvalId));
}

/** Waits until each of these people has a mail about the request whose subject begins so. */
export async function mailed(approvalId: string, users: readonly string[], subject: string) {
  return until(
    async () => {
      const mails = await mailsAbout(approvalId);
      const found = mails.filter((mail) => mail.subject.startsWith(`[Keyturn] ${subject}`));
      const told = new Set(found.flatMap(({ to }) => to));
      return users.every((user) => told.has(`${user}@keyturn.local`)) && found;
    },
    {
      timeoutSeconds: 60,
      what: `"${subject}" of ${approvalId} to be mailed to ${users.join(', ')}`,
    },
  );
}

export interface MailedLink {
  /** What a browser asks for: the address without what follows the `#`. */
  readonly url: string;
  readonly secret: string;
}

/** The links in a mail. */
export function linksIn({ text }: Pick<Mail, 'text'>): readonly MailedLink[] {
  return [...text.matchAll(/(https:\/\/\S+\/v1\/mail\/[\w-]+)#([\w-]+)/g)].map(
    ([, url = '', secret = '']) => ({ url, secret }),
  );
}

/** The one link in the newest of these mails to a person. */
export function linkOf(mails: readonly Mail[], user: string): MailedLink {
  const mail = mails.findLast(({ to }) => to.includes(`${user}@keyturn.local`));
  const [link] = mail ? linksIn(mail) : [];
  if (!link) throw new Error(`no link for ${user}`);
  return link;
}

export async function post(url: string, body: unknown) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const json = (await answer.json()) as Record<string, unknown>;
  return { status: answer.status, code: json['code'], body: json, headers: answer.headers };
}

export const show = ({ url, secret }: MailedLink) => post(url, { do: 'show', secret });

/** Opens the link and votes, as the page does. */
export async function voteByMail(link: MailedLink, patch: object = {}) {
  const { body } = await show(link);
  const { csrf, digest } = body;
  const { secret, url } = link;
  return post(url, { do: 'vote', secret, csrf, digest, decision: 'approve', ...patch });
}
