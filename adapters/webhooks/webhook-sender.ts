// SPDX-License-Identifier: Apache-2.0
// Posts a notice. One connection, checked when its name is resolved; no redirect is followed; neither a slow nor a
// large answer holds the function up.
import { lookup } from 'node:dns';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { NoticeReply } from '#core/contract/notices.ts';
import { KeyturnError } from '#core/errors.ts';
import type { NoticeAnswer, NoticeSender } from '#core/ports/notices.ts';
import { mayConnect, type Reach, refusalOf } from './address-rules.ts';

const TIMEOUT_MS = 5000;
const MAX_ANSWER_BYTES = 4096;
export const SIGNATURE_HEADER = 'keyturn-signature';

function refused(why: string): KeyturnError {
  return new KeyturnError('NotServedHere', `the notice was not sent: ${why}`);
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

async function readAnswer(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) return '';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function versionIn(text: string): number | null {
  try {
    return NoticeReply.parse(JSON.parse(text)).version;
  } catch {
    // An answer of any other form is no acknowledgement, and no error.
    return null;
  }
}

export class WebhookSender implements NoticeSender {
  readonly #reach: Reach;

  constructor(reach: Reach) {
    this.#reach = reach;
  }

  async send(url: string, body: string, signature: string): Promise<NoticeAnswer> {
    const target = new URL(url);
    const refusal = refusalOf(this.#reach, target);
    if (refusal !== null) throw refused(refusal);
    try {
      return await this.#post(target, body, signature);
    } catch (cause) {
      if (cause instanceof KeyturnError) throw cause;
      throw new KeyturnError('DependencyUnavailable', 'the consumer did not answer the notice', {
        cause,
      });
    }
  }

  #post(target: URL, body: string, signature: string): Promise<NoticeAnswer> {
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
        lookup: guardedLookup(this.#reach),
        signal: AbortSignal.timeout(TIMEOUT_MS),
        agent: false,
      };
      const sent = request(target, options, (message) => {
        readAnswer(message)
          .then((text) => resolve({ status: message.statusCode ?? 0, version: versionIn(text) }))
          .catch(reject);
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}
