// SPDX-License-Identifier: Apache-2.0
// Pages of lists: a marker is the last item's name, in base64url.
import { AwsError } from '../protocol/errors.ts';
import { integer, text } from '../protocol/members.ts';
import { optional } from '../protocol/shape.ts';

/** Members of paged requests. */
export const pagingMembers = { Limit: optional(integer(1, 1000)), Marker: optional(text(1, 1024)) };

/** Name after which a page begins; empty for the first page. @throws AwsError InvalidMarkerException */
export function afterMarker(marker: string | undefined): string {
  if (marker === undefined) return '';
  const name = Buffer.from(marker, 'base64url').toString('utf8');
  if (name === '' || Buffer.from(name, 'utf8').toString('base64url') !== marker) {
    throw new AwsError('InvalidMarkerException', 'The marker is not valid.');
  }
  return name;
}

/** Cuts a page out of sorted items and says how to go on. */
export function page<Item>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
  request: { readonly Limit?: number | undefined; readonly Marker?: string | undefined },
  defaultLimit: number,
) {
  const after = afterMarker(request.Marker);
  const rest = after === '' ? items : items.filter((item) => nameOf(item) > after);
  const cut = rest.slice(0, request.Limit ?? defaultLimit);
  const last = cut.at(-1);
  const truncated = cut.length < rest.length && last !== undefined;
  return {
    items: cut,
    more: truncated
      ? { Truncated: true, NextMarker: Buffer.from(nameOf(last), 'utf8').toString('base64url') }
      : { Truncated: false },
  };
}
