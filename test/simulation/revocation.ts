// SPDX-License-Identifier: Apache-2.0
// Suite `revocation` of `npm run simulate`, as a program of its own: N histories from a seed on, each by its own seed.
//   SEEDS SEED    the count and the first seed
import fc from 'fast-check';
import { playRevocation } from './play-revocation.ts';
import { aHistory } from './revocation-history.ts';

const [seeds = 0, first = 0] = process.argv.slice(2).map(Number);

for (let seed = first; seed < first + seeds; seed += 1) {
  let violations: readonly string[] = [];
  const outcome = await fc.check(
    fc.asyncProperty(aHistory, async (history) => {
      violations = await playRevocation(history);
      return violations.length === 0;
    }),
    { seed, numRuns: 1, unbiased: true },
  );
  if (!outcome.failed) continue;
  const [history] = outcome.counterexample ?? [];
  if (history) violations = await playRevocation(history).catch((error) => [String(error?.stack)]);
  process.stdout.write(
    `seed ${seed} breaks an invariant; its history, shrunk ${outcome.numShrinks} times:\n` +
      `${JSON.stringify(history, null, 1)}\n` +
      `${violations.map((violation) => `  ${violation}\n`).join('')}` +
      (outcome.errorInstance ? `  ${outcome.errorInstance}\n` : '') +
      `replay: npm run simulate -- --suite revocation --seeds 1 --seed ${seed}\n`,
  );
  process.exit(1);
}
process.stdout.write(`${seeds} histories, 0 violations\n`);
