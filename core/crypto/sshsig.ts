// SPDX-License-Identifier: Apache-2.0
// Signatures as `ssh-keygen -Y sign` makes them (OpenSSH, PROTOCOL.sshsig), with Ed25519 keys (RFC 8032, RFC 8709) only:
// one algorithm, no parameters that a signer could choose badly.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { SshFormatError, SshReader, sshStrings, strictBase64 } from './ssh-wire.ts';

export const SSH_ED25519 = 'ssh-ed25519';
const MAGIC = 'SSHSIG';
const VERSION = 1;
const BEGIN = '-----BEGIN SSH SIGNATURE-----';
const END = '-----END SSH SIGNATURE-----';
/** Both that PROTOCOL.sshsig allows. */
const HASHES = ['sha512', 'sha256'] as const;
type SshHash = (typeof HASHES)[number];

/** `ssh-keygen` breaks its lines here. */
const LINE = 70;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** Public key of an Ed25519 key as SSH has it. */
export function ed25519Blob(publicKey: Uint8Array): Buffer {
  return sshStrings(SSH_ED25519, publicKey);
}

/** The 32 bytes of a public key in SSH's binary form. @throws SshFormatError for any other key */
export function ed25519Of(blob: Uint8Array): Buffer {
  const reader = new SshReader(blob);
  if (reader.text() !== SSH_ED25519) throw new SshFormatError('its key is not an Ed25519 key');
  const key = reader.string();
  reader.end();
  if (key.length !== KEY_BYTES) throw new SshFormatError('its key has a wrong length');
  return key;
}

/** The key of a line as in `id_ed25519.pub`, in SSH's binary form; its comment is not looked at. @throws SshFormatError */
export function publicKeyBlob(line: string): Buffer {
  const [type, base64 = ''] = line.trim().split(/[ \t]+/);
  if (type !== SSH_ED25519) throw new SshFormatError('it is not a line "ssh-ed25519 AAAA…"');
  const blob = strictBase64(base64);
  ed25519Of(blob);
  return blob;
}

/** The line of a public key, without a comment. */
export function publicKeyLine(blob: Uint8Array): string {
  return `${SSH_ED25519} ${Buffer.from(blob).toString('base64')}`;
}

/** What the key signs: the message's hash in the namespace, so that no other use of the key has this form. */
export function signedBytes(
  message: Uint8Array,
  namespace: string,
  hash: SshHash = 'sha512',
): Buffer {
  const digest = createHash(hash).update(message).digest();
  return Buffer.concat([Buffer.from(MAGIC), sshStrings(namespace, '', hash, digest)]);
}

/** An Ed25519 signature over {@link signedBytes} in the form of `ssh-keygen -Y sign`. */
export function armoredSignature(
  publicKey: Uint8Array,
  namespace: string,
  signature: Uint8Array,
): string {
  const version = Buffer.alloc(4);
  version.writeUInt32BE(VERSION);
  const blob = Buffer.concat([
    Buffer.from(MAGIC),
    version,
    sshStrings(publicKey, namespace, '', 'sha512', sshStrings(SSH_ED25519, signature)),
  ]);
  const lines = blob.toString('base64').match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
  return [BEGIN, ...lines, END, ''].join('\n');
}

interface Parsed {
  readonly publicKey: Buffer;
  readonly namespace: string;
  readonly hash: SshHash;
  readonly signature: Buffer;
}

function unarmored(text: string): Buffer {
  const lines = text.replace(/\r?\n$/, '').split(/\r?\n/);
  if (lines.at(0) !== BEGIN || lines.at(-1) !== END || lines.length < 3)
    throw new SshFormatError('it is not one SSH SIGNATURE block');
  return strictBase64(lines.slice(1, -1).join(''));
}

function parse(armored: string): Parsed {
  const reader = new SshReader(unarmored(armored));
  if (reader.raw(MAGIC.length).toString('latin1') !== MAGIC)
    throw new SshFormatError('it does not begin with SSHSIG');
  if (reader.uint32() !== VERSION) throw new SshFormatError('its version is not 1');
  const publicKey = reader.string();
  const namespace = reader.text();
  if (reader.string().length > 0) throw new SshFormatError('its reserved field is not empty');
  const named = reader.text();
  const hash = HASHES.find((one) => one === named);
  if (!hash) throw new SshFormatError('its hash is neither sha512 nor sha256');
  const inner = new SshReader(reader.string());
  reader.end();
  if (inner.text() !== SSH_ED25519) throw new SshFormatError('it is not an Ed25519 signature');
  const signature = inner.string();
  inner.end();
  if (signature.length !== SIGNATURE_BYTES) throw new SshFormatError('it has a wrong length');
  return { publicKey, namespace, hash, signature };
}

function holds({ publicKey, namespace, hash, signature }: Parsed, message: Uint8Array): boolean {
  const x = ed25519Of(publicKey).toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verify(null, signedBytes(message, namespace, hash), key, signature);
}

/**
 * Judges a signature.
 * @param armored as `ssh-keygen -Y sign` prints it
 * @param keys lines of public keys that may have made it
 * @returns what is wrong; null: one of the keys signed this message in this namespace
 */
export function sshSignatureFault(
  armored: string,
  message: Uint8Array,
  namespace: string,
  keys: readonly string[],
): string | null {
  try {
    const parsed = parse(armored);
    if (parsed.namespace !== namespace) return `it was not made for "${namespace}"`;
    if (!keys.some((line) => blobOf(line)?.equals(parsed.publicKey)))
      return 'its key is not registered for the voter';
    return holds(parsed, message) ? null : 'it does not fit what was voted on';
  } catch (error) {
    if (error instanceof SshFormatError) return error.message;
    throw error;
  }
}

/** The blob of a line; null for one that is malformed: it is the key of nobody, and must not hide the others. */
function blobOf(line: string): Buffer | null {
  try {
    return publicKeyBlob(line);
  } catch (error) {
    if (error instanceof SshFormatError) return null;
    throw error;
  }
}

/** Whether two lines name one key, whatever their comments. */
export function isSameKey(one: string, other: string): boolean {
  const blob = blobOf(other);
  return blob !== null && blobOf(one)?.equals(blob) === true;
}
