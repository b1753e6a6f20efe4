// SPDX-License-Identifier: Apache-2.0
// What an HSM administrator listed: one label a line. Its digest is reported, and how many of those asked for it has.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { UsageError } from './failures.ts';

function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`the listing cannot be read: ${why}`, 'see "docs/destruction.md"');
  }
}

/**
 * @param asked labels that should be gone
 * @throws UsageError when the file cannot be read
 */
export function readListing(path: string, asked: readonly string[]) {
  const bytes = bytesOf(path);
  const labels = bytes.toString('utf8').split(/\r?\n/).filter(Boolean);
  return {
    listingDigest: createHash('sha256').update(bytes).digest('hex'),
    objectsListed: labels.length,
    objectsFound: labels.filter((label) => asked.includes(label.trim())).length,
  };
}
