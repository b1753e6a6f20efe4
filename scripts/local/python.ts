// SPDX-License-Identifier: Apache-2.0
// A Python environment, that of the AWS emulator or another: found, created once, and installed anew when its pins change.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './commands.ts';
import { LocalStackError } from './errors.ts';
import { ROOT } from './layout.ts';
import { withLock } from './locks.ts';

/** What an environment is for, and the file that pins what is in it. */
export interface PythonPackages {
  readonly what: string;
  readonly requirements: string;
  /** Of the one Python 3 that will do; without it any from 3.10 on. */
  readonly minor?: number;
}

const AWS_EMULATOR: PythonPackages = {
  what: 'the AWS emulator',
  requirements: join(ROOT, 'emulator', 'gateway', 'requirements.txt'),
};
const CANDIDATES = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];
const PROBE = 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])';
const MINIMUM_MINOR = 10;

/** The interpreter of the environment `venv`, which is created and filled first where needed. */
export async function ensurePython(
  venv: string,
  log: (line: string) => void,
  packages: PythonPackages = AWS_EMULATOR,
): Promise<string> {
  const interpreter = join(venv, 'bin', 'python');
  const wanted = createHash('sha256').update(readFileSync(packages.requirements)).digest('hex');
  if (isInstalled(venv, wanted)) return interpreter;
  await withLock(`${venv}.lock`, async () => {
    if (isInstalled(venv, wanted)) return;
    log(`installing ${packages.what} into ${venv} (once)`);
    await install(venv, interpreter, packages);
    writeFileSync(stampOf(venv), wanted);
  });
  return interpreter;
}

const stampOf = (venv: string) => join(venv, '.keyturn-requirements');

function isInstalled(venv: string, wanted: string): boolean {
  const stamp = stampOf(venv);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
}

async function install(
  venv: string,
  interpreter: string,
  { what, requirements, minor }: PythonPackages,
): Promise<void> {
  const base = minor === undefined ? await findPython() : await findPythonOf(minor);
  rmSync(venv, { recursive: true, force: true });
  mkdirSync(dirname(venv), { recursive: true, mode: 0o700 });
  await must(base, ['-m', 'venv', venv], 'creating a Python environment');
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  await must(
    interpreter,
    [...pip, '-r', requirements],
    `installing ${what} from the Python package index`,
  );
}

/** The first Python on the path that is new enough and can create environments. @throws LocalStackError */
export async function findPython(candidates: readonly string[] = CANDIDATES): Promise<string> {
  const seen: string[] = [];
  for (const candidate of candidates) {
    const { code, output } = await run(candidate, ['-c', PROBE]);
    const version = /^3\.(\d+)\s*$/.exec(output);
    if (code === 0 && Number(version?.[1]) >= MINIMUM_MINOR) return candidate;
    if (code === 0) seen.push(`${candidate} is ${output.trim()}`);
    else if (/No module named '?(venv|ensurepip)/.test(output)) {
      seen.push(`${candidate} has no venv module`);
    }
  }
  const reason = seen.length > 0 ? ` (${seen.join(', ')})` : '';
  throw new LocalStackError(
    `Python 3.${MINIMUM_MINOR} or newer with the venv module is needed for the local AWS${reason}.\n` +
      '  Debian, Ubuntu: sudo apt-get install python3 python3-venv\n' +
      '  Fedora:         sudo dnf install python3\n' +
      '  macOS:          brew install python',
  );
}

/** One Python 3 with `minor` on the path or among those of pyenv. @throws LocalStackError */
export async function findPythonOf(minor: number, environment = process.env): Promise<string> {
  const name = `python3.${minor}`;
  const home = environment['HOME'] ?? '';
  const versions = join(environment['PYENV_ROOT'] ?? join(home, '.pyenv'), 'versions');
  const ofPyenv = existsSync(versions)
    ? readdirSync(versions).filter((version) => version.startsWith(`3.${minor}.`))
    : [];
  const candidates = [name, 'python3', ...ofPyenv.map((one) => join(versions, one, 'bin', name))];
  for (const candidate of candidates) {
    const { code, output } = await run(candidate, ['-c', PROBE]);
    if (code === 0 && output.trim() === `3.${minor}`) return candidate;
  }
  throw new LocalStackError(
    `Python 3.${minor}, exactly that, is needed with its venv module: its packages are pinned for it.\n` +
      `  pyenv: pyenv install 3.${minor}\n` +
      `  uv:    uv python install 3.${minor}`,
  );
}

async function must(command: string, args: readonly string[], what: string): Promise<void> {
  const { code, output } = await run(command, args);
  if (code !== 0) throw new LocalStackError(`${what} failed:\n${output.trim().slice(-2000)}`);
}
