// SPDX-License-Identifier: Apache-2.0
// Finds SoftHSM on this machine, installs it where it may, and writes its configuration file.
// Order: SOFTHSM2_LIB, the usual paths, an earlier unpacking, a package manager, unpacked packages without root.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** Paths of the PKCS#11 module and of softhsm2-util (empty when only the module exists). */
export interface SoftHsm {
  readonly modulePath: string;
  readonly utilPath: string;
}

const MODULE_PATHS = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/lib64/softhsm/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
  '/home/linuxbrew/.linuxbrew/lib/softhsm/libsofthsm2.so',
];

const ADVICE =
  'SoftHSM is missing and could not be installed here. Install it and start again: ' +
  '`apt-get install softhsm2`, `dnf install softhsm` or `brew install softhsm`; ' +
  'or point SOFTHSM2_LIB at libsofthsm2.so.';

function findProgram(name: string, extra: readonly string[] = []): string {
  const folders = [...extra, ...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? '';
}

function firstModule(prefix = ''): SoftHsm | undefined {
  const modulePath = MODULE_PATHS.map((path) => prefix + path).find((path) => existsSync(path));
  if (modulePath === undefined) return undefined;
  return {
    modulePath,
    utilPath: findProgram('softhsm2-util', prefix === '' ? [] : [`${prefix}/usr/bin`]),
  };
}

function findSoftHsm(dir: string): SoftHsm | undefined {
  const configured = process.env['SOFTHSM2_LIB'];
  if (configured !== undefined && configured !== '') {
    if (!existsSync(configured)) throw new Error(`SOFTHSM2_LIB names no file: ${configured}`);
    return {
      modulePath: configured,
      utilPath: findProgram('softhsm2-util', [dirname(configured)]),
    };
  }
  return firstModule() ?? firstModule(join(dir, 'softhsm'));
}

function run(command: string, args: readonly string[], cwd?: string): Promise<boolean> {
  const child = spawn(command, args, {
    cwd,
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return new Promise((resolve) => {
    child.on('error', () => resolve(false));
    child.on('exit', (code) => resolve(code === 0));
  });
}

async function withPackageLists(attempt: () => Promise<boolean>): Promise<void> {
  if (await attempt()) return;
  if (process.getuid?.() === 0) await run('apt-get', ['update']);
  await attempt();
}

async function unpackPackages(dir: string): Promise<void> {
  const target = join(dir, 'softhsm');
  mkdirSync(target, { recursive: true });
  // The module is all that is needed; the second package brings softhsm2-util for looking inside.
  for (const name of ['libsofthsm2', 'softhsm2']) await run('apt-get', ['download', name], target);
  for (const file of readdirSync(target).filter((name) => name.endsWith('.deb'))) {
    await run('dpkg', ['-x', join(target, file), target]);
  }
}

async function install(dir: string): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  if (findProgram('apt-get') !== '') {
    if (!isRoot) return unpackPackages(dir);
    return withPackageLists(() =>
      run('apt-get', ['install', '-y', '--no-install-recommends', 'softhsm2']),
    );
  }
  if (isRoot && findProgram('dnf') !== '') await run('dnf', ['install', '-y', 'softhsm']);
  else if (findProgram('brew') !== '') await run('brew', ['install', 'softhsm']);
}

/**
 * Answers where SoftHSM is, installing or unpacking it under `dir` when it is absent.
 * @throws Error saying what to install when every way fails
 */
export async function ensureSoftHsm(dir: string): Promise<SoftHsm> {
  const present = findSoftHsm(dir);
  if (present !== undefined) return present;
  process.stderr.write('keyturn: SoftHSM not found; installing it\n');
  await install(dir);
  const installed = findSoftHsm(dir);
  if (installed === undefined) throw new Error(ADVICE);
  return installed;
}

/** Writes a SoftHSM configuration with its own token folder under `dir` and answers its path. */
export function writeSoftHsmConfig(dir: string): string {
  const tokens = join(dir, 'tokens');
  mkdirSync(tokens, { recursive: true, mode: 0o700 });
  const path = join(dir, 'softhsm2.conf');
  const lines = [
    `directories.tokendir = ${tokens}`,
    'objectstore.backend = file',
    'log.level = ERROR',
    'slots.removable = false',
  ];
  writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o600 });
  return path;
}
