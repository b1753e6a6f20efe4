// SPDX-License-Identifier: Apache-2.0
// How often a property is tried: as often as its test says, or more in `npm run test:deep`.

/** The usual number of runs, or `KEYTURN_RUNS` where that is more. */
export function runs(usual: number): number {
  return Math.max(usual, Number(process.env['KEYTURN_RUNS'] ?? 0));
}
