// SPDX-License-Identifier: Apache-2.0
// GenerateDataKeyPairWithoutPlaintext: a key pair, its private half sealed only.
import { operation } from '../../protocol/operation.ts';
import { dataKeyPairMembers, makeDataKeyPair } from './data-key-pair.ts';

const NAME = 'GenerateDataKeyPairWithoutPlaintext';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKeyPairWithoutPlaintext.html */
export const generateDataKeyPairWithoutPlaintext = operation(
  NAME,
  dataKeyPairMembers,
  async (call, input) => {
    const { privateKey, answer } = await makeDataKeyPair(call, NAME, input);
    privateKey.fill(0);
    return answer;
  },
);
