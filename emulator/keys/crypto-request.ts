// SPDX-License-Identifier: Apache-2.0
// What all cryptographic operations share: their members, and the checks before the HSM is asked.
import { authorizeKey } from '../authorization/authorize.ts';
import { type ContextEntries, encryptionContextEntries } from '../authorization/request-context.ts';
import { noteEventData } from '../cloudtrail/keys-used.ts';
import { AwsError } from '../protocol/errors.ts';
import { blob, flag, list, oneOf, text, textMap } from '../protocol/members.ts';
import type { Call } from '../protocol/operation.ts';
import { optional } from '../protocol/shape.ts';
import type { KeyRecord, KeyUsage } from '../store/key-row.ts';
import type { EncryptionContext } from './ciphertext.ts';
import { findKeyOrAlias, keyById } from './find-key.ts';
import { requireEnabled, requireUsage } from './key-state.ts';
import { noteUse } from './last-use.ts';

/** A key id, key ARN, alias name or alias ARN. */
export const keyIdText = text(1, 2048);

/** AWS's limit of ciphertext blobs. */
export const ciphertextBlob = blob(1, 6144);

/** Encryption algorithms of the model. */
export const encryptionAlgorithm = oneOf([
  'SYMMETRIC_DEFAULT',
  'RSAES_OAEP_SHA_1',
  'RSAES_OAEP_SHA_256',
  'SM2PKE',
]);

/** Members of every operation that takes grants and can be tried dry. */
export const commonMembers = {
  GrantTokens: optional(list(text(1, 8192), 0, 10)),
  DryRun: optional(flag),
};

/** Member of the operations that open ciphertexts. */
export const modifierMember = {
  DryRunModifiers: optional(list(oneOf(['IGNORE_CIPHERTEXT']))),
};

/** Whether only permissions are tried. @throws AwsError ValidationException without DryRun */
export function ignoresCiphertext(
  input: Common & { readonly DryRunModifiers?: readonly string[] | undefined },
): boolean {
  const { DryRunModifiers: modifiers = [], DryRun } = input;
  if (modifiers.length === 0) return false;
  if (DryRun === true) return true;
  throw new AwsError('ValidationException', 'DryRunModifiers are valid only when DryRun is true.');
}

/** Members of the symmetric operations. */
export const contextMember = optional(textMap);

interface Common {
  readonly DryRun?: boolean | undefined;
}

/** What an operation does with a key. */
export interface KeyUse {
  readonly action: string;
  readonly operation: string;
  readonly usage: KeyUsage | 'ENCAPSULATE_DECAPSULATE';
  readonly context?: EncryptionContext;
  readonly alias?: string | undefined;
  readonly entries?: ContextEntries;
}

/** Ends a dry run. @throws AwsError DryRunOperationException */
export function endDryRun(input: Common): void {
  if (input.DryRun !== true) return;
  throw new AwsError(
    'DryRunOperationException',
    'The request would have succeeded, but the DryRun option is set.',
  );
}

/** Authorizes and checks state and usage, in AWS's order. @throws AwsError */
export function admit(call: Call, key: KeyRecord, use: KeyUse): void {
  authorizeKey(call, use.action, key, {
    ...encryptionContextEntries(use.context),
    ...(use.alias === undefined ? {} : { 'kms:RequestAlias': use.alias }),
    ...use.entries,
  });
  requireEnabled(call, key);
  requireUsage(call, key, use.usage, use.operation);
  noteUse(call.caller, key.keyId, use.operation);
  if (key.keyStoreId !== null) {
    const { keyStoreId: customKeyStoreId, keyId: backingKeyId } = key;
    noteEventData(call.caller, { customKeyStoreId, backingKeyId });
  }
}

/** The key of a ciphertext: the one it names, which a given KeyId must confirm. @throws AwsError */
export function keyOfCiphertext(call: Call, ciphertextKeyId: string, keyId: string | undefined) {
  if (keyId !== undefined) {
    const found = findKeyOrAlias(call, keyId);
    if (found.key.keyId === ciphertextKeyId) return found;
    throw new AwsError(
      'IncorrectKeyException',
      'The key ID in the request does not identify a CMK that can perform this operation.',
    );
  }
  try {
    return { key: keyById(call, ciphertextKeyId), alias: undefined };
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== 'NotFoundException') throw error;
    throw new AwsError(
      'AccessDeniedException',
      'The ciphertext refers to a customer master key that does not exist, does not exist in this ' +
        'region, or you are not allowed to access.',
    );
  }
}
