// SPDX-License-Identifier: Apache-2.0
// Prints a collection. `json` is one page as the API gave it; `table` and `jsonl` are all pages.
import { type Answer, everyItem, type PageOptions } from '../sdk/index.ts';
import { type Context, print, printAnswer, widthOf } from './context.ts';
import { UsageError } from './failures.ts';

interface PageBody<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}
type ReadPage<T> = (page: PageOptions) => Promise<Answer<PageBody<T>>>;

/** Page flags as commander gives them. */
export interface PageFlags {
  readonly limit?: string;
  readonly cursor?: string;
}

function toPage({ limit, cursor }: PageFlags, signal: AbortSignal): PageOptions {
  if (limit !== undefined && !/^[1-9]\d{0,4}$/.test(limit))
    throw new UsageError(`--limit "${limit}" is not a number of items`);
  return {
    signal,
    ...(limit !== undefined && { limit: Number(limit) }),
    ...(cursor !== undefined && { cursor }),
  };
}

async function printOnePage<T>(context: Context, read: ReadPage<T>, page: PageOptions) {
  const answer = await read(page);
  printAnswer(context, answer, () => '');
  const { nextCursor } = answer.body;
  if (nextCursor === null) return;
  context.report.notice('', {
    notice: 'more pages follow; --output jsonl reads them all',
    nextCursor,
  });
}

/** @param view draws all items at once, because columns are as wide as their widest cell */
export async function printList<T>(
  context: Context,
  flags: PageFlags,
  read: ReadPage<T>,
  view: (items: readonly T[], width: number | undefined) => string,
): Promise<void> {
  const page = toPage(flags, context.signal);
  const { output } = context.settings.flags;
  if (output === 'json') {
    await printOnePage(context, read, page);
    return;
  }
  const items: T[] = [];
  for await (const item of everyItem(read, page)) {
    if (context.host.stdout.isClosed) return;
    if (output === 'jsonl') print(context, JSON.stringify(item));
    else items.push(item);
  }
  if (output === 'table') print(context, view(items, widthOf(context)));
}
