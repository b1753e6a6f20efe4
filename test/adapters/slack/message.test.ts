// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { readButtonValue } from '#adapters/slack/button-value.ts';
import { slackMessage, threadText } from '#adapters/slack/message.ts';
import { reasonView } from '#adapters/slack/reason-view.ts';
import { isOpen, NOTICE_KINDS } from '#core/approvals/notice.ts';
import { aNotice, NASTY } from '#test/core/approvals/notice-scene.ts';

interface Block {
  readonly type: string;
  readonly text?: { readonly type: string; readonly text: string; readonly verbatim?: boolean };
  readonly elements?: readonly Record<string, unknown>[];
}

const blocksOf = (notice = aNotice()) =>
  (slackMessage(notice).attachments[0]?.blocks ?? []) as unknown as readonly Block[];
const sectionsOf = (notice = aNotice()) =>
  blocksOf(notice).flatMap((block) => (block.type === 'section' ? [block.text?.text ?? ''] : []));
const buttonsOf = (notice = aNotice()) =>
  blocksOf(notice).flatMap((block) => (block.type === 'actions' ? (block.elements ?? []) : []));
const NAMES = ['*What*', '*Who*', '*Why*', '*Blast radius*', '*When*', '*Digest*'];

describe('the message of a request', () => {
  it('has every field in order, times in the reader’s zone, and a text for those who see no blocks', () => {
    const sections = sectionsOf();

    expect(sections.map((text) => text.split('\n')[0])).toEqual(NAMES);
    expect(sections[4]).toContain(
      '<!date^1795687200^{date_short_pretty} {time_secs}|2026-11-26 10:00 UTC>',
    );
    expect(slackMessage(aNotice()).text).toBe(
      '⏳ Approval requested: Release payments-signing (production)',
    );
  });

  it('shows every field of a reason of 10 kB, and of values that grow most by escaping', () => {
    const long = '&'.repeat(10_240);
    const names = Array.from({ length: 20 }, () => long);
    const notice = aNotice({
      reason: long,
      what: long,
      key: long,
      class: long,
      source: long,
      requester: { sub: long, name: long },
      votes: names.map((name) => ({ name, decision: 'approve' as const })),
      blast: {
        consumers: 9,
        topOwners: names,
        lastUse: long,
        unreadable: long,
        undo: long,
        irreversible: true,
      },
    });
    const sections = sectionsOf(notice);

    expect(sections.flatMap((text) => NAMES.filter((name) => text.startsWith(name)))).toEqual(
      NAMES,
    );
    expect(Math.max(...sections.map((text) => text.length))).toBeLessThanOrEqual(3000);
    expect(blocksOf(notice).length).toBeLessThanOrEqual(50);
    expect(sections.at(-1)).toContain('lusab-babad');
    expect(buttonsOf(notice)).toHaveLength(3);
  });

  it('lets no text of people call a channel, make a link or hide', () => {
    const evil = `${NASTY} <https://evil.example|ok> @channel`;
    const notice = aNotice({ reason: evil, what: evil, requester: { sub: 'usr_x', name: evil } });
    const all = [...sectionsOf(notice), slackMessage(notice).text, threadText(notice)];

    for (const text of all)
      expect(text.replace(/<!date\^\d+\^[^|<>]+\|[^<>]+>/g, '')).not.toMatch(/[<>]|(?!\n)\p{C}/u);
    expect(sectionsOf(notice)[2]?.split('\n')).toHaveLength(2);
    expect(
      blocksOf(notice).filter(({ type, text }) => type === 'section' && text?.verbatim !== true),
    ).toEqual([]);
  });

  it('carries request and digest in its buttons, asks again, and links only to the page', () => {
    const [approve, deny, page] = buttonsOf();
    const { approvalId, digest, pageUrl } = aNotice();

    for (const button of [approve, deny, page])
      expect(readButtonValue(String(button?.['value']))).toEqual({ approvalId, digest });
    expect([approve?.['url'], deny?.['url'], page?.['url']]).toEqual([
      undefined,
      undefined,
      pageUrl,
    ]);
    expect(JSON.stringify(approve?.['confirm'])).toContain('lusab-babad');
  });

  it('keeps the question within 300 characters', () => {
    const [approve] = buttonsOf(aNotice({ what: 'x'.repeat(5000) }));
    const confirm = approve?.['confirm'] as { text: { text: string } };

    expect(confirm.text.text.length).toBeLessThanOrEqual(300);
    expect(confirm.text.text).toContain('lusab-babad');
  });

  it('sends to the page where a click is not enough', () => {
    const [only, ...others] = buttonsOf(aNotice({ mayVoteInSlack: false }));

    expect(others).toEqual([]);
    expect(only).toMatchObject({ action_id: 'keyturn_page', text: { text: 'Vote on the page' } });
  });

  it('gives who presses a link of their own where votes are signed', () => {
    const notice = aNotice({ mayVoteInSlack: false, isSigned: true });
    const [only, ...others] = buttonsOf(notice);

    expect(others).toEqual([]);
    expect(only).toMatchObject({ action_id: 'keyturn_link', text: { text: 'Vote on your page' } });
    expect(only).not.toHaveProperty('url');
  });

  it.each(NOTICE_KINDS)('has buttons for %s only while votes are taken', (kind) => {
    expect(buttonsOf(aNotice({ kind })).length > 0).toBe(isOpen(kind));
    expect(threadText(aNotice({ kind }))).not.toBe('');
  });

  it('tells the thread who voted and how many', () => {
    expect(threadText(aNotice({ kind: 'voted' }))).toMatch(
      /bob approved\. 1 of 2 votes\. Open until <!date/,
    );
  });
});

it('asks for the reason in a view that Slack takes', () => {
  const { approvalId, digest } = aNotice();
  const view = reasonView({
    approvalId,
    digest,
    userId: 'U0BOB',
    channelId: 'C0X',
    messageTs: '1.2',
  });

  expect(view.title.text.length).toBeLessThanOrEqual(24);
  expect((view.private_metadata ?? '').length).toBeLessThanOrEqual(3000);
  expect(JSON.stringify(view.blocks)).toContain('lusab-babad');
});
