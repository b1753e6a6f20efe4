// SPDX-License-Identifier: Apache-2.0
// What `/encrypt` answers for a key of tier `data` (`docs/decisions/0015-wrapped-data-keys.md`):
//   `KTD1` | length of the name, 1 byte | name | version, 4 bytes big-endian | IV, 12 bytes | tag, 16 bytes | ciphertext
// All before the IV, and behind it the encryption context in canonical form (RFC 8785), is authenticated.
import { IV_BYTES, open, seal, TAG_BYTES } from '../crypto/aes-gcm.ts';
import { canonicalBytes } from '../crypto/hashing.ts';
import { KeyturnError } from '../errors.ts';

const MAGIC = Buffer.from('KTD1');
const LENGTH_AT = MAGIC.length;
const NAME_AT = LENGTH_AT + 1;
const VERSION_BYTES = 4;

type Context = Readonly<Record<string, string>>;

/** Which key a ciphertext was made under. */
export interface EnvelopeHeader {
  readonly name: string;
  readonly version: number;
}

function headerBytes({ name, version }: EnvelopeHeader): Buffer {
  const number = Buffer.alloc(VERSION_BYTES);
  number.writeUInt32BE(version);
  const text = Buffer.from(name, 'latin1');
  return Buffer.concat([MAGIC, Buffer.from([text.length]), text, number]);
}

function additionalData(header: Uint8Array, context: Context): Uint8Array {
  return Buffer.concat([header, canonicalBytes(context)]);
}

const invalid = (why: string, cause?: unknown) =>
  new KeyturnError('CiphertextInvalid', why, { cause });

/** Reads whose ciphertext it says it is; nothing of it is proven before it opens. @throws KeyturnError `CiphertextInvalid` */
export function headerOf(envelope: Uint8Array): EnvelopeHeader {
  const bytes = Buffer.from(envelope);
  const length = bytes[LENGTH_AT] ?? 0;
  const versionAt = NAME_AT + length;
  const isWhole = bytes.length >= versionAt + VERSION_BYTES + IV_BYTES + TAG_BYTES;
  if (!bytes.subarray(0, LENGTH_AT).equals(MAGIC) || !isWhole)
    throw invalid('this is no ciphertext of a key of tier data');
  return {
    name: bytes.subarray(NAME_AT, versionAt).toString('latin1'),
    version: bytes.readUInt32BE(versionAt),
  };
}

/** Encrypts a text under a data key. `iv` must be new for every text of a key. */
export function sealEnvelope(
  header: EnvelopeHeader,
  { key, iv }: { readonly key: Uint8Array; readonly iv: Uint8Array },
  plaintext: Uint8Array,
  context: Context,
): Uint8Array {
  const head = headerBytes(header);
  const additional = additionalData(head, context);
  return Buffer.concat([head, iv, seal({ key, iv, additional }, plaintext)]);
}

/** @throws KeyturnError `CiphertextInvalid` when anything of it, or the context, is not as it was encrypted */
export function openEnvelope(key: Uint8Array, envelope: Uint8Array, context: Context): Uint8Array {
  const head = headerBytes(headerOf(envelope));
  const iv = envelope.subarray(head.length, head.length + IV_BYTES);
  try {
    const additional = additionalData(head, context);
    return open({ key, iv, additional }, envelope.subarray(head.length + IV_BYTES));
  } catch (cause) {
    throw invalid('the ciphertext is damaged or its encryption context is another', cause);
  }
}
