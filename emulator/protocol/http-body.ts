// SPDX-License-Identifier: Apache-2.0
// Reading a request body: at most 1 MiB, valid UTF-8 JSON, an object, not absurdly deep.
import type { IncomingMessage } from 'node:http';
import { AwsError, serializationError } from './errors.ts';

const MAXIMUM_BYTES = 1024 * 1024;
const MAXIMUM_DEPTH = 64;

/** The raw body. @throws AwsError RequestEntityTooLarge */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    // Reading on without keeping lets the client finish sending and see the answer.
    if (size <= MAXIMUM_BYTES) chunks.push(chunk);
  }
  if (size > MAXIMUM_BYTES) {
    throw new AwsError('RequestEntityTooLarge', `Request is larger than ${MAXIMUM_BYTES} bytes.`);
  }
  return Buffer.concat(chunks);
}

/** True when brackets outside strings nest deeper than the limit; one pass, no recursion. */
function isTooDeep(json: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at];
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    if (depth > MAXIMUM_DEPTH) return true;
  }
  return false;
}

/** Parses a body; an empty one is an empty object. @throws AwsError SerializationException */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return {};
  const json = decode(body);
  if (isTooDeep(json)) throw serializationError('The request is nested too deeply');
  try {
    return JSON.parse(json);
  } catch {
    throw serializationError('The request is not valid JSON');
  }
}

function decode(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw serializationError('The request is not valid UTF-8');
  }
}
