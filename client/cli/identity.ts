// SPDX-License-Identifier: Apache-2.0
// Tokens of the local issuer: it gives one for any seeded person to whoever may read the stack file.
import { createTransport, ProblemError } from '../sdk/index.ts';
import { UsageError } from './failures.ts';
import { type Identity, readCa, refuseAnonymous, type Settings } from './settings.ts';
import type { Stack } from './stack-file.ts';

/** A token is renewed this long before it ends, so that none ends on its way. */
const RENEW_BEFORE_SECONDS = 30;

function tokenIn(text: string): string {
  if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text.trim())) return text.trim();
  const body: unknown = JSON.parse(text);
  if (typeof body === 'object' && body !== null) {
    for (const name of ['token', 'access_token']) {
      const value: unknown = Reflect.get(body, name);
      if (typeof value === 'string') return value;
    }
  }
  throw new Error('the local issuer answered without a token; run "keyturn doctor"');
}

/** Asks the local issuer for a JWT. @throws UsageError for people it does not know */
export async function requestToken(
  stack: Stack,
  user: string,
  options: { ca?: string | undefined; signal?: AbortSignal } = {},
): Promise<string> {
  if (!stack.issuerUrl || !stack.adminToken)
    throw new UsageError('the stack file names no issuer', 'run "npm start" again');
  const send = createTransport(options.ca ? { ca: options.ca } : {});
  const { status, text } = await send({
    method: 'POST',
    url: `${stack.issuerUrl.replace(/\/+$/, '')}/token`,
    headers: { 'content-type': 'application/json', 'x-admin-token': stack.adminToken },
    body: JSON.stringify({ user }),
    ...(options.signal && { signal: options.signal }),
  });
  if (status === 200 || status === 201) return tokenIn(text);
  if (status === 400 || status === 404)
    throw new UsageError(
      `the local issuer knows no user "${user}"`,
      'seeded people: alice, olga, ada, bob, carol, dan, erin, frank',
    );
  const problem = {
    type: 'about:blank',
    title: 'The local issuer refused',
    status: status === 403 ? 401 : status,
    detail: `it answered ${status}; the stack file may be of an earlier start`,
    instance: '',
    code: status >= 500 ? 'DependencyUnavailable' : 'Unauthenticated',
    retryable: status >= 500,
    errors: [],
  };
  throw new ProblemError(problem, { text, requestId: null, retryAfterSeconds: null });
}

function expiryOf(token: string): number {
  try {
    const claims: unknown = JSON.parse(
      Buffer.from(token.split('.')[1] ?? '', 'base64url').toString(),
    );
    const exp: unknown =
      typeof claims === 'object' && claims !== null ? Reflect.get(claims, 'exp') : null;
    return typeof exp === 'number' ? exp : Number.POSITIVE_INFINITY;
  } catch {
    // Not a JWT we can read: the API will say whether it takes it.
    return Number.POSITIVE_INFINITY;
  }
}

/** Gives the token for each call; a local user's is asked for once, and again before it ends. */
export function tokenSource(
  settings: Settings,
  now: () => number,
  signal: AbortSignal,
): () => Promise<string> {
  const identity: Identity = settings.identity;
  let pending: Promise<string> | null = null;
  return async () => {
    if (identity.kind === 'token') return identity.token;
    if (identity.kind === 'none') return refuseAnonymous();
    const current = await pending;
    if (current === null || expiryOf(current) - RENEW_BEFORE_SECONDS < now() / 1000)
      pending = requestToken(identity.stack, identity.name, { ca: readCa(settings), signal });
    return (await pending) ?? refuseAnonymous();
  };
}
