// SPDX-License-Identifier: Apache-2.0
// What the CLI needs of the machine, as one object, so that tests run it in process with a clock of their own.

/** Standard output or standard error. */
export interface Sink {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Width of the terminal; undefined for pipes and files, which have none. */
  readonly columns: number | undefined;
  /** The reader went away, as `head` does: what is written now is dropped. */
  readonly isClosed: boolean;
}

export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Resolves early when `signal` fires. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Fires on Ctrl-C. */
  readonly interrupt: AbortSignal;
  /** Where a local stack of this clone describes itself. */
  readonly stackFile: string;
  readonly version: string;
}
