// SPDX-License-Identifier: Apache-2.0
// The source files of the repository and what they import, read with the compiler's own scanner.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import ts from 'typescript';

export const ROOT = join(import.meta.dirname, '..', '..');
const FOLDERS = [
  'bin',
  'lib',
  'core',
  'adapters',
  'functions',
  'policies',
  'emulator',
  'bench',
  'client',
  'scripts',
  'test',
];

export interface Module {
  /** Path from the root of the repository. */
  readonly file: string;
  readonly text: string;
  /** Modules of ours that it imports, as paths from the root. */
  readonly ours: readonly string[];
  readonly packages: readonly string[];
}

/** The path a specifier of ours stands for, or null for packages. */
function toPath(file: string, specifier: string): string | null {
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (specifier.startsWith('.')) return normalize(join(dirname(file), specifier));
  return null;
}

function readModule(file: string): Module {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const specifiers = ts
    .preProcessFile(text, true, true)
    .importedFiles.map((entry) => entry.fileName);
  const paths = specifiers.map((specifier) => toPath(file, specifier));
  return {
    file,
    text,
    ours: paths.filter((path) => path !== null),
    packages: specifiers.filter((_specifier, index) => paths[index] === null),
  };
}

function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mts|mjs)$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((file) => !file.includes('node_modules') && !file.startsWith('test/fixtures/'));
}

/** Every module of ours. */
export const MODULES: readonly Module[] = FOLDERS.flatMap(filesIn).map(readModule);
