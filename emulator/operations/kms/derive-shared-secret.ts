// SPDX-License-Identifier: Apache-2.0
// DeriveSharedSecret: ECDH of a key's private half and a peer's public key, as raw bytes.
import { createPublicKey } from 'node:crypto';
import { sharedSecret } from '#adapters/pkcs11/ecdh.ts';
import { publicPoint } from '#adapters/pkcs11/key-pairs.ts';
import { admit, commonMembers, endDryRun, keyIdText } from '../../keys/crypto-request.ts';
import { findKeyOrAlias } from '../../keys/find-key.ts';
import { pairKind, requireAlgorithm } from '../../keys/key-specs.ts';
import { recipientMember, refuseRecipient } from '../../keys/recipient.ts';
import { AwsError } from '../../protocol/errors.ts';
import { blob, oneOf } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';
import { keyArn } from '../../settings.ts';
import type { KeyRecord } from '../../store/key-row.ts';

/** OpenSSL's names of the curves. */
const CURVE_NAMES: Readonly<Record<string, string>> = {
  ECC_NIST_P256: 'prime256v1',
  ECC_NIST_P384: 'secp384r1',
  ECC_NIST_P521: 'secp521r1',
};

/** The peer's point, checked to be on the key's curve. @throws AwsError ValidationException */
function peerPoint(key: KeyRecord, publicKeyInfo: Buffer): Buffer {
  const kind = pairKind(key.keySpec);
  const der = normalised(publicKeyInfo, CURVE_NAMES[key.keySpec]);
  if (kind !== undefined && der !== undefined) return publicPoint(kind, der);
  throw new AwsError('ValidationException');
}

/** The key written anew, its point uncompressed; undefined when it is none of this curve. */
function normalised(publicKeyInfo: Buffer, curve: string | undefined): Buffer | undefined {
  try {
    const key = createPublicKey({ key: publicKeyInfo, format: 'der', type: 'spki' });
    if (curve === undefined || key.asymmetricKeyDetails?.namedCurve !== curve) return undefined;
    const again = createPublicKey({ key: key.export({ format: 'jwk' }), format: 'jwk' });
    return again.export({ format: 'der', type: 'spki' });
  } catch {
    // Not DER, not a key, or a point off the curve: all are the caller's mistake, worded alike.
    return undefined;
  }
}

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_DeriveSharedSecret.html */
export const deriveSharedSecret = operation(
  'DeriveSharedSecret',
  {
    KeyId: required(keyIdText),
    KeyAgreementAlgorithm: required(oneOf(['ECDH'])),
    PublicKey: required(blob(1, 8192)),
    ...commonMembers,
    ...recipientMember,
  },
  (call, input) => {
    refuseRecipient(input);
    const { key, alias } = findKeyOrAlias(call, input.KeyId);
    admit(call, key, {
      action: 'kms:DeriveSharedSecret',
      operation: 'DeriveSharedSecret',
      usage: 'KEY_AGREEMENT',
      alias,
      entries: { 'kms:KeyAgreementAlgorithm': input.KeyAgreementAlgorithm },
    });
    requireAlgorithm(key, input.KeyAgreementAlgorithm);
    const point = peerPoint(key, input.PublicKey);
    const usable = call.emulator.material.use(key);
    if (usable === undefined) {
      throw new AwsError('KMSInvalidStateException', 'The key material does not exist in the HSM.');
    }
    const secret = sharedSecret(usable.token, usable.handle, point);
    endDryRun(input);
    return {
      KeyId: keyArn(call.emulator.place, key.keyId),
      SharedSecret: secret.toString('base64'),
      KeyAgreementAlgorithm: input.KeyAgreementAlgorithm,
      KeyOrigin: key.origin,
    };
  },
);
