// SPDX-License-Identifier: Apache-2.0
// SigV4 for JSON services: signatures in the Authorization header, over the whole body.
// @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { AwsError } from '../protocol/errors.ts';
import type { Credential, Principals } from './principals.ts';

// AWS allows five minutes between the clocks of caller and service.
const SKEW_MILLISECONDS = 5 * 60_000;
const SERVICES = ['kms', 'cloudhsm'];

/** What of a request is signed. */
export interface SignedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Authorization {
  readonly accessKeyId: string;
  /** `date/region/service/aws4_request`. */
  readonly scope: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const CREDENTIAL = /^([^/\s]+)\/(\d{8}\/[^/\s]+\/[^/\s]+\/aws4_request)$/;
const PARAMETERS = ['Credential', 'SignedHeaders', 'Signature'] as const;

function incomplete(message: string): AwsError {
  return new AwsError('IncompleteSignatureException', message);
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidSignatureException', message);
}

function parametersOf(header: string): ReadonlyMap<string, string> {
  const parts = header.replace(/^AWS4-HMAC-SHA256\s+/, '').split(/[,\s]+/);
  return new Map(
    parts.flatMap((part) => {
      const at = part.indexOf('=');
      return at < 0 ? [] : [[part.slice(0, at), part.slice(at + 1)] as const];
    }),
  );
}

function parseAuthorization(header: string | undefined): Authorization {
  // Signatures in the query, as in presigned addresses, are none to these services.
  if (header === undefined || header === '') {
    throw new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token');
  }
  if (!/^AWS4-HMAC-SHA256\s/.test(header)) {
    throw incomplete('Unsupported AWS algorithm: the header must begin with AWS4-HMAC-SHA256.');
  }
  const given = parametersOf(header);
  const missing = PARAMETERS.filter((name) => !given.has(name));
  if (missing.length > 0) {
    const sentences = missing.map((name) => `Authorization header requires '${name}' parameter.`);
    throw incomplete(sentences.join(' '));
  }
  const found = CREDENTIAL.exec(given.get('Credential') ?? '');
  if (found === null) {
    throw incomplete('Credential must have exactly 5 slash-delimited elements.');
  }
  const [, accessKeyId = '', scope = ''] = found;
  const signedHeaders = (given.get('SignedHeaders') ?? '').split(';');
  return { accessKeyId, scope, signedHeaders, signature: given.get('Signature') ?? '' };
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

// Signing keys hold for a day, a Region and a service, so that the next request wants the same one.
const KEPT_SIGNING_KEYS = 64;
const signingKeys = new Map<string, Buffer>();

function signingKey(secret: string, scope: string): Buffer {
  const name = `${scope}/${secret}`;
  const known = signingKeys.get(name);
  if (known !== undefined) return known;
  const key = scope
    .split('/')
    .reduce<Buffer>((previous, part) => hmac(previous, part), Buffer.from(`AWS4${secret}`));
  if (signingKeys.size >= KEPT_SIGNING_KEYS) signingKeys.clear();
  signingKeys.set(name, key);
  return key;
}

function expectedSignature(request: SignedRequest, authorization: Authorization, secret: string) {
  const { scope, signedHeaders } = authorization;
  const canonical = sha256(canonicalRequest(request, signedHeaders));
  const toSign = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, canonical].join('\n');
  return hmac(signingKey(secret, scope), toSign).toString('hex');
}

/** `20260102T030405Z`. */
function amzDate(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

function checkTime(request: SignedRequest, scope: string, now: number): void {
  const date = String(request.headers['x-amz-date'] ?? '');
  const iso = date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const signedAt = Date.parse(iso);
  if (Number.isNaN(signedAt)) throw incomplete('X-Amz-Date is missing or not valid.');
  if (!scope.startsWith(date.slice(0, 8))) {
    throw invalid('Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date');
  }
  const [earliest, latest] = [now - SKEW_MILLISECONDS, now + SKEW_MILLISECONDS].map(amzDate);
  if (signedAt < now - SKEW_MILLISECONDS) {
    throw invalid(
      `Signature expired: ${date} is now earlier than ${earliest} (${amzDate(now)} - 5 min.)`,
    );
  }
  if (signedAt > now + SKEW_MILLISECONDS) {
    throw invalid(
      `Signature not yet current: ${date} is still later than ${latest} (${amzDate(now)} + 5 min.)`,
    );
  }
}

function checkSession(request: SignedRequest, credential: Credential, now: number): void {
  const token = request.headers['x-amz-security-token'];
  if (token !== credential.sessionToken) {
    throw new AwsError(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    );
  }
  if (credential.expiresAt !== undefined && credential.expiresAt <= now) {
    throw new AwsError(
      'ExpiredTokenException',
      'The security token included in the request is expired',
    );
  }
}

function checkScope({ scope, signedHeaders }: Authorization): void {
  if (!SERVICES.includes(scope.split('/')[2] ?? '')) {
    throw invalid("Credential should be scoped to correct service: 'kms'.");
  }
  for (const name of ['host', 'x-amz-date']) {
    if (!signedHeaders.includes(name)) {
      throw invalid(`'${name}' must be a 'SignedHeader' in the AWS Authorization.`);
    }
  }
}

/** The access key id a request names, verified or not. */
export function claimedAccessKey({ headers }: Pick<SignedRequest, 'headers'>): string | undefined {
  return /Credential=([^/,\s]+)\//.exec(headers.authorization ?? '')?.[1];
}

/** The principal that signed the request. @throws AwsError as AWS words it */
export function verifySignature(
  principals: Principals,
  request: SignedRequest,
  now: number,
): Credential {
  const authorization = parseAuthorization(request.headers.authorization);
  const credential = principals.get(authorization.accessKeyId);
  if (credential === undefined) {
    throw new AwsError(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    );
  }
  checkSession(request, credential, now);
  checkTime(request, authorization.scope, now);
  checkScope(authorization);
  const expected = Buffer.from(expectedSignature(request, authorization, credential.secret));
  const given = Buffer.from(authorization.signature);
  if (given.length === expected.length && timingSafeEqual(expected, given)) return credential;
  throw invalid(
    'The request signature we calculated does not match the signature you provided. Check your AWS ' +
      'Secret Access Key and signing method. Consult the service documentation for details.',
  );
}
