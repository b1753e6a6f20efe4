// SPDX-License-Identifier: Apache-2.0
// GenerateDataKeyWithoutPlaintext: a random key, sealed only.
import { operation } from '../../protocol/operation.ts';
import { dataKeyMembers, makeDataKey } from './data-key.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKeyWithoutPlaintext.html */
export const generateDataKeyWithoutPlaintext = operation(
  'GenerateDataKeyWithoutPlaintext',
  dataKeyMembers,
  (call, input) => {
    const { plaintext, answer } = makeDataKey(call, 'GenerateDataKeyWithoutPlaintext', input);
    plaintext.fill(0);
    return answer;
  },
);
