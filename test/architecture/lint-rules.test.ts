// SPDX-License-Identifier: Apache-2.0
// The lint really finds what it is there for: seeded violations in `test/fixtures/lint`, which the repository's own
// configuration leaves out, are linted with that configuration in a folder of their own.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const BIOME = join(ROOT, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');

interface Diagnostic {
  readonly category: string;
  readonly location: { readonly path: string; readonly start: { readonly line: number } };
}

let folder = '';
let findings: string[] = [];

/** Output of a command that is expected to fail. */
function outputOf(parameters: readonly string[]): string {
  try {
    return execFileSync(process.execPath, [BIOME, ...parameters], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyturn-lint-'));
  cpSync(join(ROOT, 'test', 'fixtures', 'lint'), folder, { recursive: true });
  const configuration = JSON.parse(readFileSync(join(ROOT, 'biome.json'), 'utf8'));
  const { $schema: _schema, files: _files, vcs: _vcs, ...rest } = configuration;
  writeFileSync(join(folder, 'biome.json'), JSON.stringify({ root: true, ...rest }));
  const report = JSON.parse(outputOf(['lint', '--reporter=json', '--max-diagnostics=200', '.']));
  findings = (report.diagnostics as Diagnostic[]).map(
    ({ category, location }) =>
      `${category.split('/').at(-1)} ${location.path}:${location.start.line}`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Lines of the seeded promises, by what loses them. */
const FLOATING = [14, 15, 16, 20, 24, 27];
const MISUSED = [17, 21, 22, 23, 28];

describe('the lint', () => {
  it.each(FLOATING)('finds the floating promise in line %i', (line) => {
    expect(findings).toContain(`noFloatingPromises promises/seeded.ts:${line}`);
  });

  it.each(MISUSED)('finds the misused promise in line %i', (line) => {
    expect(findings).toContain(`noMisusedPromises promises/seeded.ts:${line}`);
  });

  it.each([
    'core/imports-functions.ts',
    'core/imports-sdk.ts',
    'core/contract/imports-core.ts',
    'adapters/dynamodb/imports-adapter.ts',
    'adapters/dynamodb/imports-use-case.ts',
    'functions/rotate-key/imports-function.ts',
    'emulator/imports-core.ts',
    'client/imports-use-case.ts',
    'lib/imports-handler.ts',
    'policies/imports-adapter.ts',
  ])('refuses the import in %s', (file) => {
    expect(findings).toContain(`noRestrictedImports ${file}:1`);
  });

  it('finds nothing else in the fixture', () => {
    expect(findings).toHaveLength(FLOATING.length + MISUSED.length + 10);
  });
});
