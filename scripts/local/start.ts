// SPDX-License-Identifier: Apache-2.0
// `npm start`: brings the local stack up, runs the story of one key's life, and stays up until Ctrl-C.
//   --once             end after the story, with exit code 0 or 1
//   --directory DIR    where the stack lives (default .local)
//   --emulator NAME    ministack (default) or localstack
//   --no-story         only bring the stack up
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import colors from 'picocolors';
import { z } from 'zod';
import { DEFAULT_CONSISTENCY_DELAY } from './consistency.ts';
import { EMULATORS } from './emulators/names.ts';
import { describe } from './errors.ts';
import { DEFAULT_DIRECTORY, ROOT } from './layout.ts';
import { type Stack, startStack } from './stack.ts';

const STORY = join(ROOT, 'scripts', 'local', 'story', 'story.ts');

const { values } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    directory: { type: 'string', default: DEFAULT_DIRECTORY },
    emulator: { type: 'string', default: 'ministack' },
    'no-story': { type: 'boolean', default: false },
  },
});

const say = (line: string) => process.stdout.write(`${line}\n`);

let wasAsked = false;
/** Resolves at the first signal that asks to end. Further ones wait for the clean stop. */
const asked = new Promise<'asked'>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      wasAsked = true;
      resolve('asked');
    });
  }
});

async function tellStory(stack: Stack): Promise<boolean> {
  if (values['no-story'] || !existsSync(STORY)) return true;
  const { runStory } = (await import(STORY)) as {
    runStory: (stack: Stack, options: { once: boolean }) => Promise<boolean>;
  };
  return runStory(stack, { once: values.once });
}

function showAddresses({ info, layout }: Stack): void {
  say(`\n${colors.bold('The local stack is up')} (all of it on loopback)`);
  const addresses = {
    'AWS endpoint': info.gatewayUrl,
    'KMS endpoint': info.kmsUrl,
    'API for people': info.apiUrl,
    'API for workloads': info.workloadApiUrl,
    'Token issuer': info.issuerUrl,
    // The page keeps what follows the # to itself; without it it shows nothing.
    Slack: info.slackUrl && `${info.slackUrl}/#${info.adminToken}`,
    Mail: info.mailUrl && `${info.mailUrl}/#${info.adminToken}`,
    'For programs': layout.stackFile,
  };
  for (const [name, value] of Object.entries(addresses)) {
    if (value !== null) say(`  ${name.padEnd(18)}${value}`);
  }
}

/** Tells the story and stays up. Returns the exit code; an unasked end of a service is a failure. */
async function live(stack: Stack): Promise<number> {
  const interrupted = Promise.race([asked, stack.lost()]);
  const told = await Promise.race([tellStory(stack), interrupted]);
  if (typeof told === 'boolean' && (values.once || !told)) return told ? 0 : 1;
  if (told === true) say(`\nCtrl-C stops it; ${colors.bold('npm run reset')} removes its data.`);
  const end = typeof told === 'string' ? told : await interrupted;
  if (end === 'asked') return values.once ? 1 : 0;
  say(colors.red(`${end} ended by itself; its log is in ${stack.layout.logs}`));
  return 1;
}

async function main(): Promise<number> {
  const stack = await startStack({
    directory: values.directory,
    emulator: z.enum(EMULATORS).parse(values.emulator),
    log: (line) => say(colors.dim(`  ${line}`)),
    consistencyDelay: DEFAULT_CONSISTENCY_DELAY,
  });
  try {
    if (wasAsked) return 1;
    showAddresses(stack);
    return await live(stack);
  } finally {
    say('stopping and saving');
    if (!(await stack.stop())) {
      say('not everything could be saved; the next start begins from nothing');
    }
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${colors.red('keyturn:')} ${describe(error)}\n`);
  process.exitCode = 1;
}
process.exit();
