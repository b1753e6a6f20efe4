// SPDX-License-Identifier: Apache-2.0
// Walks a collection page by page.
import type { Answer } from './answer.ts';
import type { PageOptions } from './surface.ts';

interface PageBody<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** Every page of a collection, in order, such as `everyPage((page) => client.listKeys(page))`. */
export async function* everyPage<B extends PageBody<unknown>>(
  read: (page: PageOptions) => Promise<Answer<B>>,
  options: PageOptions = {},
): AsyncGenerator<Answer<B>> {
  let page = options;
  for (;;) {
    const answer = await read(page);
    yield answer;
    const { nextCursor } = answer.body;
    if (nextCursor === null) return;
    page = { ...page, cursor: nextCursor };
  }
}

/** Every item of a collection, in order. */
export async function* everyItem<T>(
  read: (page: PageOptions) => Promise<Answer<PageBody<T>>>,
  options: PageOptions = {},
): AsyncGenerator<T> {
  for await (const { body } of everyPage(read, options)) yield* body.items;
}
