// SPDX-License-Identifier: Apache-2.0
// GenerateRandom: bytes from the HSM's generator, of the fleet or of a key store's cluster.
import { authorizeAccount } from '../../authorization/authorize.ts';
import { connectedKeyStore } from '../../keys/key-store-lookup.ts';
import { recipientMember, refuseRecipient } from '../../keys/recipient.ts';
import { AwsError } from '../../protocol/errors.ts';
import { integer, text } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { optional } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateRandom.html */
export const generateRandom = operation(
  'GenerateRandom',
  {
    NumberOfBytes: optional(integer(1, 1024)),
    CustomKeyStoreId: optional(text(1, 64)),
    ...recipientMember,
  },
  (call, input) => {
    refuseRecipient(input);
    authorizeAccount(call, 'kms:GenerateRandom');
    if (input.NumberOfBytes === undefined) {
      throw new AwsError('ValidationException', 'NumberOfBytes is required.');
    }
    const { hsm } = call.emulator;
    const bytes =
      input.CustomKeyStoreId === undefined
        ? hsm.random(input.NumberOfBytes)
        : hsm
            .clusterToken(connectedKeyStore(call, input.CustomKeyStoreId).clusterId)
            .random(input.NumberOfBytes);
    return { Plaintext: bytes.toString('base64') };
  },
);
