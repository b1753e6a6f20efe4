// SPDX-License-Identifier: Apache-2.0
// Signs the list of stopped keys: flattened JWS JSON (RFC 7515 §7.2.2), ES256, with the key whose public half is published.
import { createHash } from 'node:crypto';
import { type KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { STATUS_LIST_TYPE, type StatusList } from '#core/contract/status-list.ts';
import { precondition } from '#core/errors.ts';
import type { ListSigner } from '#core/ports/status-list.ts';
import { translated } from './errors.ts';
import { toJoseSignature } from './notice-signer.ts';

const base64url = (text: string) => Buffer.from(text, 'utf8').toString('base64url');

export class KmsListSigner implements ListSigner {
  readonly #client: KMSClient;
  readonly #keyArn: string;

  constructor(client: KMSClient, keyArn: string) {
    this.#client = client;
    this.#keyArn = keyArn;
  }

  async signList(payload: string): Promise<StatusList> {
    const kid = this.#keyArn.split('/').at(-1);
    const header = base64url(JSON.stringify({ alg: 'ES256', kid, typ: STATUS_LIST_TYPE }));
    const body = base64url(payload);
    const command = new SignCommand({
      KeyId: this.#keyArn,
      Message: createHash('sha256').update(`${header}.${body}`).digest(),
      MessageType: 'DIGEST',
      SigningAlgorithm: 'ECDSA_SHA_256',
    });
    const { Signature } = await translated(() => this.#client.send(command));
    precondition(Signature, 'KMS Sign answers a signature');
    return {
      payload: body,
      protected: header,
      signature: toJoseSignature(Signature).toString('base64url'),
    };
  }
}
