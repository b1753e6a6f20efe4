// SPDX-License-Identifier: Apache-2.0
// CloudHSM v2 operations of AWS's model that this emulator does not perform. They are refused, never ignored.

const UNSUPPORTED: ReadonlySet<string> = new Set([
  'CopyBackupToRegion',
  'DeleteBackup',
  'DeleteResourcePolicy',
  'GetResourcePolicy',
  'ModifyBackupAttributes',
  'PutResourcePolicy',
  'RestoreBackup',
]);

/** True for operations that AWS has and the emulator does not. */
export function isUnsupportedCloudHsmOperation(name: string): boolean {
  return UNSUPPORTED.has(name);
}
