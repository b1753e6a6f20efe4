// SPDX-License-Identifier: Apache-2.0
// Help topics that belong to no single command.
import { EXIT_CODES } from './exit-codes.ts';

function exitCodes(): string {
  const lines = Object.values(EXIT_CODES).map(
    ({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`,
  );
  return `Exit codes:\n${lines.join('\n')}`;
}

const FORMATTING = `Formatting:
  Standard output is data; standard error is notices, progress and errors.

  --output table   for people (default, also when piped). All pages. A table too wide for
                   the terminal becomes one block of lines per row; nothing is cut off.
  --output json    the body of the API, byte for byte. Of a list: one page
                   (--limit, --cursor); nextCursor tells whether more follow.
  --output jsonl   one JSON value a line; of a list: all pages.

  Under json and jsonl, standard error is JSON lines too; an error is the API's
  problem+json (RFC 9457) as the last one.

  audit export     always JSON lines; the last is the head of the chain.
  --no-color, NO_COLOR   switch colours off; they are on only on a terminal.`;

/** Topics of `keyturn help`. */
export const TOPICS: Readonly<Record<string, () => string>> = {
  'exit-codes': exitCodes,
  formatting: () => FORMATTING,
};
