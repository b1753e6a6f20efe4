// SPDX-License-Identifier: Apache-2.0
// The tests of a peer that say nothing about AWS, each under its reason. A list has a reason at the margin and, indented
// under it, ids of tests without their folder; a star at the end of an id stands for anything. An id behind `=` calls no
// endpoint: that it passes says nothing either.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A test, or several, and why they do not count. */
export interface Entry {
  readonly pattern: string;
  readonly reason: string;
  /** The test does not count when it passes either. */
  readonly isSilent: boolean;
}

/** Reads a list. @throws Error for a test without a reason */
export function parseList(text: string): readonly Entry[] {
  const entries: Entry[] = [];
  let reason: string | undefined;
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    if (!line.startsWith(' ')) {
      reason = line.trim();
    } else if (reason === undefined) {
      throw new Error(`no reason is given for ${line.trim()}; write it on the line before`);
    } else {
      const isSilent = line.trim().startsWith('=');
      const pattern = (isSilent ? line.replace('=', '') : line).trim();
      entries.push({ pattern, reason, isSilent });
    }
  }
  return entries;
}

function matches(pattern: string, test: string): boolean {
  return pattern.endsWith('*') ? test.startsWith(pattern.slice(0, -1)) : test === pattern;
}

/** What excuses a test, or undefined. */
export function excuseFor(list: readonly Entry[], test: string): Entry | undefined {
  const [file = ''] = test.split('::', 1);
  const name = test.slice(file.lastIndexOf('/') + 1);
  return list.find(({ pattern }) => matches(pattern, name));
}

/** The list of a suite; empty when it has none. */
export function listOf(suite: string): readonly Entry[] {
  const path = join(import.meta.dirname, 'inapplicable', `${suite}.txt`);
  return existsSync(path) ? parseList(readFileSync(path, 'utf8')) : [];
}
