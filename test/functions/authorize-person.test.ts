// SPDX-License-Identifier: Apache-2.0
// The authorizer against real tokens and a real JWKS server on loopback.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWTHeaderParameters,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ENVIRONMENT } from '#test/support/functions.ts';

const ISSUER = 'https://issuer.example/';
const AUDIENCE = 'keyturn-local';
const KID = 'key-1';
const METHOD_ARN =
  'arn:aws:execute-api:us-east-1:000000000000:api1/local/POST/v1/keys/orders/rotations';

type Handler = typeof import('#functions/authorize-person/handler.ts').handler;
let handler: Handler;
let server: Server;
let pair: { publicKey: CryptoKey; privateKey: CryptoKey };
/** Paths that the server was asked for. */
const asked: string[] = [];

beforeAll(async () => {
  pair = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: KID, alg: 'RS256', use: 'sig' };
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  Object.assign(process.env, ENVIRONMENT, {
    ISSUER,
    AUDIENCE,
    JWKS_URL: `http://127.0.0.1:${port}/jwks.json`,
  });
  ({ handler } = await import('#functions/authorize-person/handler.ts'));
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  asked.length = 0;
});

const now = () => Math.floor(Date.now() / 1000);
const CLAIMS = () => ({
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'usr_alice',
  groups: ['grp_operators'],
  iat: now(),
  exp: now() + 300,
});

type Claims = Readonly<Record<string, unknown>>;

/** A signed token; claims given as undefined are left out. */
async function token(
  claims: Claims = {},
  header: Partial<JWTHeaderParameters> = {},
  key: CryptoKey | Uint8Array = pair.privateKey,
): Promise<string> {
  return new SignJWT({ ...CLAIMS(), ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: KID, typ: 'JWT', ...header })
    .sign(key);
}
const authorize = (authorizationToken: unknown) =>
  handler({ type: 'TOKEN', authorizationToken, methodArn: METHOD_ARN });
const bearer = async (...given: Parameters<typeof token>) =>
  authorize(`Bearer ${await token(...given)}`);

/** Refused by exactly the message that API Gateway makes a 401 of. */
async function expectRefused(answer: Promise<unknown>): Promise<void> {
  const failure = await answer.then(
    (value) => value,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(Error);
  // No cause and nothing else: the answer does not say what was wrong with the token.
  expect(Object.getOwnPropertyNames(failure).sort()).toEqual(['message', 'stack']);
  expect((failure as Error).message).toBe('Unauthorized');
}

describe('a valid token', () => {
  it('is let into the stage alone, with immutable ids in the context', async () => {
    expect(await bearer()).toEqual({
      principalId: 'usr_alice',
      policyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Action: 'execute-api:Invoke',
            Effect: 'Allow',
            Resource: 'arn:aws:execute-api:us-east-1:000000000000:api1/local/*',
          },
        ],
      },
      context: { sub: 'usr_alice', name: 'alice', groups: '["grp_operators"]' },
    });
  });

  it('of somebody whom the directory does not know carries the id as the name', async () => {
    const { context } = await bearer({ sub: 'auth0|4711', groups: [] });

    expect(context).toEqual({ sub: 'auth0|4711', name: 'auth0|4711', groups: '[]' });
  });

  it('without groups has none', async () => {
    expect((await bearer({ groups: undefined })).context.groups).toBe('[]');
  });

  it('may have 64 groups, and our audience among others', async () => {
    const groups = Array.from({ length: 64 }, (_, index) => `g${index}`);
    const { context } = await bearer({ groups, aud: ['other', AUDIENCE] });

    expect(JSON.parse(context.groups)).toEqual(groups);
  });

  it.each([
    ['ended', { exp: -20 }],
    ['begins', { nbf: 20 }],
  ])('%s within the tolerance of clocks', async (_what, offsets) => {
    const claims = Object.fromEntries(
      Object.entries(offsets).map(([name, seconds]) => [name, now() + seconds]),
    );

    expect((await bearer(claims)).principalId).toBe('usr_alice');
  });
});

describe('a token is refused', () => {
  it.each<[string, () => Claims]>([
    ['that is expired', () => ({ exp: now() - 60 })],
    ['that never expires', () => ({ exp: undefined })],
    ['that does not say when it was issued', () => ({ iat: undefined })],
    ['that is not valid yet', () => ({ nbf: now() + 120 })],
    ['for another audience', () => ({ aud: 'keyturn-production' })],
    ['for an audience that begins like ours', () => ({ aud: `${AUDIENCE}-2` })],
    ['without an audience', () => ({ aud: undefined })],
    ['of another issuer', () => ({ iss: 'https://issuer.example.evil/' })],
    ['of an issuer that lacks the slash', () => ({ iss: 'https://issuer.example' })],
    ['without a subject', () => ({ sub: undefined })],
    ['with an empty subject', () => ({ sub: '' })],
    ['with spaces in the subject', () => ({ sub: 'usr_alice usr_ada' })],
    ['with a line break behind the subject', () => ({ sub: 'usr_alice\n' })],
    ['with a subject of 129 characters', () => ({ sub: 'a'.repeat(129) })],
    ['whose groups are text', () => ({ groups: 'grp_operators' })],
    ['whose groups are an object', () => ({ groups: { 0: 'grp_operators' } })],
    ['whose groups are null', () => ({ groups: null })],
    ['with a group that is no text', () => ({ groups: ['grp_operators', 7] })],
    ['with a group in a group', () => ({ groups: [['grp_operators']] })],
    ['with 65 groups', () => ({ groups: Array.from({ length: 65 }, (_, index) => `g${index}`) })],
    ['with a comma in a group', () => ({ groups: ['a,grp_operators'] })],
    ['with a bracket in a group', () => ({ groups: ['a] [grp_operators'] })],
    ['with a quote in a group', () => ({ groups: ['a","grp_operators'] })],
    ['with a group that only looks the same', () => ({ groups: ['grp_оperators'] })],
    ['with an empty group', () => ({ groups: [''] })],
  ])('%s', async (_what, claims) => {
    await expectRefused(bearer(claims()));
  });

  it('that is not signed', async () => {
    await expectRefused(authorize(`Bearer ${new UnsecuredJWT(CLAIMS()).encode()}`));
  });

  it('whose algorithm is "none" beside a signature', async () => {
    const [, payload, signature] = (await token()).split('.');
    for (const alg of ['none', 'None', 'NONE', '']) {
      const header = Buffer.from(JSON.stringify({ alg, kid: KID })).toString('base64url');
      await expectRefused(authorize(`Bearer ${header}.${payload}.${signature}`));
    }
  });

  it('that is authenticated with the public key as a secret', async () => {
    const secrets = [
      await exportSPKI(pair.publicKey),
      JSON.stringify(await exportJWK(pair.publicKey)),
    ];
    for (const secret of secrets) {
      await expectRefused(bearer({}, { alg: 'HS256' }, Buffer.from(secret)));
    }
  });

  it('of another key with our key id', async () => {
    const other = await generateKeyPair('RS256');

    await expectRefused(bearer({}, {}, other.privateKey));
  });

  it('with an algorithm that we do not take', async () => {
    const { privateKey } = await generateKeyPair('ES384');

    await expectRefused(bearer({}, { alg: 'ES384' }, privateKey));
  });

  it.each([
    '../../jwks.json',
    'http://127.0.0.1:1/evil.json',
    '/etc/passwd',
    "' OR 1=1 --",
    'key-2',
  ])('whose key id is %s, and nothing but our JWKS is asked', async (kid) => {
    await expectRefused(bearer({}, { kid }));
    expect(asked.every((path) => path === '/jwks.json')).toBe(true);
  });

  it('that brings its own key along or says where it is', async () => {
    const other = await generateKeyPair('RS256', { extractable: true });
    const jwk = await exportJWK(other.publicKey);
    const { port } = server.address() as AddressInfo;

    await expectRefused(bearer({}, { kid: 'mine', jwk }, other.privateKey));
    await expectRefused(
      bearer({}, { kid: 'mine', jku: `http://127.0.0.1:${port}/theirs.json` }, other.privateKey),
    );
    expect(asked).not.toContain('/theirs.json');
  });

  it('with a header parameter that must be understood', async () => {
    const head = Buffer.from(
      JSON.stringify({ alg: 'RS256', kid: KID, crit: ['x'], x: 1 }),
    ).toString('base64url');
    const [, payload, signature] = (await token()).split('.');

    await expectRefused(authorize(`Bearer ${head}.${payload}.${signature}`));
  });

  it('whose payload was changed behind the signature', async () => {
    const [header, , signature] = (await token()).split('.');
    const payload = Buffer.from(JSON.stringify({ ...CLAIMS(), sub: 'usr_ada' }));

    await expectRefused(
      authorize(`Bearer ${header}.${payload.toString('base64url')}.${signature}`),
    );
  });
});

describe('a header is refused', () => {
  it.each<[string, (valid: string) => unknown]>([
    ['that is not there', () => undefined],
    ['that is null', () => null],
    ['that is empty', () => ''],
    ['that is no text', () => 7],
    ['of the scheme alone', () => 'Bearer '],
    ['of another scheme', (valid) => `Basic ${valid}`],
    ['without a scheme', (valid) => valid],
    ['with two spaces', (valid) => `Bearer  ${valid}`],
    ['with a space in front', (valid) => ` Bearer ${valid}`],
    ['with two tokens', (valid) => `Bearer ${valid} ${valid}`],
    ['with a list of tokens', (valid) => `Bearer ${valid},${valid}`],
    ['with a line break', (valid) => `Bearer ${valid}\n`],
    ['with two parts', (valid) => `Bearer ${valid.split('.').slice(0, 2).join('.')}`],
    ['with five parts, as encrypted tokens have', () => 'Bearer a.b.c.d.e'],
    ['that is no token', () => 'Bearer a.b.c'],
    ['longer than API Gateway lets pass', (valid) => `Bearer ${valid}${'A'.repeat(16_384)}`],
  ])('%s', async (_what, header) => {
    await expectRefused(authorize(header(await token())));
  });

  it('in an event of nothing', async () => {
    await expectRefused(handler(undefined));
    await expectRefused(handler({ authorizationToken: `Bearer ${await token()}` }));
  });
});
