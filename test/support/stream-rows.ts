// SPDX-License-Identifier: Apache-2.0
// Rows as the table's stream hands them over: every value with its type.

const image = (value: unknown): unknown => {
  if (value === null) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  return { M: Object.fromEntries(Object.entries(Object(value)).map(([k, v]) => [k, image(v)])) };
};

/** The image of a row in a partition. */
export const rowOf = (members: object, pk: string) =>
  Object.fromEntries(Object.entries({ ...members, pk, sk: '1' }).map(([k, v]) => [k, image(v)]));
