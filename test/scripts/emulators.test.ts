// SPDX-License-Identifier: Apache-2.0
// What a start on either emulator finds on the machine and in the directory: interpreters, and the other one's stack file.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { findJava } from '#scripts/local/emulators/java.ts';
import { LocalStackError } from '#scripts/local/errors.ts';
import { layoutOf } from '#scripts/local/layout.ts';
import { findUnclean, markRunning, stopServices } from '#scripts/local/ownership.ts';
import { findPythonOf } from '#scripts/local/python.ts';
import {
  bringBackStackFile,
  findStackFile,
  type StackInfo,
  writeStackFile,
} from '#scripts/local/stack-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
});

/** A program that prints a text and ends well. */
function program(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\ncat <<'END'\n${text}\nEND\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('a Python of one version', () => {
  it('is found among those of pyenv', async () => {
    const python = program(join(folder, 'versions', '3.99.1', 'bin', 'python3.99'), '3.99');

    await expect(findPythonOf(99, { PYENV_ROOT: folder })).resolves.toBe(python);
  });

  it('is not another one', async () => {
    program(join(folder, 'versions', '3.99.1', 'bin', 'python3.99'), '3.98');

    const refused = findPythonOf(99, { PYENV_ROOT: folder });

    await expect(refused).rejects.toThrow(LocalStackError);
    await expect(refused).rejects.toThrow(/Python 3\.99, exactly that, .*\n {2}pyenv: /);
  });
});

describe('Java', () => {
  const settings = (home: string, version: string) =>
    `    java.home = ${home}\nopenjdk version "${version}" 2025-04-15`;

  it('is that of JAVA_HOME, by the place it names itself', async () => {
    program(join(folder, 'bin', 'java'), settings('/elsewhere', '21.0.1'));

    await expect(findJava(folder)).resolves.toBe('/elsewhere/bin/java');
  });

  it('is refused with its version when it is too old', async () => {
    program(join(folder, 'bin', 'java'), settings(folder, '11.0.2'));

    const found = await findJava(folder).catch((error) => error);

    // The machine's own may be new enough.
    if (found instanceof LocalStackError) expect(found.message).toContain('is version 11');
    else expect(found).not.toContain(folder);
  });
});

describe('a directory with stacks on two emulators', () => {
  const infoOf = (emulator: StackInfo['emulator'], keyStoreId: string): StackInfo => ({
    emulator,
    keyStoreId,
    ...{ apiUrl: null, workloadApiUrl: null, consoleUrl: null, slackUrl: null, mailUrl: null },
    ...{ gatewayUrl: 'https://localhost:1', kmsUrl: '', issuerUrl: '', region: '', account: '' },
    ...{ stage: 'local', caFile: '', tableName: null, eventBusName: null, evidenceBucket: null },
    ...{ roles: {}, stateMachines: {}, schedules: {}, outputs: {}, adminToken: '' },
  });

  it('gives each its own stack file back', () => {
    const layout = layoutOf(folder);
    writeStackFile(layout, infoOf('ministack', 'cks-1'));

    bringBackStackFile(layout, 'localstack');
    expect(findStackFile(layout)).toBeUndefined();
    writeStackFile(layout, infoOf('localstack', 'cks-2'));
    bringBackStackFile(layout, 'ministack');

    expect(findStackFile(layout)).toMatchObject({ emulator: 'ministack', keyStoreId: 'cks-1' });
  });

  it('keeps their data apart', () => {
    const [one, other] = [layoutOf(folder), layoutOf(folder, 'localstack')];

    for (const place of ['hsmData', 'awsData', 'cdkOut', 'deploymentFile'] as const) {
      expect(other[place]).not.toBe(one[place]);
    }
    expect(other.stackFile).toBe(one.stackFile);
  });

  it('knows whose stop was not clean, and that LocalStack has nothing to lose', async () => {
    const layout = layoutOf(folder);
    mkdirSync(layout.run, { recursive: true });
    markRunning(layout, 'ministack');
    expect(await stopServices(layout)).toBe(false);
    expect(findUnclean(layout)).toBe('ministack');

    markRunning(layout, 'localstack');

    expect(findUnclean(layout)).toBe('localstack');
    expect(await stopServices(layout)).toBe(true);
    expect(existsSync(join(layout.run, 'running'))).toBe(false);
  });
});
