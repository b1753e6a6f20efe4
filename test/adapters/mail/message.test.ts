// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SESClient } from '@aws-sdk/client-ses';
import { afterEach, describe, expect, it } from 'vitest';
import { mailMessage } from '#adapters/mail/message.ts';
import { SesSender } from '#adapters/mail/ses-sender.ts';
import { NOTICE_KINDS } from '#core/approvals/notice.ts';
import { aNotice, NASTY } from '#test/core/approvals/notice-scene.ts';

const SECRET = 'A'.repeat(43);

describe('the mail of a notice', () => {
  it('has every field in order, as text and as HTML, and the digest’s words', () => {
    const { subject, text, html } = mailMessage(aNotice(), SECRET);
    const names = ['What', 'Who', 'Why', 'Blast radius', 'When', 'Digest'];

    expect(subject).toBe('[Keyturn] Approval requested: Release payments-signing (production)');
    expect(text.match(/^[A-Z ]{3,}$/gm)).toEqual(names.map((name) => name.toUpperCase()));
    expect([...html.matchAll(/<th [^>]*>([^<]+)</g)].map(([, name]) => name)).toEqual(names);
    for (const body of [text, html]) expect(body).toContain('lusab-babad-povor-povor');
    expect(text).toContain('Expires: 2026-11-27 10:00 UTC');
  });

  it('has the secret behind the # of one link, and nowhere else', () => {
    const notice = aNotice({
      pageUrl: 'https://keyturn.example/mail/apr_01K0000000000000000000000A',
    });
    const { subject, text, html } = mailMessage(notice, SECRET);

    expect(subject).not.toContain(SECRET);
    expect(text.split(SECRET)).toHaveLength(2);
    expect(text).toContain(`\n${notice.pageUrl}#${SECRET}\n`);
    expect([...html.matchAll(/href="([^"]+)"/g)].map(([, href]) => href)).toEqual([
      `${notice.pageUrl}#${SECRET}`,
    ]);
    expect(mailMessage(notice, null).text).not.toContain('#');
  });

  it('has no markup, header or line of its own making from text of people', () => {
    const evil = `${NASTY}<script>alert(1)</script>\r\nBcc: eve@example.com`;
    const notice = aNotice({ what: evil, reason: evil, requester: { sub: evil, name: evil } });
    const { subject, text, html } = mailMessage(notice, SECRET);
    const tags = new Set([...html.matchAll(/<\/?([a-z0-9!]+)/gi)].map(([, tag]) => tag));

    expect([...tags].sort()).toEqual([
      '!doctype',
      'a',
      'body',
      'div',
      'h1',
      'head',
      'html',
      'meta',
      'p',
      'table',
      'td',
      'th',
      'title',
      'tr',
    ]);
    expect(/\p{C}/u.test(subject)).toBe(false);
    expect(text.match(/^Bcc/m)).toBeNull();
    expect(text.match(/^\s*\*Digest/m)).toBeNull();
  });

  it.each(NOTICE_KINDS)('of kind %s loads nothing from elsewhere', (kind) => {
    expect(mailMessage(aNotice({ kind }), SECRET).html).not.toMatch(
      /<(img|link|script|iframe)|url\(/,
    );
  });
});

describe('SES', () => {
  const servers: { close(): void }[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** A sender whose SES answers with this, and the forms it was sent. */
  async function aSender(status: number, body: string) {
    const sent: URLSearchParams[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        sent.push(new URLSearchParams(Buffer.concat(chunks).toString()));
        response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const client = new SESClient({
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });
    return { sender: new SesSender(client, 'keyturn@example.com'), sent };
  }

  const errorXml = (code: string) =>
    `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`;
  const TAKEN =
    '<SendEmailResponse><SendEmailResult><MessageId>m-1</MessageId></SendEmailResult></SendEmailResponse>';

  it('gets one recipient, subject and both bodies', async () => {
    const { sender, sent } = await aSender(200, TAKEN);
    const message = mailMessage(aNotice(), SECRET);

    expect(await sender.send('bob@example.com', message)).toBe('m-1');
    expect(Object.fromEntries(sent[0] ?? [])).toMatchObject({
      Action: 'SendEmail',
      Source: 'keyturn@example.com',
      'Destination.ToAddresses.member.1': 'bob@example.com',
      'Message.Subject.Data': message.subject,
      'Message.Body.Text.Data': message.text,
      'Message.Body.Html.Data': message.html,
    });
  });

  it.each([
    ['Throttling', 'Throttled'],
    ['MessageRejected', 'DependencyUnavailable'],
    ['AccountSendingPausedException', 'DependencyUnavailable'],
  ])('that answers %s is %s', async (answer, code) => {
    const { sender } = await aSender(400, errorXml(answer));

    await expect(
      sender.send('bob@example.com', mailMessage(aNotice(), null)),
    ).rejects.toMatchObject({ code });
  });

  it.each([
    '',
    'bob',
    'bob@example.com, eve@example.com',
    'bob@example.com\r\nBcc: eve@example.com',
    '"Bob" <bob@example.com>',
    'bob@exam ple.com',
    `${'x'.repeat(65)}@example.com`,
  ])('is not asked to send to %j', async (to) => {
    const { sender, sent } = await aSender(200, TAKEN);

    await expect(sender.send(to, mailMessage(aNotice(), null))).rejects.toMatchObject({
      code: 'ValidationFailed',
    });
    expect(sent).toEqual([]);
  });
});
