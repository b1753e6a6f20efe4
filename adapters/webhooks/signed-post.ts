// SPDX-License-Identifier: Apache-2.0
// Posts a signed body to an address that somebody else named. One connection, checked when its name is resolved; no
// redirect is followed; neither a slow nor a large answer holds the function up.
import { lookup } from 'node:dns';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { KeyturnError } from '#core/errors.ts';
import type { PostAnswer, PostBounds, SignedPost } from '#core/ports/notices.ts';
import { mayConnect, type Reach, refusalOf } from './address-rules.ts';

export const SIGNATURE_HEADER = 'keyturn-signature';

function refused(why: string): KeyturnError {
  return new KeyturnError('NotServedHere', `the call was not made: ${why}`);
}

/** Resolves a name to the addresses that may be connected to. */
function guardedLookup(reach: Reach): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const open = addresses.filter(({ address }) => mayConnect(reach, address));
      const [first] = open;
      // One closed address among open ones is refused too: the next try could take it.
      if (!first || open.length < addresses.length)
        return callback(refused('its network is closed to notices'), '', 0);
      if (options.all) return callback(null, open);
      return callback(null, first.address, first.family);
    });
  };
}

async function readAnswer(message: IncomingMessage, maxBytes: number): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    size += chunk.length;
    if (size > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Posts a body and reads the answer.
 * @throws KeyturnError `NotServedHere` for an address that is not allowed; else what the connection threw
 */
export async function postSigned(
  reach: Reach,
  { url, body, signature }: SignedPost,
  { timeoutMilliseconds, maxAnswerBytes }: PostBounds,
): Promise<PostAnswer> {
  const target = new URL(url);
  const refusal = refusalOf(reach, target);
  if (refusal !== null) throw refused(refusal);
  const request = target.protocol === 'https:' ? requestHttps : requestHttp;
  const headers = {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    [SIGNATURE_HEADER]: signature,
  };
  return new Promise((resolve, reject) => {
    const options = {
      method: 'POST',
      headers,
      lookup: guardedLookup(reach),
      signal: AbortSignal.timeout(timeoutMilliseconds),
      agent: false,
    };
    const sent = request(target, options, (message) => {
      readAnswer(message, maxAnswerBytes)
        .then((text) => resolve({ status: message.statusCode ?? 0, text }))
        .catch(reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
