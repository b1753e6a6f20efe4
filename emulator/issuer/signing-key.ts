// SPDX-License-Identifier: Apache-2.0
// The issuer's signing key: ES256, kept under the data folder, readable by the owner only.
import type { webcrypto } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';

/** Private key for signing and the public JWK with its id. */
export interface SigningKey {
  readonly privateKey: webcrypto.CryptoKey | Uint8Array;
  readonly publicJwk: JWK;
  readonly keyId: string;
}

async function readOrMake(path: string): Promise<JWK> {
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8'));
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  writeFileSync(path, JSON.stringify(jwk), { mode: 0o600 });
  return jwk;
}

/** The key of this data folder, made at the first call. */
export async function signingKey(dataFolder: string): Promise<SigningKey> {
  const jwk = await readOrMake(join(dataFolder, 'issuer-key.json'));
  const keyId = await calculateJwkThumbprint(jwk);
  const { d: _private, ...publicPart } = jwk;
  return {
    privateKey: await importJWK(jwk, 'ES256'),
    publicJwk: { ...publicPart, kid: keyId, alg: 'ES256', use: 'sig' },
    keyId,
  };
}
