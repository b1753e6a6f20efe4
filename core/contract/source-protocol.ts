// SPDX-License-Identifier: Apache-2.0
// What Keyturn and the endpoint of a source of kind `webhook` say to each other (`docs/reencryption.md`). Answers are a
// stranger's input: bounded, and never shown.
import { z } from 'zod';

/** Ids, cursors and etags lie in our rows and logs: bounded well below what a row holds. */
const opaque = z.string().min(1).max(1024);

/** What Keyturn asks; `action` says what. */
export type SourceRequest = { readonly key: string; readonly source: string } & (
  | {
      readonly action: 'list';
      readonly shard: number;
      readonly shards: number;
      readonly cursor: string | null;
      readonly limit: number;
    }
  | {
      readonly action: 'replace';
      readonly id: string;
      readonly etag: string;
      /** Base64, in the order of the parts; null where a part stays as it is. */
      readonly ciphertexts: readonly (string | null)[];
      /** The version that the given ones are under, for owners that keep it beside them. */
      readonly version: number | null;
    }
  | { readonly action: 'count' }
);

/** Parts of one item, as they must be; an item of any other form is listed as dead. */
export const ListedParts = z
  .array(
    z.object({
      ciphertext: z.base64().min(1).max(16_384),
      context: z.record(z.string().min(1), z.string()).default({}),
    }),
  )
  .min(1)
  .max(10);

/** Answer to `list`. An item must keep its shard, and `etag` must change with every write of it. */
export const ListAnswer = z.object({
  items: z.array(z.object({ id: opaque, etag: opaque, parts: z.unknown() })),
  cursor: opaque.nullable(),
});

/** Answer to `count`: about how many items there are, null when that is not known. It only says how long a run takes. */
export const CountAnswer = z.object({ items: z.int().nonnegative().nullable() });
export type ListedItem = z.infer<typeof ListAnswer>['items'][number];
