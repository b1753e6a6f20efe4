// SPDX-License-Identifier: Apache-2.0
// The real `ssh-keygen`, which signed votes have to get along with.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SshKeyFile {
  readonly path: string;
  /** Type and base64, without the comment. */
  readonly line: string;
}

/** A key made by `ssh-keygen`. */
export function sshKey(options: { type?: string; passphrase?: string } = {}): SshKeyFile {
  const path = join(mkdtempSync(join(tmpdir(), 'keyturn-ssh-')), 'key');
  const { type = 'ed25519', passphrase = '' } = options;
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', 'a test', '-f', path]);
  const line = readFileSync(`${path}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
  return { path, line };
}

export function sshSign(
  key: SshKeyFile,
  namespace: string,
  message: Uint8Array,
  options: readonly string[] = [],
): string {
  return execFileSync(
    'ssh-keygen',
    ['-q', '-Y', 'sign', ...options, '-n', namespace, '-f', key.path],
    { input: message, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] },
  );
}

/** Whether `ssh-keygen` itself takes a signature. */
export function sshVerifies(
  signature: string,
  message: Uint8Array,
  by: { readonly namespace: string; readonly line: string },
): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-ssh-'));
  writeFileSync(join(folder, 'signers'), `usr_bob ${by.line}\n`);
  writeFileSync(join(folder, 'sig'), signature);
  const { status } = spawnSync(
    'ssh-keygen',
    [
      ...['-Y', 'verify', '-n', by.namespace, '-I', 'usr_bob'],
      ...['-f', join(folder, 'signers'), '-s', join(folder, 'sig')],
    ],
    { input: message },
  );
  return status === 0;
}
