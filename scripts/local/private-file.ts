// SPDX-License-Identifier: Apache-2.0
// Files only the user may read (mode 0600), replaced in one step so that a reader never sees half of one.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** Writes `content` under mode 0600, whatever mode the file had before. */
export function writePrivate(path: string, content: string): void {
  const staging = `${path}.${process.pid}.new`;
  writeFileSync(staging, content, { mode: 0o600 });
  renameSync(staging, path);
}

/** The parsed JSON of a file, or undefined when there is no such file. @throws SyntaxError */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
