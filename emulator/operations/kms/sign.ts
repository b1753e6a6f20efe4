// SPDX-License-Identifier: Apache-2.0
// Sign: a message or a digest.
import { admit, endDryRun } from '../../keys/crypto-request.ts';
import { findKeyOrAlias } from '../../keys/find-key.ts';
import { signingMembers, signWith } from '../../keys/signing.ts';
import { operation } from '../../protocol/operation.ts';
import { keyArn } from '../../settings.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html */
export const sign = operation('Sign', signingMembers, (call, input) => {
  const { key, alias } = findKeyOrAlias(call, input.KeyId);
  const entries = {
    'kms:SigningAlgorithm': input.SigningAlgorithm,
    'kms:MessageType': input.MessageType ?? 'RAW',
  };
  admit(call, key, { action: 'kms:Sign', operation: 'Sign', usage: 'SIGN_VERIFY', alias, entries });
  const signature = signWith(call.emulator, key, input);
  endDryRun(input);
  return {
    KeyId: keyArn(call.emulator.place, key.keyId),
    Signature: signature.toString('base64'),
    SigningAlgorithm: input.SigningAlgorithm,
  };
});
