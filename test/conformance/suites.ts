// SPDX-License-Identifier: Apache-2.0
// The suites of this lane: whose they are, which version, and how their tests are had. Peers' tests are fetched into
// `.local/conformance` and run from there; none of them is in this repository.
import { copyFileSync, cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run } from '#scripts/local/commands.ts';

/** Where suites are put, and what runs pip. */
export interface Workshop {
  readonly folder: string;
  readonly python: string;
  /** A checkout of LocalStack that the user has. */
  readonly localStack: string | undefined;
}

/** A suite in place: pytest runs `tests` in `folder`. */
export interface Prepared {
  readonly folder: string;
  readonly tests: string;
}

/** A set of tests. */
export interface Suite {
  readonly name: string;
  readonly version: string;
  /** The account its tests take for granted. */
  readonly account: string;
  readonly variables?: Readonly<Record<string, string>>;
  /** Tests build on those before them, so that none can run alone. */
  readonly isSequence?: true;
  /** Answers why it cannot be had here, when it cannot. */
  prepare(workshop: Workshop): Promise<Prepared | string>;
}

/** Puts the line into the conftest.py of a folder of copied tests. */
function useFixtures(folder: string, module: string): void {
  writeFileSync(join(folder, 'conftest.py'), `from ${module} import *  # noqa: F403\n`);
}

/** Downloads a source distribution once, and unpacks it. @returns its folder, or why there is none */
async function sourceDistribution(
  { folder, python }: Workshop,
  name: string,
  version: string,
): Promise<{ readonly folder: string } | string> {
  const unpacked = join(folder, `${name}-${version}`);
  if (existsSync(unpacked)) return { folder: unpacked };
  const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps'];
  const wanted = ['--no-binary', name, `${name}==${version}`, '--dest', folder];
  const download = await run(python, [...pip, ...wanted]);
  if (download.code !== 0)
    return `the package index has no ${name} ${version} for us: ${download.output}`;
  const archive = join(folder, `${name}-${version}.tar.gz`);
  const { code, output } = await run('tar', ['-xzf', archive, '-C', folder]);
  return code === 0 ? { folder: unpacked } : `unpacking ${basename(archive)} failed: ${output}`;
}

const MOTO = '5.2.5';
const moto: Suite = {
  name: 'moto',
  version: MOTO,
  account: '123456789012',
  variables: { KEYTURN_NO_MOTO_MOCK: '1' },
  prepare: async (workshop) => {
    const found = await sourceDistribution(workshop, 'moto', MOTO);
    return typeof found === 'string' ? found : { ...found, tests: 'tests/test_kms' };
  },
};

const MINISTACK = '1.5.33';
const miniStack: Suite = {
  name: 'ministack',
  version: MINISTACK,
  account: '000000000000',
  prepare: async (workshop) => {
    const found = await sourceDistribution(workshop, 'ministack', MINISTACK);
    if (typeof found === 'string') return found;
    const folder = join(workshop.folder, 'ministack-tests');
    mkdirSync(folder, { recursive: true });
    copyFileSync(join(found.folder, 'tests', 'test_kms.py'), join(folder, 'test_kms.py'));
    useFixtures(folder, 'ministack_fixtures');
    return { folder, tests: 'test_kms.py' };
  },
};

const LOCAL_KMS = 'v0.0.0-20260228092603-2a5e92d09ab6';
const localKms: Suite = {
  name: 'local-kms',
  version: LOCAL_KMS,
  account: '111122223333',
  prepare: async ({ folder }) => {
    const cache = join(folder, 'go');
    mkdirSync(cache, { recursive: true });
    const module = `github.com/nsmithuk/local-kms@${LOCAL_KMS}`;
    const env = { ...process.env, GOMODCACHE: cache, GOFLAGS: '-modcacherw' };
    const { code, output } = await run('go', ['mod', 'download', module], { cwd: cache, env });
    if (code !== 0) return `published as a Go module, and go does not fetch it: ${output}`;
    return { folder: join(cache, module, 'tests', 'functional'), tests: 'tests' };
  },
};

const localStack: Suite = {
  name: 'localstack',
  version: 'of --suite-dir',
  account: '000000000000',
  // Compares what LocalStack leaves out of its own comparison, too.
  variables: { TEST_TARGET: 'AWS_CLOUD' },
  prepare: async ({ folder, localStack: checkout }) => {
    if (checkout === undefined)
      return 'published nowhere but in its repository: give --suite-dir a checkout';
    const room = join('tests', 'aws', 'services', 'kms');
    const copy = join(folder, 'localstack');
    rmSync(copy, { recursive: true, force: true });
    cpSync(join(checkout, room), join(copy, room), { recursive: true });
    // Snapshots are found by the path from this file's folder.
    writeFileSync(join(copy, 'pyproject.toml'), '');
    useFixtures(join(copy, room), 'localstack_fixtures');
    return { folder: copy, tests: join(room, 'test_kms.py') };
  },
};

const own: Suite = {
  name: 'own',
  version: 'of this repository',
  isSequence: true,
  account: '000000000000',
  prepare: async () => ({ folder: join(import.meta.dirname, 'own'), tests: '.' }),
};

/** Every suite, the quickest first. */
export const SUITES: readonly Suite[] = [own, localKms, moto, miniStack, localStack];
