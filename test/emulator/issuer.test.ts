// SPDX-License-Identifier: Apache-2.0
// The local OpenID Connect issuer: tokens that verify against its published keys, for those who may have them.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmulator, type TestEmulator } from './support.ts';

let dataFolder: string;
let emulator: TestEmulator;

async function startWithPeople(): Promise<TestEmulator> {
  const peoplePath = join(dataFolder, 'people.json');
  const people = [{ user: 'alice', sub: 'usr_alice', groups: ['grp_operators'] }];
  writeFileSync(peoplePath, JSON.stringify(people));
  return startEmulator({ dataFolder, issuerPort: 0, peoplePath });
}

beforeAll(async () => {
  dataFolder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
  emulator = await startWithPeople();
});
afterAll(async () => {
  await emulator.stop();
  rmSync(dataFolder, { recursive: true, force: true });
});

function askToken(body: string, adminToken = emulator.adminToken) {
  return fetch(`${emulator.issuerUrl}/token`, {
    method: 'POST',
    headers: { 'x-admin-token': adminToken },
    body,
  });
}

async function verify(token: string) {
  const discovery = await fetch(`${emulator.issuerUrl}/.well-known/openid-configuration`);
  const { issuer, jwks_uri } = (await discovery.json()) as { issuer: string; jwks_uri: string };
  return jwtVerify(token, createRemoteJWKSet(new URL(jwks_uri)), { issuer, audience: 'keyturn' });
}

describe('the issuer', () => {
  it('gives tokens of one hour that verify by discovery', async () => {
    const response = await askToken('{"user":"alice"}');
    const { token, expiresAt } = (await response.json()) as { token: string; expiresAt: string };

    const { payload } = await verify(token);

    expect(payload).toMatchObject({
      iss: emulator.issuerUrl,
      sub: 'usr_alice',
      name: 'alice',
      groups: ['grp_operators'],
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3600);
    expect(Date.parse(expiresAt)).toBe((payload.exp ?? 0) * 1000);
  });

  it('refuses without the admin token, for strangers, and for nonsense', async () => {
    expect((await askToken('{"user":"alice"}', 'wrong')).status).toBe(403);
    expect((await askToken('{"user":"mallory"}')).status).toBe(404);
    expect((await askToken('{')).status).toBe(400);
    expect((await askToken('{"user":"alice","sub":"usr_bob"}')).status).toBe(400);
    expect((await fetch(`${emulator.issuerUrl}/nothing`)).status).toBe(404);
  });

  it('keeps its key private and over restarts', async () => {
    const response = await askToken('{"user":"alice"}');
    const { token } = (await response.json()) as { token: string };
    const port = Number(new URL(emulator.issuerUrl ?? '').port);
    await emulator.stop();
    const peoplePath = join(dataFolder, 'people.json');
    emulator = await startEmulator({ dataFolder, issuerPort: port, peoplePath });

    expect((await verify(token)).payload.sub).toBe('usr_alice');
    expect(statSync(join(dataFolder, 'issuer-key.json')).mode & 0o077).toBe(0);
    const keys = await (await fetch(`${emulator.issuerUrl}/jwks.json`)).text();
    expect(keys).not.toContain('"d"');
  });
});
