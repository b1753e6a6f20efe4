// SPDX-License-Identifier: Apache-2.0
// Where servers and tokens under load keep their files.
import { existsSync, mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'keyturn-bench-';
const IN_MEMORY = '/dev/shm';
// 10,000 token objects are two files of 4 KB each; the database and the rest are less.
const NEEDED_BYTES = 512 * 1024 ** 2;

/** A new empty folder on the disk, where servers keep their data; its user removes it. */
export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), PREFIX));
}

/**
 * In memory where there is room, for the many token objects: on a disk they take minutes to make, and calls on them
 * once made read no files.
 */
export function newFolderForMany(): string {
  if (!existsSync(IN_MEMORY)) return newFolder();
  const { bavail, bsize } = statfsSync(IN_MEMORY);
  return bavail * bsize >= NEEDED_BYTES ? mkdtempSync(join(IN_MEMORY, PREFIX)) : newFolder();
}
