// SPDX-License-Identifier: Apache-2.0
// Text of people, made harmless for a line of a message: nothing in it can end the line, run backwards, hide, or
// push what follows out of sight. Escaping for HTML or Slack comes on top.

/** Control, format (bidi marks and overrides, zero width), private, unassigned, half surrogates; line separators. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/gu;
const SPACES = /[\s\u0085]+/gu;
const MANY_MARKS = /(\p{M}{3})\p{M}+/gu;
const REPLACEMENT = '\uFFFD';

/** One line: white space becomes one blank, everything that cannot be seen the replacement character. */
export function oneLine(text: string): string {
  return text.replace(SPACES, ' ').replace(INVISIBLE, REPLACEMENT).replace(MANY_MARKS, '$1').trim();
}

/** One line of at most `limit` UTF-16 units; what is cut is counted, so that nobody takes a part for the whole. */
export function shortLine(text: string, limit: number): string {
  const line = oneLine(text);
  if (line.length <= limit) return line;
  const note = (cut: number) => `… (${cut} more characters on the page)`;
  const room = Math.max(0, limit - note(line.length).length);
  // Never half of a surrogate pair.
  const kept = line.slice(0, room).replace(/[\uD800-\uDBFF]$/, '');
  return `${kept}${note(line.length - kept.length)}`;
}
