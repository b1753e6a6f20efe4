// SPDX-License-Identifier: Apache-2.0
// GenerateDataKeyPair: a key pair, its private half plain and sealed.
import { recipientMember, refuseRecipient } from '../../keys/recipient.ts';
import { operation } from '../../protocol/operation.ts';
import { dataKeyPairMembers, makeDataKeyPair } from './data-key-pair.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKeyPair.html */
export const generateDataKeyPair = operation(
  'GenerateDataKeyPair',
  { ...dataKeyPairMembers, ...recipientMember },
  async (call, input) => {
    refuseRecipient(input);
    const { privateKey, answer } = await makeDataKeyPair(call, 'GenerateDataKeyPair', input);
    return { ...answer, PrivateKeyPlaintext: privateKey.toString('base64') };
  },
);
