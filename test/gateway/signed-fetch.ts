// SPDX-License-Identifier: Apache-2.0
// A GET request signed with Signature Version 4, for services without an installed client.
// @see AWS Signature Version 4, "Create a signed AWS API request"
import { createHash, createHmac } from 'node:crypto';
import type { Credentials } from './fixture.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) =>
  createHmac('sha256', key).update(text).digest();

/** Sends the request; the URL must have no query. */
export function signedGet(
  url: string,
  { service, credentials }: { service: string; credentials: Credentials },
): Promise<Response> {
  const { host, pathname } = new URL(url);
  const instant = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const token = credentials.sessionToken;
  const headers: Record<string, string> = { host, 'x-amz-date': instant };
  if (token !== undefined) headers['x-amz-security-token'] = token;
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join('');
  // The path is encoded once more than in the URL. @see "canonical URI"; S3 alone differs.
  const path = pathname.split('/').map(encodeURIComponent).join('/');
  const canonical = ['GET', path, '', lines, names.join(';'), sha256('')].join('\n');
  const scope = [instant.slice(0, 8), 'us-east-1', service, 'aws4_request'];
  const text = ['AWS4-HMAC-SHA256', instant, scope.join('/'), sha256(canonical)].join('\n');
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${credentials.secretAccessKey}`);
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope.join('/')}, ` +
    `SignedHeaders=${names.join(';')}, Signature=${hmac(key, text).toString('hex')}`;
  return fetch(url, { headers: { ...headers, authorization } });
}
