// SPDX-License-Identifier: Apache-2.0
// The HSM administrator's command line, at an emulator that leaves activation and `kmsuser` to it.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ConnectCustomKeyStoreCommand,
  CreateCustomKeyStoreCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  DisconnectCustomKeyStoreCommand,
  EncryptCommand,
  UpdateCustomKeyStoreCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChildEmulator, spawnEmulator } from './child.ts';
import {
  addHsms,
  initializeNewCluster,
  refusal,
  waitForCluster,
  waitForKeyStore,
} from './support.ts';

const root = join(import.meta.dirname, '..', '..');
let dataFolder: string;
let emulator: ChildEmulator;
beforeAll(async () => {
  dataFolder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
  emulator = await spawnEmulator('--data', dataFolder, '--explicit-hsm-admin');
});
afterAll(async () => {
  await emulator.end('SIGTERM');
  rmSync(dataFolder, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number | string;
  readonly answer: unknown;
  readonly errors: string;
}

function command(...args: string[]): Promise<Outcome> {
  const node = ['--disable-warning=ExperimentalWarning', 'emulator/hsm-admin/main.ts', ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, node, { cwd: root }, (error, stdout, errors) => {
      const answer: unknown = stdout === '' ? undefined : JSON.parse(stdout);
      resolve({ code: error?.code ?? 0, answer, errors });
    });
  });
}
const onData = (name: string, clusterId: string, ...args: string[]) =>
  command(name, '--data', dataFolder, '--cluster', clusterId, ...args);

describe('an emulator that leaves HSM administration to an administrator', () => {
  it('has a key store connected and its objects inspected by the command line', async () => {
    const kms = emulator.kms();
    const cloudhsm = emulator.cloudhsm();
    const { clusterId, trustAnchor } = await initializeNewCluster(emulator);
    await waitForCluster(cloudhsm, clusterId, 'INITIALIZED');
    await addHsms(cloudhsm, clusterId, ['us-east-1b']);
    const create = () =>
      kms.send(
        new CreateCustomKeyStoreCommand({
          CustomKeyStoreName: 'administered',
          CloudHsmClusterId: clusterId,
          TrustAnchorCertificate: trustAnchor,
          KeyStorePassword: 'first-password',
        }),
      );
    expect((await refusal(create())).name).toBe('CloudHsmClusterNotActiveException');
    const early = await onData('create-user', clusterId, '--generate');
    expect(early).toMatchObject({ code: 1, answer: undefined });
    expect(early.errors).toMatch(/^hsm-admin: CLUSTER_NOT_ACTIVE: /);

    expect(await onData('activate', clusterId)).toMatchObject({
      code: 0,
      answer: { clusterId, state: 'ACTIVE' },
    });
    const { CustomKeyStoreId = '' } = await create();
    await kms.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId }));
    const failed = await waitForKeyStore(kms, CustomKeyStoreId, 'FAILED');
    expect(failed.ConnectionErrorCode).toBe('USER_NOT_FOUND');
    await kms.send(new DisconnectCustomKeyStoreCommand({ CustomKeyStoreId }));
    await waitForKeyStore(kms, CustomKeyStoreId, 'DISCONNECTED');

    const passwordFile = join(dataFolder, 'password');
    writeFileSync(passwordFile, 'first-password\n');
    const made = await onData('create-user', clusterId, '--password-file', passwordFile);
    expect(made).toMatchObject({ code: 0, answer: { username: 'kmsuser' } });
    expect((await onData('create-user', clusterId, '--generate')).errors).toContain('USER_EXISTS');
    const drawn = await onData('set-password', clusterId, '--generate');
    const { password } = drawn.answer as { password: string };
    expect(password).toMatch(/^[\w-]{24}$/);
    await kms.send(
      new UpdateCustomKeyStoreCommand({ CustomKeyStoreId, KeyStorePassword: password }),
    );
    await kms.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId }));
    await waitForKeyStore(kms, CustomKeyStoreId, 'CONNECTED');

    const { KeyMetadata } = await kms.send(
      new CreateKeyCommand({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId }),
    );
    const { Arn = '', KeyId = '' } = KeyMetadata ?? {};
    const use = () => kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') }));
    await use();
    expect((await onData('list-objects', clusterId)).answer).toEqual({
      clusterId,
      objects: [
        {
          label: Arn,
          id: KeyId,
          sensitive: true,
          extractable: false,
          neverExtractable: true,
          kmsKey: Arn,
        },
      ],
    });

    expect(await onData('delete-object', clusterId, '--label', Arn)).toMatchObject({
      code: 0,
      answer: { deleted: 1 },
    });
    expect((await refusal(use())).name).toBe('KMSInvalidStateException');
    const described = await kms.send(new DescribeKeyCommand({ KeyId }));
    expect(described.KeyMetadata?.KeyState).toBe('Enabled');
    expect((await onData('delete-object', clusterId, '--label', Arn)).errors).toContain(
      'OBJECT_NOT_FOUND',
    );
  });

  it.each([
    [['no-such-command'], 2, /no such command: no-such-command/],
    [['activate', '--data', 'x'], 3, /no emulator runs on x/],
    [['activate', '--no-such-option'], 2, /Unknown option/],
    [['activate', '--cluster', 'cluster-x'], 2, /--data, or --url and --token-file/],
  ])('%j ends with exit code %i', async (args, code, words) => {
    const outcome = await command(...args);

    expect(outcome.code).toBe(code);
    expect(outcome.errors).toMatch(words);
  });

  it('says which cluster is not there', async () => {
    const outcome = await onData('list-users', 'cluster-aaaaaaaaaaa');

    expect(outcome.code).toBe(1);
    expect(outcome.errors).toMatch(/CLUSTER_NOT_FOUND: there is no cluster cluster-aaaaaaaaaaa/);
  });
});
