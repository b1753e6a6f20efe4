// SPDX-License-Identifier: Apache-2.0
// Registrations of passkeys as browsers hand them out (W3C Web Authentication Level 3, section 7.1), without attestation:
// the public key comes as SubjectPublicKeyInfo, and must be the one in the authenticator's data, byte for byte.
import type { KeyObject } from 'node:crypto';
import {
  authenticatorFault,
  clientDataFault,
  hasCredential,
  hasExtensions,
  parseAuthenticatorData,
  passkeyPublicKey,
  type RelyingParty,
  strictBase64url,
  WebauthnFormatError,
} from './webauthn.ts';

/** Of `AuthenticatorAttestationResponse`; base64url without padding. */
export interface Registration {
  readonly credentialId: string;
  /** `getAuthenticatorData()`. */
  readonly authenticatorData: string;
  readonly clientDataJSON: string;
  /** `getPublicKey()`: SubjectPublicKeyInfo in DER. */
  readonly publicKey: string;
}

/** Section 6.5.1: the model, then the length of the id. */
const MODEL_BYTES = 16;
const ID_AT = MODEL_BYTES + 2;

/** A CBOR byte string (RFC 8949, section 3.1) of up to 65,535 bytes. */
function byteString(bytes: Uint8Array): Buffer {
  const { length } = bytes;
  if (length < 24) return Buffer.concat([Buffer.from([0x40 + length]), bytes]);
  const head = length < 256 ? [0x58, length] : [0x59, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), bytes]);
}

/** The key in COSE (RFC 9052, section 7; RFC 9053) in the one form that CTAP2 allows (section 6.5.6 of its 2.1). */
function coseKey(key: KeyObject): Buffer {
  const { x = '', y = '', n = '', e = '' } = key.export({ format: 'jwk' });
  const bytes = (member: string) => byteString(Buffer.from(member, 'base64url'));
  const hex = (text: string) => Buffer.from(text, 'hex');
  if (key.asymmetricKeyType === 'ed25519')
    // Type OKP, EdDSA, curve Ed25519.
    return Buffer.concat([hex('a401010327200621'), bytes(x)]);
  if (key.asymmetricKeyType === 'rsa')
    // Type RSA, RS256.
    return Buffer.concat([hex('a401030339010020'), bytes(n), hex('21'), bytes(e)]);
  // Type EC2, ES256, curve P-256.
  return Buffer.concat([hex('a501020326200121'), bytes(x), hex('22'), bytes(y)]);
}

/** @returns why the new credential is not the one that is named; null: it is */
function credentialFault(rest: Buffer, exact: boolean, { credentialId, publicKey }: Registration) {
  if (rest.length < ID_AT) return 'its credential is too short';
  const length = rest.readUInt16BE(MODEL_BYTES);
  const id = rest.subarray(ID_AT, ID_AT + length);
  if (!id.equals(strictBase64url(credentialId, 'its credential id')))
    return 'its credential has another id';
  const said = rest.subarray(ID_AT + length);
  const key = coseKey(passkeyPublicKey(publicKey));
  const isSame = exact ? said.equals(key) : said.subarray(0, key.length).equals(key);
  return isSame ? null : 'its credential has another public key';
}

/**
 * Judges a registration.
 * @returns what is wrong; null: an authenticator of this person's browser made this key for this domain, on one of
 *   these pages, with its person verified
 */
export function registrationFault(
  registration: Registration,
  challenge: Uint8Array,
  site: RelyingParty,
): string | null {
  try {
    const clientData = strictBase64url(registration.clientDataJSON, 'its client data');
    const said = strictBase64url(registration.authenticatorData, 'its authenticator data');
    const data = parseAuthenticatorData(said);
    const fault =
      clientDataFault(clientData, 'webauthn.create', challenge, site) ??
      authenticatorFault(data, site);
    if (fault) return fault;
    if (!hasCredential(data)) return 'it holds no credential';
    return credentialFault(data.rest, !hasExtensions(data), registration);
  } catch (error) {
    if (error instanceof WebauthnFormatError) return error.message;
    throw error;
  }
}
