// SPDX-License-Identifier: Apache-2.0
// Names of rows that are due, as the table's index lists them.
import type { Instant } from '#core/keys/records.ts';

interface Waiting {
  readonly dueAt: Instant | null;
}

/** The longest overdue first; rows of one instant by name. */
export function dueNames<Row extends Waiting>(
  rows: Iterable<Row>,
  nameOf: (row: Row) => string,
  before: Instant,
  limit: number,
): readonly string[] {
  return [...rows]
    .flatMap((row) =>
      row.dueAt !== null && row.dueAt <= before ? [`${row.dueAt}#${nameOf(row)}`] : [],
    )
    .sort()
    .slice(0, limit)
    .map((row) => row.split('#')[1] ?? '');
}
