// SPDX-License-Identifier: Apache-2.0
// Signs notices with an asymmetric key of KMS, whose public half is published: consumers hold no secret of ours, and
// nothing that could be stolen from them forges a notice. ES256, detached JWS in compact form (RFC 7515, RFC 7518 §3.4).
import { createHash, createPublicKey } from 'node:crypto';
import { GetPublicKeyCommand, type KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { KeyturnError } from '#core/errors.ts';
import type { NoticeClaims, NoticeSigner } from '#core/ports/notices.ts';
import { translated } from './errors.ts';

/** A public key as consumers get it (RFC 7517). */
export interface PublicJwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y: string;
  readonly kid: string;
  readonly alg: 'ES256';
  readonly use: 'sig';
}

/** Id of a key: that part of its ARN which no other key has. */
const keyIdOf = (arn: string): string => arn.split('/').at(-1) ?? arn;

/** Bytes of one half of a P-256 signature (RFC 7518 §3.4). */
const HALF = 32;

/** An INTEGER of a DER sequence at an offset, as 32 bytes, and where the next one begins. */
function integerAt(der: Uint8Array, offset: number): { bytes: Buffer; next: number } {
  const length = der[offset + 1] ?? 0;
  const next = offset + 2 + length;
  const bytes = Buffer.from(der.subarray(offset + 2, next));
  // DER adds a zero before a high first bit, and leaves leading zeros out.
  const significant = bytes.subarray(Math.max(0, bytes.length - HALF));
  return { bytes: Buffer.concat([Buffer.alloc(HALF - significant.length), significant]), next };
}

/** `SEQUENCE { INTEGER r, INTEGER s }` as KMS gives it, as the 64 bytes that a JWS holds. */
export function toJoseSignature(der: Uint8Array): Buffer {
  if (der[0] !== 0x30) throw new KeyturnError('InternalError', 'KMS gave no ECDSA signature');
  const r = integerAt(der, 2);
  return Buffer.concat([r.bytes, integerAt(der, r.next).bytes]);
}

const base64url = (text: string) => Buffer.from(text, 'utf8').toString('base64url');

/** What a signature is for: one made for a notice is none for a call to a source. */
export type SignatureType = 'keyturn-notice' | 'keyturn-source';

export class KmsNoticeSigner implements NoticeSigner {
  readonly #client: KMSClient;
  readonly #keyArn: string;
  readonly #type: SignatureType;

  constructor(client: KMSClient, keyArn: string, type: SignatureType = 'keyturn-notice') {
    this.#client = client;
    this.#keyArn = keyArn;
    this.#type = type;
  }

  async sign({ issuedAt, eventId, audience }: NoticeClaims, body: string): Promise<string> {
    const header = base64url(
      JSON.stringify({
        alg: 'ES256',
        kid: keyIdOf(this.#keyArn),
        typ: this.#type,
        iat: issuedAt,
        jti: eventId,
        aud: audience,
      }),
    );
    const Message = createHash('sha256')
      .update(`${header}.${base64url(body)}`)
      .digest();
    const command = new SignCommand({
      KeyId: this.#keyArn,
      Message,
      MessageType: 'DIGEST',
      SigningAlgorithm: 'ECDSA_SHA_256',
    });
    const { Signature } = await translated(() => this.#client.send(command));
    if (!Signature) throw new KeyturnError('DependencyUnavailable', 'KMS gave no signature');
    return `${header}..${toJoseSignature(Signature).toString('base64url')}`;
  }
}

/** The public half of the signing key. */
export async function publicJwk(client: KMSClient, keyArn: string): Promise<PublicJwk> {
  const { PublicKey } = await translated(() =>
    client.send(new GetPublicKeyCommand({ KeyId: keyArn })),
  );
  if (!PublicKey) throw new KeyturnError('DependencyUnavailable', 'KMS gave no public key');
  const key = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
  const { kty = '', crv = '', x = '', y = '' } = key.export({ format: 'jwk' });
  return { kty, crv, x, y, kid: keyIdOf(keyArn), alg: 'ES256', use: 'sig' };
}
