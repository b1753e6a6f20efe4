// SPDX-License-Identifier: Apache-2.0
// Plays N histories of a suite from a seed on, each by its own seed. The first that breaks an invariant is shrunk, shown
// with its seed, and ends the run with 1.
import fc from 'fast-check';

export async function runSuite<H>(
  suite: string,
  histories: fc.Arbitrary<H>,
  play: (history: H) => Promise<readonly string[]>,
): Promise<void> {
  const [seeds = 0, first = 0] = process.argv.slice(2).map(Number);
  for (let seed = first; seed < first + seeds; seed += 1) {
    let violations: readonly string[] = [];
    const outcome = await fc.check(
      fc.asyncProperty(histories, async (history) => {
        violations = await play(history);
        return violations.length === 0;
      }),
      { seed, numRuns: 1, unbiased: true },
    );
    if (!outcome.failed) continue;
    const [history] = outcome.counterexample ?? [];
    if (history) violations = await play(history);
    process.stdout.write(
      `seed ${seed} breaks an invariant; its history, shrunk ${outcome.numShrinks} times:\n` +
        `${JSON.stringify(history, null, 1)}\n` +
        `${violations.map((violation) => `  ${violation}\n`).join('')}` +
        (outcome.errorInstance ? `  ${outcome.errorInstance}\n` : '') +
        `replay: npm run simulate -- --suite ${suite} --seeds 1 --seed ${seed}\n`,
    );
    process.exit(1);
  }
  process.stdout.write(`${seeds} histories, 0 violations\n`);
}
