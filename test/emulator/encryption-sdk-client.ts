// SPDX-License-Identifier: Apache-2.0
// KMS clients as the AWS Encryption SDK's types want them: answers without members that are undefined.
import { KMS } from '@aws-crypto/client-node';
import type {
  DecryptCommandInput,
  EncryptCommandInput,
  GenerateDataKeyCommandInput,
  KMSClientConfig,
} from '@aws-sdk/client-kms';

const NONE = new Uint8Array();

/** A client that tells `called` the name of each operation it calls. */
export function encryptionSdkClient(
  config: KMSClientConfig,
  called: (operation: string) => void = () => {},
) {
  const kms = new KMS(config);
  return {
    decrypt: async (request: DecryptCommandInput) => {
      called('Decrypt');
      const { KeyId = '', Plaintext = NONE } = await kms.decrypt(request);
      return { KeyId, Plaintext };
    },
    encrypt: async (request: EncryptCommandInput) => {
      called('Encrypt');
      const { KeyId = '', CiphertextBlob = NONE } = await kms.encrypt(request);
      return { KeyId, CiphertextBlob };
    },
    generateDataKey: async (request: GenerateDataKeyCommandInput) => {
      called('GenerateDataKey');
      const answer = await kms.generateDataKey(request);
      const { KeyId = '', CiphertextBlob = NONE, Plaintext = NONE } = answer;
      return { KeyId, CiphertextBlob, Plaintext };
    },
  };
}
