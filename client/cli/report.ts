// SPDX-License-Identifier: Apache-2.0
// Standard error: notices, progress and the final error. Under `--output table` it is text for people, else JSON
// lines, so that a script can read both streams.
import pc from 'picocolors';
import type { Sink } from './host.ts';
import type { Output } from './settings.ts';

/** Control, format and bidirectional characters could rewrite what a terminal shows. */
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text from outside, safe to show on one line. */
export function showable(text: string): string {
  return text.replace(UNSHOWABLE, '\uFFFD');
}

export interface Report {
  readonly paint: ReturnType<typeof pc.createColors>;
  readonly isTerminal: boolean;
  /** One line for people, or `data` for scripts. */
  notice(text: string, data: Readonly<Record<string, unknown>>): void;
  /** A line that the next one replaces; only on a terminal. */
  live(text: string): void;
}

/** @param isColored whether colours were not switched off */
export function createReport(sink: Sink, output: Output, isColored: boolean): Report {
  const isText = output === 'table';
  let hasLive = false;
  const erase = (): string => {
    const lead = hasLive ? '\r\u001B[K' : '';
    hasLive = false;
    return lead;
  };
  return {
    paint: pc.createColors(isColored && isText && sink.isTerminal),
    isTerminal: sink.isTerminal,
    notice: (text, data) => sink.write(`${erase()}${isText ? text : JSON.stringify(data)}\n`),
    live: (text) => {
      if (!isText || !sink.isTerminal) return;
      // A line longer than the terminal would wrap, and then could not be replaced.
      const fitting = [...text].slice(0, Math.max(1, (sink.columns ?? 80) - 1)).join('');
      sink.write(`${erase()}${fitting}`);
      hasLive = true;
    },
  };
}
