// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestWords, shortDigest } from '#core/approvals/digest-words.ts';
import { isOpen, NOTICE_KINDS } from '#core/approvals/notice.ts';
import { noticeFields, noticeTitle, utcTime } from '#core/approvals/notice-text.ts';
import { oneLine, shortLine } from '#core/approvals/plain-text.ts';
import { aNotice, NASTY } from './notice-scene.ts';

const linesOf = (notice = aNotice()) =>
  noticeFields(notice).flatMap(({ lines }) =>
    lines.map((line) =>
      line.map((piece) => (typeof piece === 'string' ? piece : piece.at)).join(''),
    ),
  );

describe('the words of a digest', () => {
  // The examples of the paper: IPv4 addresses as two words.
  it.each([
    ['7f000001', 'lusab-babad'],
    ['3f54dcc1', 'gutih-tugad'],
    ['3f760723', 'gutuk-bisog'],
    ['8c62c18d', 'mudof-sakat'],
  ])('of %s are %s', (hex, words) => {
    expect(digestWords(hex.repeat(8))).toBe(`${words}-${words}`);
  });

  it('and its short form show the first 64 bits', () => {
    expect(shortDigest('0123456789abcdef'.repeat(4))).toBe('0123 4567 89ab cdef');
  });
});

describe('text of people', () => {
  it.each([
    ['a\nb\r\nc\td', 'a b c d'],
    ['a\u2028b\u0085c', 'a b c'],
    ['pay\u202eload', 'pay\uFFFDload'],
    ['zero\u200bwidth', 'zero\uFFFDwidth'],
    ['half \ud800 pair', 'half \uFFFD pair'],
    ['be\u0007ll', 'be\uFFFDll'],
    [`e${'\u0301'.repeat(50)}`, `e${'\u0301'.repeat(3)}`],
  ])('%j is one line: %j', (text, line) => {
    expect(oneLine(text)).toBe(line);
  });

  it('is cut to its limit, whole characters only, and says so', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 400 }),
        fc.integer({ min: 60, max: 300 }),
        (text, limit) => {
          const line = shortLine(text, limit);
          expect(line.length).toBeLessThanOrEqual(limit);
          expect(line.isWellFormed()).toBe(true);
          expect(/[\p{Cc}\p{Cf}\n]/u.test(line)).toBe(false);
        },
      ),
    );
    expect(shortLine('x'.repeat(100), 60)).toMatch(/^x+… \(\d+ more characters on the page\)$/);
  });
});

describe('the fields of a notice', () => {
  it('are all there, in the order of the specification', () => {
    expect(noticeFields(aNotice()).map(({ name }) => name)).toEqual([
      'What',
      'Who',
      'Why',
      'Blast radius',
      'When',
      'Digest',
    ]);
    expect(linesOf()).toEqual([
      'Release payments-signing',
      'Action: key.release; key: payments-signing; class: standard; environment: production',
      'Requested by alice (usr_alice) from api',
      'Votes: 1 of 2 (bob ✓ approved)',
      'moved to another system',
      'Consumers: 3; owners: payments, ledger',
      'Last use: 2026-11-25T10:00:00Z by checkout',
      'Becomes unreadable: nothing known',
      'Irreversible: YES; undo: not possible',
      'Requested: 2026-11-26T10:00:00.000Z',
      'Expires: 2026-11-27T10:00:00.000Z',
      'Earliest execution: once approved',
      'lusab-babad-povor-povor (7f00 0001 abab abab)',
      'Request apr_01K0000000000000000000000A',
    ]);
  });

  it('say what is not known in words', () => {
    const blast = { ...aNotice().blast, consumers: 0, topOwners: [], lastUse: null };
    const text = linesOf(
      aNotice({ reason: null, key: null, environment: null, source: null, blast }),
    );

    expect(text).toContain('no reason given');
    expect(text).toContain('Consumers: 0; owners: none known');
    expect(text).toContain('Last use: none known');
    expect(text[1]).toContain('key: none; class: standard; environment: all environments');
  });

  it('stay whole and on their lines, however long and nasty every value is', () => {
    const long = NASTY.repeat(1000);
    const names = Array.from({ length: 20 }, () => long);
    const notice = aNotice({
      what: long,
      key: long,
      class: long,
      requester: { sub: long, name: long },
      source: long,
      votes: names.map((name) => ({ name, decision: 'deny' as const })),
      reason: long,
      blast: {
        consumers: 1,
        topOwners: names,
        lastUse: long,
        unreadable: long,
        undo: long,
        irreversible: false,
      },
    });

    const text = linesOf(notice);
    expect(text).toHaveLength(linesOf().length);
    expect(text.filter((line) => /\p{C}/u.test(line))).toEqual([]);
    expect(text.at(-2)).toContain('lusab-babad');
    expect(Math.max(...text.map((line) => line.length))).toBeLessThan(1000);
  });
});

it('has a title for each kind, and votes only before the end', () => {
  const titles = NOTICE_KINDS.map((kind) => noticeTitle(aNotice({ kind })));

  expect(new Set(titles).size).toBe(NOTICE_KINDS.length);
  expect(NOTICE_KINDS.filter(isOpen)).toEqual(['requested', 'voted', 'reminder', 'escalated']);
  expect(utcTime('2026-11-26T10:17:37.000Z')).toBe('2026-11-26 10:17 UTC');
});
