// SPDX-License-Identifier: Apache-2.0
// Keyring of the AWS Encryption SDK over Keyturn's data plane: data keys are made here and wrapped by the current
// version of a key, and unwrapped by whatever version wrapped them. The data plane refuses what is stopped from the
// moment that it is, and a ciphertext of another key; this process needs no right at KMS.
import { randomBytes } from 'node:crypto';
import {
  EncryptedDataKey,
  immutableClass,
  KeyringNode,
  KeyringTraceFlag,
  type NodeDecryptionMaterial,
  type NodeEncryptionMaterial,
} from '@aws-crypto/client-node';
import type { Client } from '../surface.ts';

/** Names this kind of wrapped data key in the header of a message. */
export const PROVIDER = 'keyturn';

export interface KeyturnKeyringInput {
  readonly client: Pick<Client, 'encrypt' | 'decrypt'>;
  /** Name of the managed key. */
  readonly key: string;
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

export class KeyturnKeyring extends KeyringNode {
  readonly #input: KeyturnKeyringInput;

  constructor(input: KeyturnKeyringInput) {
    super();
    this.#input = input;
  }

  #trace(flags: KeyringTraceFlag) {
    return { keyNamespace: PROVIDER, keyName: this.#input.key, flags };
  }

  /** @throws ProblemError what the data plane refuses, such as `KeyNotUsable` */
  async _onEncrypt(material: NodeEncryptionMaterial): Promise<NodeEncryptionMaterial> {
    const { client, key } = this.#input;
    if (!material.hasUnencryptedDataKey) {
      const dataKey = randomBytes(material.suite.keyLengthBytes);
      const trace = this.#trace(KeyringTraceFlag.WRAPPING_KEY_GENERATED_DATA_KEY);
      material.setUnencryptedDataKey(new Uint8Array(dataKey), trace);
      dataKey.fill(0);
    }
    const { body } = await client.encrypt(key, {
      plaintext: base64(rawBytes(material)),
      context: { ...material.encryptionContext },
    });
    const wrapped = new EncryptedDataKey({
      providerId: PROVIDER,
      providerInfo: key,
      encryptedDataKey: Buffer.from(body.ciphertext, 'base64'),
    });
    return material.addEncryptedDataKey(
      wrapped,
      KeyringTraceFlag.WRAPPING_KEY_ENCRYPTED_DATA_KEY |
        KeyringTraceFlag.WRAPPING_KEY_SIGNED_ENC_CTX,
    );
  }

  /** @throws ProblemError what the data plane refuses */
  async _onDecrypt(
    material: NodeDecryptionMaterial,
    wrapped: EncryptedDataKey[],
  ): Promise<NodeDecryptionMaterial> {
    const { client, key } = this.#input;
    const own = wrapped.find(
      ({ providerId, providerInfo }) => providerId === PROVIDER && providerInfo === key,
    );
    if (!own || material.hasValidKey()) return material;
    const { body } = await client.decrypt(key, {
      ciphertext: base64(own.encryptedDataKey),
      context: { ...material.encryptionContext },
    });
    const opened = Buffer.from(body.plaintext, 'base64');
    const flags =
      KeyringTraceFlag.WRAPPING_KEY_DECRYPTED_DATA_KEY |
      KeyringTraceFlag.WRAPPING_KEY_VERIFIED_ENC_CTX;
    material.setUnencryptedDataKey(new Uint8Array(opened), this.#trace(flags));
    opened.fill(0);
    return material;
  }
}
immutableClass(KeyturnKeyring);

/** The data key itself: the SDK keeps it as a KeyObject where Node has them. */
function rawBytes(material: NodeEncryptionMaterial): Uint8Array {
  const dataKey = material.getUnencryptedDataKey();
  return dataKey instanceof Uint8Array ? dataKey : dataKey.export();
}
