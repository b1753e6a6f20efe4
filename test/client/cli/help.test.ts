// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { EXIT_CODES } from '#client/cli/exit-codes.ts';
import type { Host } from '#client/cli/host.ts';
import { createProgram } from '#client/cli/run.ts';
import { keyturn } from '../run-cli.ts';

const quiet = { write: () => {}, isTerminal: false, columns: undefined, isClosed: false };
const host: Host = {
  env: {},
  stdout: quiet,
  stderr: quiet,
  now: () => 0,
  sleep: async () => {},
  interrupt: new AbortController().signal,
  stackFile: '/nowhere',
  version: '0.1.0',
};

function program(): Command {
  return createProgram(host, () => async () => {});
}

function pathsOf(command: Command, above: readonly string[] = []): string[][] {
  return command.commands.flatMap((child) => {
    const path = [...above, child.name()];
    return [path, ...pathsOf(child, path)];
  });
}

const PATHS = pathsOf(program());
const NAMES = PATHS.map((path) => [path.join(' '), path] as const);

async function helpOf(path: readonly string[]): Promise<string> {
  const ran = await keyturn([...path, '--help']);
  expect(ran.code).toBe(0);
  expect(ran.err).toBe('');
  return ran.out;
}

/** Splits an example as a shell would, as far as examples go. */
function wordsOf(example: string): string[] {
  const command = /keyturn ([^|>)]*)/.exec(example)?.[1] ?? '';
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? '',
  );
}

describe('--help', () => {
  it.each([['keyturn', []], ...NAMES] as const)(
    'of %s begins with two examples',
    async (_, path) => {
      const [title, first, second, blank, usage] = (await helpOf(path)).split('\n');

      expect(title).toBe('Examples:');
      expect(first).toMatch(/^ {2}\$ .*keyturn /);
      expect(second).toMatch(/^ {2}\$ .*keyturn /);
      expect(blank).toBe('');
      expect(usage).toMatch(/^Usage: keyturn/);
    },
  );

  it.each(NAMES)('of %s gives examples that the parser takes', async (_, path) => {
    const examples = (await helpOf(path)).split('\n').slice(1, 3);

    for (const example of examples) {
      const parsing = program().parseAsync(wordsOf(example), { from: 'user' });
      await expect(parsing, example).resolves.toBeInstanceOf(Command);
    }
  });

  it('of a verb shows the global options', async () => {
    expect(await helpOf(['key', 'show'])).toContain('--print-curl');
  });

  it('is what "help COMMAND" prints', async () => {
    expect((await keyturn(['help', 'key', 'rotate'])).out).toBe(await helpOf(['key', 'rotate']));
  });

  it('fits a narrow terminal without failing', async () => {
    for (const [, path] of NAMES)
      expect((await keyturn([...path, '--help'], { columns: 20 })).code).toBe(0);
  });
});

describe('topics', () => {
  it('exit-codes lists every code', async () => {
    const { out } = await keyturn(['help', 'exit-codes']);
    for (const { code, meaning } of Object.values(EXIT_CODES))
      expect(out).toContain(`${code}  ${meaning}`);
  });

  it('formatting tells the output forms', async () => {
    expect((await keyturn(['help', 'formatting'])).out).toContain('--output jsonl');
  });

  it('are found from any mistake', async () => {
    const { err, code } = await keyturn(['help', 'exit-code']);
    expect(code).toBe(2);
    expect(err).toContain('exit-codes, formatting');
  });
});

describe('docs/cli.md', () => {
  const page = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');

  it.each(
    NAMES.filter(
      ([, path]) => path.length > 1 || !/^(key|operation|audit|key-store)$/.test(path[0] ?? ''),
    ),
  )('describes %s', (name) => {
    expect(page).toContain(`keyturn ${name}`);
  });

  it('lists every exit code', () => {
    for (const { code } of Object.values(EXIT_CODES)) expect(page).toContain(`| ${code} |`);
  });
});

describe('--version', () => {
  it('prints the version', async () => {
    expect(await keyturn(['--version'])).toMatchObject({ code: 0, out: '0.1.0\n' });
  });
});
