// SPDX-License-Identifier: Apache-2.0
// Tables for people. Nothing is ever cut off, because ids are there to be copied: a table too wide for the terminal
// becomes one block of lines per row.
import Table from 'cli-table3';
import { showable } from './report.ts';

export type Cell = string | number | null;

const NO_BORDERS = Object.fromEntries(
  [
    ...['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) => [side, `${side}-mid`]),
    ...['top-left', 'top-right', 'bottom-left', 'bottom-right', 'middle', 'right-mid', 'left-mid'],
  ].map((part) => [part, '']),
);

function shown(cell: Cell): string {
  return cell === null || cell === '' ? '-' : showable(String(cell));
}

function draw(rows: readonly (readonly string[])[]): string {
  const table = new Table({
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function fits(text: string, width: number | undefined): boolean {
  return width === undefined || text.split('\n').every((line) => [...line].length <= width);
}

/** Label and value, one pair a line; below each other when the terminal is too narrow for both. */
export function renderFields(
  fields: readonly (readonly [string, Cell])[],
  width: number | undefined,
): string {
  const rows = fields.map(([label, cell]) => [label, shown(cell)] as const);
  const aligned = draw(rows);
  if (fits(aligned, width)) return aligned;
  return rows.map(([label, value]) => `${label}: ${value}`).join('\n');
}

/** Rows under titles. @param width of the terminal; undefined for pipes, which take any width */
export function renderTable(
  titles: readonly string[],
  rows: readonly (readonly Cell[])[],
  width: number | undefined,
): string {
  const table = draw([
    titles.map((title) => title.toUpperCase()),
    ...rows.map((r) => r.map(shown)),
  ]);
  if (fits(table, width)) return table;
  return rows
    .map((row) =>
      renderFields(
        titles.map((title, index) => [title, row[index] ?? null]),
        width,
      ),
    )
    .join('\n\n');
}
