// SPDX-License-Identifier: Apache-2.0
// Filters and pages of CloudHSM lists.

import { page } from '../keys/paging.ts';
import { serializationError } from '../protocol/errors.ts';
import { integer, list, text } from '../protocol/members.ts';
import { type InputOf, optional, type Reader } from '../protocol/shape.ts';
import { invalidClusterRequest } from './find-cluster.ts';

const textList = list(text(0, 256));

/** A map from filter name to values. */
const filterMap: Reader<ReadonlyMap<string, readonly string[]>> = (value, at) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw serializationError('Filters must be an object');
  }
  return new Map(Object.entries(value).map(([name, values]) => [name, textList(values, at)]));
};

/** Members of filtered lists. */
export const clusterFilters = {
  Filters: optional(filterMap),
  NextToken: optional(text(0, 256)),
  MaxResults: optional(integer(1, 100)),
};

/** One page of the items that match every filter. @throws AwsError for filters that do not exist */
export function filterPage<Item>(
  items: readonly Item[],
  input: InputOf<typeof clusterFilters>,
  properties: Readonly<Record<string, (item: Item) => string>>,
  nameOf: (item: Item) => string,
) {
  let matching = items;
  for (const [name, values] of input.Filters ?? []) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property === undefined) throw invalidClusterRequest(`Unknown filter ${name}.`);
    matching = matching.filter((item) => values.includes(property(item)));
  }
  const marker = input.NextToken === '' ? undefined : input.NextToken;
  const request = { Limit: input.MaxResults, Marker: marker };
  const found = page(matching, nameOf, request, 25);
  const more = 'NextMarker' in found.more ? { NextToken: found.more.NextMarker } : {};
  return { items: found.items, more };
}
