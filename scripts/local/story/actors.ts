// SPDX-License-Identifier: Apache-2.0
// Who acts in the story: a person with a token, and the workload `orders-api` with the session of its role. Both use
// the same doors as anybody: the APIs and the AWS endpoint.
import { readFileSync } from 'node:fs';
import { Sha256 } from '@aws-crypto/sha256-js';
import { KMSClient } from '@aws-sdk/client-kms';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { SignatureV4 } from '@smithy/signature-v4';
import { type Authorize, type Client, createClient } from '#client/sdk/index.ts';
import type { StackInfo } from '../stack-file.ts';

/** The account's root user on the local stage; AWS has nothing like it. */
const LOCAL_ROOT = { accessKeyId: 'test', secretAccessKey: 'test' };

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** A token of the local issuer for a seeded person. */
export async function tokenOf(stack: StackInfo, user: string): Promise<string> {
  const answer = await fetch(`${stack.issuerUrl}/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-admin-token': stack.adminToken },
    body: JSON.stringify({ user }),
  });
  if (!answer.ok) throw new Error(`the issuer gave no token for ${user}: ${answer.status}`);
  const { token } = (await answer.json()) as { token: string };
  return token;
}

function urlOf(url: string | null): string {
  if (url === null) throw new Error('the stack has no API; is the app deployed?');
  return url;
}

/** The people API as one person. */
export async function personClient(stack: StackInfo, user: string): Promise<Client> {
  const ca = readFileSync(stack.caFile, 'utf8');
  return createClient({ endpointUrl: urlOf(stack.apiUrl), token: await tokenOf(stack, user), ca });
}

/** A session of a workload's role. */
export async function workloadCredentials(
  stack: StackInfo,
  workload: string,
): Promise<Credentials> {
  const sts = new STSClient({
    endpoint: stack.gatewayUrl,
    region: stack.region,
    credentials: LOCAL_ROOT,
  });
  const RoleArn = stack.roles[workload];
  const { Credentials: session } = await sts.send(
    new AssumeRoleCommand({ RoleArn, RoleSessionName: 'story' }),
  );
  if (!session?.AccessKeyId || !session.SecretAccessKey || !session.SessionToken) {
    throw new Error(`no session of ${RoleArn}`);
  }
  const { AccessKeyId, SecretAccessKey, SessionToken } = session;
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

/** Signs requests with SigV4, to the workload API where no other service is named. */
export function signedWith(
  credentials: Credentials,
  region: string,
  service = 'execute-api',
): Authorize {
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256 });
  return async (request) => {
    const url = new URL(request.url);
    const signed = await signer.sign({
      method: request.method,
      protocol: url.protocol,
      hostname: url.hostname,
      port: Number(url.port),
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { ...request.headers, host: url.host },
      body: request.body,
    });
    return signed.headers;
  };
}

/** The workload API as a workload. */
export function workloadClient(stack: StackInfo, credentials: Credentials): Client {
  const ca = readFileSync(stack.caFile, 'utf8');
  const authorize = signedWith(credentials, stack.region);
  return createClient({ endpointUrl: urlOf(stack.workloadApiUrl), authorize, ca });
}

/** KMS through the front door, as a workload; one attempt, so that every refusal is seen. */
export function kmsAs(stack: StackInfo, credentials: Credentials): KMSClient {
  return new KMSClient({
    endpoint: stack.gatewayUrl,
    region: stack.region,
    credentials,
    maxAttempts: 1,
  });
}

/** EventBridge Scheduler as the account's root. */
export function scheduler(stack: StackInfo): SchedulerClient {
  return new SchedulerClient({
    endpoint: stack.gatewayUrl,
    region: stack.region,
    credentials: LOCAL_ROOT,
  });
}
