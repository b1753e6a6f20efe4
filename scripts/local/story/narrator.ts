// SPDX-License-Identifier: Apache-2.0
// Tells the story line by line: what happened, and how long it took.
import colors from 'picocolors';

export class Narrator {
  readonly #say: (line: string) => void;
  readonly #began = performance.now();

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  chapter(title: string): void {
    this.#say(`\n${colors.bold(title)}`);
  }

  /** A fact, below the step it belongs to. */
  note(text: string): void {
    this.#say(`      ${colors.dim(text)}`);
  }

  /** Runs a step and prints it with its time; a failed one is printed as such and thrown on. */
  async step<T>(title: string, work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    try {
      const result = await work();
      this.#say(`  ${colors.green('✓')} ${title} ${colors.dim(seconds(began))}`);
      return result;
    } catch (error) {
      this.#say(`  ${colors.red('✗')} ${title} ${colors.dim(seconds(began))}`);
      throw error;
    }
  }

  /** Prints what was checked; a check that does not hold ends the story. */
  check(holds: boolean, title: string): void {
    this.#say(`  ${holds ? colors.green('✓') : colors.red('✗')} ${title}`);
    if (!holds) throw new Error(`not as promised: ${title}`);
  }

  end(text: string): void {
    this.#say(`\n${colors.bold(text)} ${colors.dim(seconds(this.#began))}`);
  }
}

function seconds(began: number): string {
  return `${((performance.now() - began) / 1000).toFixed(1)} s`;
}
