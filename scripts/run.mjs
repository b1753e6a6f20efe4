// SPDX-License-Identifier: Apache-2.0
// Runs a script of this repository under the pinned Node 24, on any host with Node >= 20, from a fresh clone:
// installs the npm packages when the lockfile changed, builds the one native addon, then hands over.
// Usage: node scripts/run.mjs [--NODE-OPTION=...] FILE.ts [args]   |   node scripts/run.mjs --bin PATH_IN_NODE_MODULES [args]
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const nodePackage = join(modules, `node-${process.platform}-${process.arch}`);
const pinnedNode = join(nodePackage, 'bin', 'node');
const addon = join(modules, 'pkcs11js', 'build', 'Release', 'pkcs11.node');

function fail(message) {
  process.stderr.write(`keyturn: ${message}\n`);
  process.exit(1);
}

function run(command, args, env = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  return { ok: result.status === 0, output: `${result.stdout ?? ''}${result.stderr ?? ''}` };
}

function installPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(modules, '.keyturn-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  const installed = join(modules, '.package-lock.json');
  if (!existsSync(stamp) && existsSync(installed)) {
    // Somebody ran `npm ci` by hand: npm writes this file last, so newer than the lockfile means complete.
    if (statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs) {
      writeFileSync(stamp, lock);
      return;
    }
  }
  process.stderr.write('keyturn: installing npm packages (once per lockfile)\n');
  // Scripts stay off: the only one needed is the addon build below, with headers from the pinned Node.
  const result = run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
  if (!result.ok)
    fail(`npm ci failed; is the npm registry reachable?\n${result.output.slice(-2000)}`);
  mkdirSync(modules, { recursive: true });
  writeFileSync(stamp, lock);
}

function buildAddon() {
  if (existsSync(addon)) return;
  process.stderr.write('keyturn: building the PKCS#11 addon (once)\n');
  const headers = existsSync(join(nodePackage, 'include', 'node', 'node_api.h'))
    ? { npm_config_nodedir: nodePackage }
    : {};
  const result = run('npm', ['rebuild', 'pkcs11js', 'esbuild'], headers);
  if (!result.ok || !existsSync(addon)) {
    fail(
      'building pkcs11js failed. It needs a C++ compiler, make and python3 ' +
        `(Debian: apt-get install g++ make python3) and Node headers.\n${result.output.slice(-2000)}`,
    );
  }
}

/** The pinned Node where its package exists for this platform, else the host's own if it is 24 or newer. */
function findNode() {
  if (existsSync(pinnedNode)) return pinnedNode;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  return fail(
    `no Node 24 for ${process.platform}-${process.arch}; install Node >= 24 and run this again`,
  );
}

function resolveTarget([first, ...rest]) {
  if (first === '--bin') return [join(modules, rest[0] ?? ''), ...rest.slice(1)];
  if (first === undefined) return fail('usage: node scripts/run.mjs FILE.ts [args]');
  if (first.startsWith('--')) return [first, ...resolveTarget(rest)];
  return [join(root, first), ...rest];
}

if (Number(process.versions.node.split('.')[0]) < 20)
  fail(`Node >= 20 is needed, found ${process.version}`);
installPackages();
buildAddon();
const node = findNode();
const child = spawn(
  node,
  ['--disable-warning=ExperimentalWarning', ...resolveTarget(process.argv.slice(2))],
  {
    cwd: root,
    stdio: 'inherit',
    // Compiled code is kept: a script starts in half the time, and without the compiler of TypeScript in memory.
    env: {
      NODE_COMPILE_CACHE: join(root, '.local', 'compile-cache'),
      ...process.env,
      PATH: `${dirname(node)}:${process.env.PATH}`,
    },
  },
);
// The terminal sends Ctrl-C to the whole group; only signals sent to this process alone are passed on.
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
process.on('SIGINT', () => {});
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
