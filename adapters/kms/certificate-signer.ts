// SPDX-License-Identifier: Apache-2.0
// Signs certificates of destruction: compact JWS, ES256, payload inside (RFC 7515), by the key whose public half
// `/v1/.well-known/jwks.json` publishes. The type in its header keeps it apart from notices.
import { createHash } from 'node:crypto';
import { type KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { KeyturnError } from '#core/errors.ts';
import type { CertificateSigner } from '#core/ports/key-destruction.ts';
import { translated } from './errors.ts';
import { toJoseSignature } from './notice-signer.ts';

const base64url = (text: string) => Buffer.from(text, 'utf8').toString('base64url');

export class KmsCertificateSigner implements CertificateSigner {
  readonly #client: KMSClient;
  readonly #keyArn: string;

  constructor(client: KMSClient, keyArn: string) {
    this.#client = client;
    this.#keyArn = keyArn;
  }

  async signCertificate(text: string): Promise<string> {
    const kid = this.#keyArn.split('/').at(-1) ?? this.#keyArn;
    const header = { alg: 'ES256', kid, typ: 'keyturn-destruction' };
    const signed = `${base64url(JSON.stringify(header))}.${base64url(text)}`;
    const command = new SignCommand({
      KeyId: this.#keyArn,
      Message: createHash('sha256').update(signed).digest(),
      MessageType: 'DIGEST',
      SigningAlgorithm: 'ECDSA_SHA_256',
    });
    const { Signature } = await translated(() => this.#client.send(command));
    if (!Signature) throw new KeyturnError('DependencyUnavailable', 'KMS gave no signature');
    return `${signed}.${toJoseSignature(Signature).toString('base64url')}`;
  }
}
