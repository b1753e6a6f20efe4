// SPDX-License-Identifier: Apache-2.0
// Requests signed with Signature Version 4, for services without an installed client.
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { REGION } from '#scripts/local/environment.ts';
import type { Credentials } from './fixture.ts';

interface Signing {
  readonly service: string;
  readonly credentials: Credentials;
  /** Signed too, such as the target of a JSON protocol. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a GET request; the URL must have no query. */
export const signedGet = (url: string, signing: Signing) => signedFetch(url, 'GET', signing);

/** Sends JSON; the URL must have no query. */
export const signedPost = (url: string, signing: Signing, body: object) =>
  signedFetch(url, 'POST', signing, JSON.stringify(body));

async function signedFetch(
  url: string,
  method: string,
  { service, credentials, headers = {} }: Signing,
  body?: string,
): Promise<Response> {
  const { host, hostname, pathname, protocol } = new URL(url);
  const signer = new SignatureV4({ service, credentials, region: REGION, sha256: Sha256 });
  const signed = await signer.sign({
    method,
    protocol,
    hostname,
    path: pathname,
    query: {},
    headers: { host, ...headers },
    ...(body === undefined ? {} : { body }),
  });
  return fetch(url, { method, headers: signed.headers, ...(body === undefined ? {} : { body }) });
}
