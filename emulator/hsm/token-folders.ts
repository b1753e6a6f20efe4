// SPDX-License-Identifier: Apache-2.0
// Tokens as SoftHSM keeps them on disk: a folder per token, named by a UUID whose last 16 digits are the
// serial number; `token.object` carries label and serial number as plain attributes.
import { randomUUID } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** Label, serial number, flags and PINs of a token. */
export const TOKEN_FILE = 'token.object';
const BYTE_STRING = 3;
const HEADER_BYTES = 24;
// CKA_OS_TOKENLABEL and CKA_OS_TOKENSERIAL of SoftHSM's OSAttributes.h; an attribute is type, kind, length, value.
const LABEL = { type: 0x8000_5349, size: 32 };
const SERIAL = { type: 0x8000_534a, size: 16 };

function attributeAt(file: Buffer, { type, size }: typeof LABEL): number {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeBigUInt64BE(BigInt(type), 0);
  header.writeBigUInt64BE(BigInt(BYTE_STRING), 8);
  header.writeBigUInt64BE(BigInt(size), 16);
  const at = file.indexOf(header);
  if (at < 0) throw new Error(`${TOKEN_FILE} has no attribute ${type.toString(16)}`);
  return at + HEADER_BYTES;
}

/** Label of the token in a folder; undefined when it is none, or not complete. */
export function labelOf(folder: string): string | undefined {
  const path = join(folder, TOKEN_FILE);
  if (!existsSync(path)) return undefined;
  const file = readFileSync(path);
  try {
    const at = attributeAt(file, LABEL);
    return file.toString('utf8', at, at + LABEL.size).replace(/[ \0]+$/, '');
  } catch {
    return undefined;
  }
}

/** The folder of a token among those of a directory. */
export function folderOf(tokens: string, label: string): string | undefined {
  const name = readdirSync(tokens).find((folder) => labelOf(join(tokens, folder)) === label);
  return name === undefined ? undefined : join(tokens, name);
}

/** Copies a token under another label and serial number; it appears among the tokens all at once. */
export function copyAs(source: string, tokens: string, label: string): string {
  const name = randomUUID();
  const partial = join(tokens, '..', 'restoring');
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true, mode: 0o700 });
  cpSync(source, join(partial, name), { recursive: true });
  const path = join(partial, name, TOKEN_FILE);
  const file = readFileSync(path);
  file.write(label.padEnd(LABEL.size, ' '), attributeAt(file, LABEL), LABEL.size, 'utf8');
  const serial = name.replaceAll('-', '').slice(-SERIAL.size);
  file.write(serial, attributeAt(file, SERIAL), SERIAL.size, 'utf8');
  writeFileSync(path, file);
  renameSync(join(partial, name), join(tokens, name));
  return join(tokens, name);
}

/** Removes the tokens whose label is a cluster's, when that cluster has none. */
export function removeOrphans(tokens: string, hasToken: (clusterId: string) => boolean): string[] {
  if (!existsSync(tokens)) return [];
  const removed: string[] = [];
  for (const name of readdirSync(tokens)) {
    const label = labelOf(join(tokens, name));
    if (label === undefined || !label.startsWith('cluster-') || hasToken(label)) continue;
    rmSync(join(tokens, name), { recursive: true });
    removed.push(label);
  }
  return removed;
}
