// SPDX-License-Identifier: Apache-2.0
// GenerateMac: the HMAC of a message.
import { admit, endDryRun } from '../../keys/crypto-request.ts';
import { findKeyOrAlias } from '../../keys/find-key.ts';
import { requireAlgorithm } from '../../keys/key-specs.ts';
import { macMembers, macOf } from '../../keys/mac.ts';
import { operation } from '../../protocol/operation.ts';
import { keyArn } from '../../settings.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateMac.html */
export const generateMac = operation('GenerateMac', macMembers, (call, input) => {
  const { key, alias } = findKeyOrAlias(call, input.KeyId);
  admit(call, key, {
    action: 'kms:GenerateMac',
    operation: 'GenerateMac',
    usage: 'GENERATE_VERIFY_MAC',
    alias,
    entries: { 'kms:MacAlgorithm': input.MacAlgorithm },
  });
  requireAlgorithm(key, input.MacAlgorithm);
  const mac = macOf(call.emulator, key, input.Message);
  endDryRun(input);
  return {
    Mac: mac.toString('base64'),
    MacAlgorithm: input.MacAlgorithm,
    KeyId: keyArn(call.emulator.place, key.keyId),
  };
});
