// SPDX-License-Identifier: Apache-2.0
// SigV4 for JSON services: one known access key, path `/`, header authentication only.
// @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { AwsError } from '../protocol/errors.ts';

/** The one pair of credentials that stands for the account root. */
export const ROOT_ACCESS_KEY_ID = 'test';
const ROOT_SECRET = 'test';
const SKEW_MILLISECONDS = 5 * 60_000;

/** What of a request is signed. */
export interface SignedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Authorization {
  readonly accessKeyId: string;
  readonly scope: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 +Credential=([^/,\s]+)\/(\d{8}\/[^/,\s]+\/[^/,\s]+\/aws4_request), *SignedHeaders=([a-z0-9;_.-]+), *Signature=([0-9a-f]{64})$/;

function parseAuthorization(header: string | undefined): Authorization {
  if (header === undefined || header === '') {
    throw new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token');
  }
  const found = AUTHORIZATION.exec(header);
  if (found === null) {
    throw new AwsError('IncompleteSignature', 'Authorization header is not a valid SigV4 header.');
  }
  const [, accessKeyId = '', scope = '', names = '', signature = ''] = found;
  return { accessKeyId, scope, signedHeaders: names.split(';'), signature };
}

const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest('hex');
const hmac = (key: Buffer | string, data: string) =>
  createHmac('sha256', key).update(data).digest();

function canonicalRequest(request: SignedRequest, names: readonly string[]): string {
  const [path = '/', query = ''] = request.url.split('?');
  const headers = names.map((name) => {
    const value = request.headers[name];
    const text = Array.isArray(value) ? value.join(',') : (value ?? '');
    return `${name}:${text.trim().replace(/ +/g, ' ')}\n`;
  });
  const sortedQuery = query.split('&').sort().join('&');
  return [
    request.method,
    path,
    sortedQuery,
    headers.join(''),
    names.join(';'),
    sha256(request.body),
  ].join('\n');
}

function expectedSignature(request: SignedRequest, authorization: Authorization): string {
  const { scope, signedHeaders } = authorization;
  const canonical = sha256(canonicalRequest(request, signedHeaders));
  const toSign = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, canonical].join('\n');
  const key = scope.split('/').reduce<Buffer | string>(hmac, `AWS4${ROOT_SECRET}`);
  return hmac(key, toSign).toString('hex');
}

function checkTime(request: SignedRequest, scope: string, now: number): void {
  const date = String(request.headers['x-amz-date'] ?? '');
  const iso = date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const signedAt = Date.parse(iso);
  if (Number.isNaN(signedAt) || !scope.startsWith(date.slice(0, 8))) {
    throw new AwsError('IncompleteSignature', 'X-Amz-Date is missing or not valid.');
  }
  if (Math.abs(now - signedAt) <= SKEW_MILLISECONDS) return;
  throw new AwsError('InvalidSignatureException', `Signature expired or not yet current: ${date}`);
}

/** Verifies that the account root signed the request. @throws AwsError as AWS words it */
export function verifySignature(request: SignedRequest, now: number): void {
  const authorization = parseAuthorization(request.headers.authorization);
  if (authorization.accessKeyId !== ROOT_ACCESS_KEY_ID) {
    throw new AwsError(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    );
  }
  checkTime(request, authorization.scope, now);
  if (!['host', 'x-amz-date'].every((name) => authorization.signedHeaders.includes(name))) {
    throw new AwsError('IncompleteSignature', 'host and x-amz-date must be signed.');
  }
  const expected = Buffer.from(expectedSignature(request, authorization));
  if (timingSafeEqual(expected, Buffer.from(authorization.signature))) return;
  throw new AwsError(
    'InvalidSignatureException',
    'The request signature we calculated does not match the signature you provided.',
  );
}
