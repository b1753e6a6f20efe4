// SPDX-License-Identifier: Apache-2.0
// VerifyMac: a wrong MAC is an error, not an answer.
import { admit, endDryRun } from '../../keys/crypto-request.ts';
import { findKeyOrAlias } from '../../keys/find-key.ts';
import { requireAlgorithm } from '../../keys/key-specs.ts';
import { isMacOf, macMembers } from '../../keys/mac.ts';
import { AwsError } from '../../protocol/errors.ts';
import { blob } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';
import { keyArn } from '../../settings.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_VerifyMac.html */
export const verifyMac = operation(
  'VerifyMac',
  { ...macMembers, Mac: required(blob(1, 6144)) },
  (call, input) => {
    const { key, alias } = findKeyOrAlias(call, input.KeyId);
    admit(call, key, {
      action: 'kms:VerifyMac',
      operation: 'VerifyMac',
      usage: 'GENERATE_VERIFY_MAC',
      alias,
      entries: { 'kms:MacAlgorithm': input.MacAlgorithm },
    });
    requireAlgorithm(key, input.MacAlgorithm);
    if (!isMacOf(call.emulator, key, input.Message, input.Mac)) {
      throw new AwsError('KMSInvalidMacException');
    }
    endDryRun(input);
    return {
      KeyId: keyArn(call.emulator.place, key.keyId),
      MacValid: true,
      MacAlgorithm: input.MacAlgorithm,
    };
  },
);
