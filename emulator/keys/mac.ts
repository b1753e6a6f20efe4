// SPDX-License-Identifier: Apache-2.0
// GenerateMac and VerifyMac: HMAC in the HSM.
import { type HmacHash, hmac, verifyHmac } from '#adapters/pkcs11/hmac.ts';
import { AwsError } from '../protocol/errors.ts';
import { blob, oneOf } from '../protocol/members.ts';
import { required } from '../protocol/shape.ts';
import type { Emulator } from '../settings.ts';
import type { KeyRecord } from '../store/key-row.ts';
import { commonMembers, keyIdText } from './crypto-request.ts';
import { hmacBits } from './key-specs.ts';

/** In the order in which AWS names them to who asks for another. */
const MAC_ALGORITHMS = ['HMAC_SHA_384', 'HMAC_SHA_256', 'HMAC_SHA_224', 'HMAC_SHA_512'] as const;

/** Members of both operations. */
export const macMembers = {
  KeyId: required(keyIdText),
  Message: required(blob(1, 4096)),
  MacAlgorithm: required(oneOf(MAC_ALGORITHMS)),
  ...commonMembers,
};

function usableKey(emulator: Emulator, key: KeyRecord) {
  const usable = emulator.material.use(key);
  if (usable !== undefined) return usable;
  throw new AwsError('KMSInvalidStateException', 'The key material does not exist in the HSM.');
}

const hashOf = (key: KeyRecord) => `sha${hmacBits(key.keySpec) ?? 256}` as HmacHash;

/** The MAC of a message. */
export function macOf(emulator: Emulator, key: KeyRecord, message: Buffer): Buffer {
  const { token, handle } = usableKey(emulator, key);
  return hmac(token, handle, hashOf(key), message);
}

/** Whether this is the message's whole MAC. */
export function isMacOf(emulator: Emulator, key: KeyRecord, message: Buffer, mac: Buffer): boolean {
  const { token, handle } = usableKey(emulator, key);
  return verifyHmac(token, { key: handle, hash: hashOf(key) }, message, mac);
}
