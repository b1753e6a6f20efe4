// SPDX-License-Identifier: Apache-2.0
// KMS operations of AWS's model that this emulator does not perform. They are refused, never ignored.

const UNSUPPORTED: ReadonlySet<string> = new Set([
  'Decapsulate',
  'DeriveSharedSecret',
  'Encapsulate',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'GenerateMac',
  'ReplicateKey',
  'UpdatePrimaryRegion',
  'VerifyMac',
]);

/** True for operations that AWS has and the emulator does not. */
export function isUnsupportedKmsOperation(name: string): boolean {
  return UNSUPPORTED.has(name);
}
