// SPDX-License-Identifier: Apache-2.0
// What was measured: one JSON object a line, or a table.
import Table from 'cli-table3';
import { ratioOf, type Tally } from './slices.ts';

/** One figure. The name says what the baseline is; the ratio is value over baseline. */
export interface Line {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly baseline: number | null;
  readonly ratio: number | null;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** Collects figures; as JSON they are written at once. */
export class Report {
  readonly #isJson: boolean;
  readonly #lines: Line[] = [];

  constructor(isJson: boolean) {
    this.#isJson = isJson;
  }

  /** A figure alone. */
  value(name: string, value: number, unit: string): void {
    this.#add({ name, value: rounded(value), unit, baseline: null, ratio: null });
  }

  /** A figure beside another. */
  beside(name: string, value: number, unit: string, baseline: number, ratio = value / baseline) {
    const line = { value: rounded(value), baseline: rounded(baseline), ratio: rounded(ratio) };
    this.#add({ name, unit, ...line });
  }

  /** Calls a second beside those of another that took turns. */
  rate(name: string, ours: Tally, theirs: Tally): void {
    this.beside(name, ours.perSecond, 'calls/s', theirs.perSecond, ratioOf(ours, theirs));
  }

  /** How long calls took, and the processor time of the server. */
  details(name: string, { p50, p99, cpuPerCall }: Tally): void {
    this.value(`${name}: p50`, p50, 'ms');
    this.value(`${name}: p99`, p99, 'ms');
    this.value(`${name}: server CPU per call`, cpuPerCall, 'µs');
  }

  /** Writes the table. */
  finish(): void {
    if (this.#isJson) return;
    const table = new Table({ head: ['', 'value', 'unit', 'baseline', 'ratio'] });
    for (const { name, value, unit, baseline, ratio } of this.#lines) {
      table.push([name, value, unit, baseline ?? '', ratio ?? '']);
    }
    process.stdout.write(`${table.toString()}\n`);
  }

  #add(line: Line): void {
    this.#lines.push(line);
    if (this.#isJson) process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}
