// SPDX-License-Identifier: Apache-2.0
// Verify: a wrong signature is an error, not an answer.
import { admit, endDryRun } from '../../keys/crypto-request.ts';
import { findKeyOrAlias } from '../../keys/find-key.ts';
import { signingMembers, verifyWith } from '../../keys/signing.ts';
import { AwsError } from '../../protocol/errors.ts';
import { blob } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';
import { keyArn } from '../../settings.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Verify.html */
export const verify = operation(
  'Verify',
  { ...signingMembers, Signature: required(blob(1, 6144)) },
  (call, input) => {
    const { key, alias } = findKeyOrAlias(call, input.KeyId);
    const entries = {
      'kms:SigningAlgorithm': input.SigningAlgorithm,
      'kms:MessageType': input.MessageType ?? 'RAW',
    };
    const use = { operation: 'Verify', usage: 'SIGN_VERIFY' as const, alias, entries };
    admit(call, key, { action: 'kms:Verify', ...use });
    if (!verifyWith(call.emulator, key, input, input.Signature)) {
      throw new AwsError('KMSInvalidSignatureException');
    }
    endDryRun(input);
    return {
      KeyId: keyArn(call.emulator.place, key.keyId),
      SignatureValid: true,
      SigningAlgorithm: input.SigningAlgorithm,
    };
  },
);
