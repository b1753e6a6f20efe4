// SPDX-License-Identifier: Apache-2.0
// The voter's own Ed25519 key, as OpenSSH keeps it (PROTOCOL.key). A key without a passphrase signs here; one with a
// passphrase, or a public key whose other half an agent holds, signs through `ssh-keygen`, which asks for what it needs.
import { spawnSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { SshFormatError, SshReader, sshStrings, strictBase64 } from '#core/crypto/ssh-wire.ts';
import {
  armoredSignature,
  ed25519Blob,
  ed25519Of,
  publicKeyBlob,
  publicKeyLine,
  SSH_ED25519,
  signedBytes,
} from '#core/crypto/sshsig.ts';
import { UsageError } from './failures.ts';

const MAGIC = 'openssh-key-v1\0';
const BEGIN = '-----BEGIN OPENSSH PRIVATE KEY-----';
const END = '-----END OPENSSH PRIVATE KEY-----';
const LINE = 70;
/** Private keys are padded to the block of their cipher; without a cipher that is 8. */
const BLOCK = 8;
const NEW_KEY = 'ssh-keygen -t ed25519 -f FILE makes one';

/** A signature over a vote statement, and the key that made it. */
export interface SshVote {
  readonly kind: 'ssh-ed25519';
  readonly publicKey: string;
  readonly signature: string;
}

interface KeyFile {
  readonly publicKey: Buffer;
  /** Null: it has a passphrase, or only the public half is here. */
  readonly seed: Buffer | null;
}

/** A new key as `ssh-keygen -t ed25519` writes it, without a passphrase. */
export function newVoteKey(comment: string): {
  readonly privateKey: string;
  readonly publicKey: string;
} {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  const seed = Buffer.from(d, 'base64url');
  const raw = Buffer.from(x, 'base64url');
  const blob = ed25519Blob(raw);
  const check = randomBytes(4);
  const secret = sshStrings(SSH_ED25519, raw, Buffer.concat([seed, raw]), comment);
  const inner = Buffer.concat([check, check, secret]);
  const missing = (BLOCK - (inner.length % BLOCK)) % BLOCK;
  const padding = Buffer.from(Array.from({ length: missing }, (_, at) => at + 1));
  const count = Buffer.from([0, 0, 0, 1]);
  const whole = Buffer.concat([
    Buffer.from(MAGIC),
    sshStrings('none', 'none', ''),
    count,
    sshStrings(blob, Buffer.concat([inner, padding])),
  ]);
  const lines = whole.toString('base64').match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
  return {
    privateKey: [BEGIN, ...lines, END, ''].join('\n'),
    publicKey: `${publicKeyLine(blob)} ${comment}\n`,
  };
}

function seedOf(secret: Buffer, publicKey: Buffer): Buffer {
  const reader = new SshReader(secret);
  const check = reader.uint32();
  if (reader.uint32() !== check) throw new SshFormatError('its check numbers differ');
  if (reader.text() !== SSH_ED25519) throw new SshFormatError('its key is not an Ed25519 key');
  const raw = reader.string();
  const pair = reader.string();
  if (!raw.equals(ed25519Of(publicKey)) || !pair.subarray(32).equals(raw))
    throw new SshFormatError('its halves do not belong together');
  return pair.subarray(0, 32);
}

function parsePrivate(text: string): KeyFile {
  const lines = text.trim().split(/\r?\n/);
  if (lines.at(0) !== BEGIN || lines.at(-1) !== END)
    throw new SshFormatError('it is no OpenSSH key');
  const reader = new SshReader(strictBase64(lines.slice(1, -1).join('')));
  if (reader.raw(MAGIC.length).toString('latin1') !== MAGIC)
    throw new SshFormatError('it is no OpenSSH key');
  const cipher = reader.text();
  reader.string();
  reader.string();
  if (reader.uint32() !== 1) throw new SshFormatError('it holds more than one key');
  const publicKey = reader.string();
  ed25519Of(publicKey);
  const secret = reader.string();
  return { publicKey, seed: cipher === 'none' ? seedOf(secret, publicKey) : null };
}

function readKeyFile(path: string): KeyFile {
  let text: string;
  let mode: number;
  try {
    mode = statSync(path).mode;
    text = readFileSync(path, 'utf8');
  } catch {
    throw new UsageError(`cannot read ${path}`, `name the file with your key: --key. ${NEW_KEY}`);
  }
  try {
    if (text.startsWith(SSH_ED25519)) return { publicKey: publicKeyBlob(text), seed: null };
    // As ssh: a private key that others can read is not the voter's own any more.
    if ((mode & 0o077) !== 0)
      throw new UsageError(
        `${path} can be read by others (mode ${(mode & 0o777).toString(8)}); it does not sign`,
        `make a new key, or if nobody has read it: chmod 600 ${path}`,
      );
    return parsePrivate(text);
  } catch (error) {
    if (!(error instanceof SshFormatError)) throw error;
    throw new UsageError(`${path} is no Ed25519 key of OpenSSH: ${error.message}`, NEW_KEY);
  }
}

function signedHere(seed: Buffer, publicKey: Buffer, message: Uint8Array, namespace: string) {
  const d = seed.toString('base64url');
  const x = ed25519Of(publicKey).toString('base64url');
  const key = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d, x }, format: 'jwk' });
  return armoredSignature(publicKey, namespace, sign(null, signedBytes(message, namespace), key));
}

/** `ssh-keygen` asks for the passphrase on the terminal, or through SSH_ASKPASS, or asks the agent. */
function signedBySshKeygen(path: string, message: Uint8Array, namespace: string): string {
  const { status, stdout, error } = spawnSync(
    'ssh-keygen',
    ['-q', '-Y', 'sign', '-n', namespace, '-f', path],
    { input: message, encoding: 'utf8', stdio: ['pipe', 'pipe', 'inherit'] },
  );
  if (error)
    throw new UsageError(
      `ssh-keygen cannot be run (${error.message}), and ${path} cannot sign without it`,
      'install OpenSSH, or name a key without a passphrase',
    );
  if (status === 0) return stdout;
  throw new UsageError(
    `ssh-keygen did not sign with ${path}`,
    'a wrong passphrase, or no agent that holds the key; ssh-add -l shows what it holds',
  );
}

/**
 * Signs with the key of a file, in the form of `ssh-keygen -Y sign`.
 * @throws UsageError for a file that is no Ed25519 key, that others can read, or that does not sign
 */
export function signWith(path: string, message: Uint8Array, namespace: string): SshVote {
  const { publicKey, seed } = readKeyFile(path);
  try {
    const signature = seed
      ? signedHere(seed, publicKey, message, namespace)
      : signedBySshKeygen(path, message, namespace);
    return { kind: 'ssh-ed25519', publicKey: publicKeyLine(publicKey), signature };
  } finally {
    seed?.fill(0);
  }
}
