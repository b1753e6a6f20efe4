// SPDX-License-Identifier: Apache-2.0
// A notice verifies with any JOSE library and the published key: here `jose`, over a stand-in for KMS's two calls.
import { createSign, generateKeyPairSync } from 'node:crypto';
import { GetPublicKeyCommand, type KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { compactVerify, importJWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { KmsNoticeSigner, publicJwk, toJoseSignature } from '#adapters/kms/notice-signer.ts';

const ARN = 'arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const CLAIMS = { issuedAt: 1_800_000_000, eventId: 'key/orders#7', audience: 'https://a.example/' };
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** Signs the digest, as KMS does with MessageType DIGEST: here through the message that has it. */
function kmsOver(message: () => string): KMSClient {
  const send = async (command: unknown) => {
    if (command instanceof GetPublicKeyCommand)
      return { PublicKey: publicKey.export({ format: 'der', type: 'spki' }) };
    if (!(command instanceof SignCommand)) throw new Error('an unexpected call');
    expect(command.input).toMatchObject({
      KeyId: ARN,
      MessageType: 'DIGEST',
      SigningAlgorithm: 'ECDSA_SHA_256',
    });
    expect(command.input.Message).toHaveLength(32);
    return { Signature: createSign('sha256').update(message()).sign(privateKey) };
  };
  return { send } as unknown as KMSClient;
}
const base64url = (text: string) => Buffer.from(text).toString('base64url');
const HEADER = {
  alg: 'ES256',
  kid: ARN.split('/')[1],
  typ: 'keyturn-notice',
  iat: CLAIMS.issuedAt,
  jti: CLAIMS.eventId,
  aud: CLAIMS.audience,
};

describe('a signed notice', () => {
  it('verifies with the published key, for its body alone', async () => {
    const body = '{"type":"key.rotated","detail":{"key":"orders"}}';
    const kms = kmsOver(() => `${base64url(JSON.stringify(HEADER))}.${base64url(body)}`);

    const detached = await new KmsNoticeSigner(kms, ARN).sign(CLAIMS, body);
    const key = await importJWK({ ...(await publicJwk(kms, ARN)) }, 'ES256');
    const attach = (text: string) => detached.replace('..', `.${base64url(text)}.`);

    const { protectedHeader } = await compactVerify(attach(body), key);
    expect(protectedHeader).toEqual(HEADER);
    await expect(compactVerify(attach(body.replace('orders', 'others')), key)).rejects.toThrow();
  });

  it('of another type says so in what is signed', async () => {
    const kms = kmsOver(
      () => `${base64url(JSON.stringify({ ...HEADER, typ: 'keyturn-source' }))}.${base64url('{}')}`,
    );
    const detached = await new KmsNoticeSigner(kms, ARN, 'keyturn-source').sign(CLAIMS, '{}');
    const key = await importJWK({ ...(await publicJwk(kms, ARN)) }, 'ES256');

    const { protectedHeader } = await compactVerify(
      detached.replace('..', `.${base64url('{}')}.`),
      key,
    );
    expect(protectedHeader.typ).toBe('keyturn-source');
  });

  it('publishes the public half alone', async () => {
    const jwk = await publicJwk(
      kmsOver(() => ''),
      ARN,
    );

    expect(Object.keys(jwk).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });
});

describe('the form of the signature', () => {
  it('pads short halves and drops the sign byte of long ones', () => {
    const short = Buffer.from('3006020101020102', 'hex');
    const long = Buffer.concat([
      Buffer.from('30450221 00'.replaceAll(' ', ''), 'hex'),
      Buffer.alloc(32, 0xff),
      Buffer.from('0220', 'hex'),
      Buffer.alloc(32, 0x11),
    ]);

    expect(toJoseSignature(short).toString('hex')).toBe(`${'0'.repeat(62)}01${'0'.repeat(62)}02`);
    expect(toJoseSignature(long).toString('hex')).toBe('ff'.repeat(32) + '11'.repeat(32));
  });

  it('refuses what is no sequence', () => {
    expect(() => toJoseSignature(Buffer.from('0102', 'hex'))).toThrow(/ECDSA/);
  });
});
