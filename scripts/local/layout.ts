// SPDX-License-Identifier: Apache-2.0
// Where everything of a local stack lies. All of it is below one directory of mode 0700; what is expensive to
// install and holds no state (the Python environment, SoftHSM) is shared between directories.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EmulatorName } from './emulators/names.ts';

/** The root of the repository. */
export const ROOT = resolve(fileURLToPath(new URL('../..', import.meta.url)));

/** The directory of `npm start`, which also holds what every other directory shares. */
export const DEFAULT_DIRECTORY = '.local';

/** Absolute paths of one local stack. */
export interface Layout {
  readonly directory: string;
  readonly venv: string;
  readonly softHsm: string;
  readonly tls: { readonly ca: string; readonly certificate: string; readonly key: string };
  readonly logs: string;
  readonly temporary: string;
  readonly run: string;
  /** What seeded people hold on their machines. */
  readonly people: string;
  readonly hsmData: string;
  readonly awsData: string;
  readonly bucketData: string;
  readonly cdkOut: string;
  /** Bundled handlers: two stacks may be deployed at one time. */
  readonly bundles: string;
  readonly outputsFile: string;
  readonly deploymentFile: string;
  readonly portsFile: string;
  readonly stackFile: string;
}

/**
 * What an emulator knows lies apart from what another one of the same directory knows.
 * @param directory absolute, or relative to the repository.
 */
export function layoutOf(directory: string, emulator: EmulatorName = 'ministack'): Layout {
  const own = resolve(ROOT, directory);
  const shared = join(ROOT, DEFAULT_DIRECTORY);
  const state = emulator === 'ministack' ? own : join(own, emulator);
  return {
    directory: own,
    venv: join(shared, 'venv'),
    softHsm: join(shared, 'softhsm'),
    tls: {
      ca: join(own, 'tls', 'ca.pem'),
      certificate: join(own, 'tls', 'server.pem'),
      key: join(own, 'tls', 'server.key'),
    },
    logs: join(own, 'logs'),
    temporary: join(own, 'tmp'),
    run: join(own, 'run'),
    people: join(own, 'people'),
    hsmData: join(state, 'data', 'hsm'),
    awsData: join(state, 'data', 'aws'),
    bucketData: join(state, 'data', 'buckets'),
    cdkOut: join(state, 'cdk.out'),
    bundles: join(state, 'bundles'),
    outputsFile: join(state, 'outputs.json'),
    deploymentFile: join(state, 'deployment.json'),
    portsFile: join(own, 'ports.json'),
    stackFile: join(own, 'stack.json'),
  };
}

/** Creates the directories that must exist before anything is written; private to the user. */
export function createDirectories(layout: Layout): void {
  const { directory, logs, temporary, run, hsmData, awsData, bucketData } = layout;
  const folders = [directory, join(ROOT, DEFAULT_DIRECTORY), logs, temporary, run];
  for (const folder of [...folders, hsmData, awsData, bucketData, join(directory, 'tls')]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  // Functions are unpacked here. On AWS no package.json is above them; the repository's would make them ES modules.
  writeFileSync(join(temporary, 'package.json'), '{ "type": "commonjs" }\n');
}
