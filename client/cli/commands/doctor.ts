// SPDX-License-Identifier: Apache-2.0
// `keyturn doctor`: is everything there that the other commands need?
import type { Command } from 'commander';
import { type Act, addVerb } from '../command-tree.ts';
import { type Context, print } from '../context.ts';
import { type Check, diagnose } from '../diagnosis.ts';
import { showable } from '../report.ts';

function line({ name, ok, detail, fix }: Check): string {
  const advice = fix ? `; next: ${fix}` : '';
  return `${ok ? '✓' : '✗'} ${name.padEnd(10)} ${showable(detail)}${advice}`;
}

/** Adds `doctor`. */
export function addDoctor(program: Command, act: Act): void {
  addVerb(program, 'doctor', {
    summary: 'Check Node, stack file, CA, API, clock, issuer and KMS endpoint',
    examples: [
      'keyturn doctor',
      'keyturn doctor --output json | jq ".checks[] | select(.ok | not)"',
    ],
  }).action(
    act(async (context: Context) => {
      const checks = await diagnose(context);
      const { output } = context.settings.flags;
      if (output === 'json') print(context, JSON.stringify({ checks }));
      else
        for (const check of checks)
          print(context, output === 'jsonl' ? JSON.stringify(check) : line(check));
      return checks.every(({ ok }) => ok) ? 'ok' : 'failed';
    }),
  );
}
