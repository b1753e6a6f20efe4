// SPDX-License-Identifier: Apache-2.0
// Pages of lists: a marker is the last item's name, behind a check that no other text passes.
import { createHash } from 'node:crypto';
import { AwsError } from '../protocol/errors.ts';
import { integer, text } from '../protocol/members.ts';
import { optional } from '../protocol/shape.ts';

const CHECK_BYTES = 8;

/** Members of paged requests. */
export const pagingMembers = { Limit: optional(integer(1, 1000)), Marker: optional(text(1, 1024)) };

function checkOf(name: string): Buffer {
  return createHash('sha256').update('marker\0').update(name).digest().subarray(0, CHECK_BYTES);
}

/** The marker after which a page goes on. */
export function markerOf(name: string): string {
  return Buffer.concat([checkOf(name), Buffer.from(name, 'utf8')]).toString('base64url');
}

/** Name after which a page begins; empty for the first page. @throws AwsError InvalidMarkerException */
export function afterMarker(marker: string | undefined): string {
  if (marker === undefined) return '';
  const name = Buffer.from(marker, 'base64url').subarray(CHECK_BYTES).toString('utf8');
  if (name === '' || markerOf(name) !== marker) {
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
      ? { Truncated: true, NextMarker: markerOf(nameOf(last)) }
      : { Truncated: false },
  };
}
