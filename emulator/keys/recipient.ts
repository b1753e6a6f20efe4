// SPDX-License-Identifier: Apache-2.0
// `Recipient`: the attestation document of a Nitro enclave or NitroTPM, to whose key the answer is encrypted. Only
// AWS's own hardware can sign one, and no caller of this stand-in runs on it: every document is refused, as KMS
// refuses one it cannot verify, and never ignored, which would answer the plaintext.
import { AwsError } from '../protocol/errors.ts';
import { blob, oneOf } from '../protocol/members.ts';
import { optional, structure } from '../protocol/shape.ts';

/** The member of the operations that answer plaintext. */
export const recipientMember = {
  Recipient: optional(
    structure({
      KeyEncryptionAlgorithm: optional(oneOf(['RSAES_OAEP_SHA_256'])),
      AttestationDocument: optional(blob(1, 262_144)),
    }),
  ),
};

/** @throws AwsError ValidationException when a recipient is named */
export function refuseRecipient({ Recipient }: { readonly Recipient?: object | undefined }): void {
  if (Recipient === undefined) return;
  throw new AwsError('ValidationException', 'The attestation document is not valid.');
}
