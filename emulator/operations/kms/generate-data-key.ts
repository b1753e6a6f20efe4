// SPDX-License-Identifier: Apache-2.0
// GenerateDataKey: a random key, plain and sealed.
import { recipientMember, refuseRecipient } from '../../keys/recipient.ts';
import { operation } from '../../protocol/operation.ts';
import { dataKeyMembers, makeDataKey } from './data-key.ts';

const members = { ...dataKeyMembers, ...recipientMember };

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html */
export const generateDataKey = operation('GenerateDataKey', members, (call, input) => {
  refuseRecipient(input);
  const { plaintext, answer } = makeDataKey(call, 'GenerateDataKey', input);
  return { ...answer, Plaintext: plaintext.toString('base64') };
});
