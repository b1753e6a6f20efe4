// SPDX-License-Identifier: Apache-2.0
// Callers of other accounts. The stand-in keeps the keys of one account: others use them by ARN, as far as KMS
// allows that across accounts, and have no keys, aliases or key stores of their own.
// @see https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
import { AwsError } from '../protocol/errors.ts';
import type { Call } from '../protocol/operation.ts';

const ACROSS_ACCOUNTS: ReadonlySet<string> = new Set([
  'kms:CreateGrant',
  'kms:Decapsulate',
  'kms:Decrypt',
  'kms:DeriveSharedSecret',
  'kms:DescribeKey',
  'kms:Encapsulate',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyPair',
  'kms:GenerateDataKeyPairWithoutPlaintext',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:GenerateMac',
  'kms:GetKeyRotationStatus',
  'kms:GetPublicKey',
  'kms:ListGrants',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
  'kms:RetireGrant',
  'kms:RevokeGrant',
  'kms:Sign',
  'kms:Verify',
  'kms:VerifyMac',
]);

/** Whether the caller is of another account than the keys. */
export function isForeign({ caller, emulator }: Call): boolean {
  return caller.account !== emulator.place.account;
}

/** Whether no policy can allow this action, because KMS does not take it from other accounts. */
export function isBarredAcrossAccounts(call: Call, action: string): boolean {
  return isForeign(call) && !ACROSS_ACCOUNTS.has(action);
}

/** For what would be made in the caller's own account. @throws AwsError UnsupportedOperationException */
export function requireOwnAccount(call: Call): void {
  if (!isForeign(call)) return;
  const { account } = call.emulator.place;
  throw new AwsError(
    'UnsupportedOperationException',
    `Only account ${account} has keys and key stores here; account ${call.caller.account} can use its keys by ARN. Start an emulator with --account ${call.caller.account} for its own.`,
  );
}
