// SPDX-License-Identifier: Apache-2.0
// What was measured: one JSON object a line, or a table.
import Table from 'cli-table3';

/** One figure. `against` says what the baseline is; the ratio is value over baseline. */
export interface Line {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly against: string | null;
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
    this.#add({ name, value: rounded(value), unit, against: null, baseline: null, ratio: null });
  }

  /** A figure beside another. */
  ratio(name: string, value: number, unit: string, against: string, baseline: number): void {
    const ratio = rounded(value / baseline);
    this.#add({ name, value: rounded(value), unit, against, baseline: rounded(baseline), ratio });
  }

  /** Writes the table. */
  finish(): void {
    if (this.#isJson) return;
    const table = new Table({ head: ['', 'value', 'unit', 'against', 'baseline', 'ratio'] });
    for (const { name, value, unit, against, baseline, ratio } of this.#lines) {
      table.push([name, value, unit, against ?? '', baseline ?? '', ratio ?? '']);
    }
    process.stdout.write(`${table.toString()}\n`);
  }

  #add(line: Line): void {
    this.#lines.push(line);
    if (this.#isJson) process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}
