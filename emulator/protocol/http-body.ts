// SPDX-License-Identifier: Apache-2.0
// Reading a request body: at most 1 MiB, valid UTF-8 JSON, an object, not absurdly deep.
import type { IncomingMessage } from 'node:http';
import { AwsError, serializationError } from './errors.ts';

const MAXIMUM_BYTES = 1024 * 1024;
/** Up to here a body that is too large is read to its end, so that its sender sees the answer. */
const MAXIMUM_READ_BYTES = 32 * 1024 * 1024;
const MAXIMUM_DEPTH = 64;

/** The raw body. @throws AwsError RequestEntityTooLarge */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= MAXIMUM_BYTES) chunks.push(chunk);
    // Nobody may send for ever.
    if (size > MAXIMUM_READ_BYTES) request.socket.destroy();
  }
  if (size > MAXIMUM_BYTES) {
    throw new AwsError('RequestEntityTooLarge', `Request is larger than ${MAXIMUM_BYTES} bytes.`);
  }
  return Buffer.concat(chunks);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The index of the quote that ends the string whose text begins here; the end of the JSON when none does. */
function endOfString(json: string, begin: number): number {
  for (let at = json.indexOf('"', begin); at !== -1; at = json.indexOf('"', at + 1)) {
    let before = at;
    while (before > begin && json.charCodeAt(before - 1) === BACKSLASH) before -= 1;
    if ((at - before) % 2 === 0) return at;
  }
  return json.length;
}

/** True when brackets outside strings nest deeper than the limit; one pass, no recursion, strings skipped. */
function isTooDeep(json: string): boolean {
  let depth = 0;
  for (let at = 0; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) at = endOfString(json, at + 1);
    else if (code === 0x7b || code === 0x5b) depth += 1;
    else if (code === 0x7d || code === 0x5d) depth -= 1;
    if (depth > MAXIMUM_DEPTH) return true;
  }
  return false;
}

/** Parses a body; an empty one is an empty object. @throws AwsError SerializationException */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return {};
  const json = decode(body);
  if (isTooDeep(json)) throw serializationError('The request is nested too deeply');
  let value: unknown;
  try {
    value = MAY_HOLD_SURROGATES.test(json) ? JSON.parse(json, wellFormed) : JSON.parse(json);
  } catch (error) {
    if (error instanceof AwsError) throw error;
    throw serializationError('The request is not valid JSON');
  }
  return value;
}

const MAY_HOLD_SURROGATES = /\\u[dD][89a-fA-F]/;

/** Half a surrogate pair has no bytes: two encryption contexts that differ in it alone would be the same. */
function wellFormed(name: string, value: unknown): unknown {
  const isWellFormed = name.isWellFormed() && (typeof value !== 'string' || value.isWellFormed());
  if (isWellFormed) return value;
  throw serializationError('The request has text that is not valid Unicode');
}

function decode(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw serializationError('The request is not valid UTF-8');
  }
}
