// SPDX-License-Identifier: Apache-2.0
// Identifiers of CloudHSM resources: a prefix and eleven letters of base 32, as AWS makes them.
import { randomBytes } from 'node:crypto';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** e.g. `cluster-4kmyxqzwhbc`. */
export function newIdentifier(prefix: 'cluster' | 'hsm' | 'backup'): string {
  const letters = [...randomBytes(11)].map((byte) => ALPHABET[byte % ALPHABET.length]);
  return `${prefix}-${letters.join('')}`;
}
