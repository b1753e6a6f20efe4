// SPDX-License-Identifier: Apache-2.0
// Assertions of passkeys as browsers hand them out (W3C Web Authentication Level 3, section 7.2), with what a signature
// over a vote needs and nothing else: no attestation, no extension, no CBOR. Decision 0025 says why it is our own code.
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { sha256 } from './hashing.ts';

/** What a browser answers; base64url without padding. */
export interface Assertion {
  readonly authenticatorData: string;
  readonly clientDataJSON: string;
  readonly signature: string;
}

/** Where passkeys are used. */
export interface RelyingParty {
  /** A domain; authenticators sign its SHA-256. */
  readonly rpId: string;
  /** Origins of pages that may ask, as `https://host[:port]`. */
  readonly origins: readonly string[];
}

/** Hash of the domain, flags, counter (section 6.1). */
const FIXED_BYTES = 37;
const FLAGS_AT = 32;
const COUNTER_AT = 33;
const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const BACKUP_ELIGIBLE = 0x08;
const BACKED_UP = 0x10;
const NEW_CREDENTIAL = 0x40;
const EXTENSIONS = 0x80;
/** Of RSA keys (NIST SP 800-57: 112 bits of strength). */
const LEAST_RSA_BITS = 2048;

/** Something that is not of the form it must have; its message is for people. */
export class WebauthnFormatError extends Error {
  override readonly name = 'WebauthnFormatError';
}

/** Bytes of base64url without padding, in its one form. @throws WebauthnFormatError */
export function strictBase64url(text: string, what: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length === 0 || bytes.toString('base64url') !== text)
    throw new WebauthnFormatError(`${what} is not base64url`);
  return bytes;
}

/** Members that browsers always write (section 5.8.1); others are not looked at, as the standard wants. */
interface ClientData {
  readonly type: unknown;
  readonly challenge: unknown;
  readonly origin: unknown;
  readonly crossOrigin?: unknown;
  readonly topOrigin?: unknown;
}

function parseClientData(bytes: Uint8Array): ClientData {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof value === 'object' && value !== null) return value as ClientData;
  } catch {
    // Answered below.
  }
  throw new WebauthnFormatError('its client data is no JSON object');
}

/**
 * Judges what the browser says of the page that asked.
 * @param type `webauthn.get` or `webauthn.create`
 * @returns what is wrong; null: the page was one of ours and asked for this
 * @throws WebauthnFormatError
 */
export function clientDataFault(
  bytes: Uint8Array,
  type: 'webauthn.get' | 'webauthn.create',
  challenge: Uint8Array,
  { origins }: RelyingParty,
): string | null {
  const data = parseClientData(bytes);
  if (data.type !== type) return `it was not made by ${type}`;
  if (data.challenge !== Buffer.from(challenge).toString('base64url'))
    return 'its challenge is another one';
  if (typeof data.origin !== 'string' || !origins.includes(data.origin))
    return 'it was made on a page of another origin';
  // A page of ours inside of another one's frame shows what that one lets be seen.
  const isFramed = (data.crossOrigin ?? false) !== false || data.topOrigin !== undefined;
  return isFramed ? 'it was made in a frame of another page' : null;
}

export interface AuthenticatorData {
  readonly rpIdHash: Buffer;
  readonly flags: number;
  /** 0 for authenticators that do not count. */
  readonly signCount: number;
  /** What follows: a new credential, extensions. */
  readonly rest: Buffer;
}

/** @throws WebauthnFormatError */
export function parseAuthenticatorData(bytes: Buffer): AuthenticatorData {
  if (bytes.length < FIXED_BYTES)
    throw new WebauthnFormatError('its authenticator data is too short');
  return {
    rpIdHash: bytes.subarray(0, FLAGS_AT),
    flags: bytes.readUInt8(FLAGS_AT),
    signCount: bytes.readUInt32BE(COUNTER_AT),
    rest: bytes.subarray(FIXED_BYTES),
  };
}

/** @returns why the authenticator's word is not enough; null: for this domain, with a person present and verified */
export function authenticatorFault(
  { rpIdHash, flags }: AuthenticatorData,
  { rpId }: RelyingParty,
): string | null {
  if (!rpIdHash.equals(sha256(rpId))) return 'it was made for another domain';
  if ((flags & USER_PRESENT) === 0) return 'nobody was present';
  if ((flags & USER_VERIFIED) === 0)
    return 'the authenticator did not verify the person (PIN, fingerprint, face)';
  if ((flags & BACKED_UP) !== 0 && (flags & BACKUP_ELIGIBLE) === 0)
    return 'its backup flags contradict each other';
  return null;
}

/** Whether the bytes hold a new credential. */
export function hasCredential({ flags }: AuthenticatorData): boolean {
  return (flags & NEW_CREDENTIAL) !== 0;
}

/** Whether extensions follow. */
export function hasExtensions({ flags }: AuthenticatorData): boolean {
  return (flags & EXTENSIONS) !== 0;
}

function layoutFault(data: AuthenticatorData): string | null {
  if (hasCredential(data)) return 'it holds a credential, as an assertion never does';
  return data.rest.length > 0 === hasExtensions(data)
    ? null
    : 'its authenticator data has a wrong length';
}

/**
 * The public key of a passkey: P-256, Ed25519, or RSA of 2,048 bits and more.
 * @param spki DER (RFC 5280, section 4.1.2.7) as base64url
 * @throws WebauthnFormatError for any other key
 */
export function passkeyPublicKey(spki: string): KeyObject {
  const der = strictBase64url(spki, 'the public key');
  const key = importedKey(der);
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const isServed =
    type === 'ed25519' ||
    (type === 'ec' && details?.namedCurve === 'prime256v1') ||
    (type === 'rsa' && (details?.modulusLength ?? 0) >= LEAST_RSA_BITS);
  if (!isServed)
    throw new WebauthnFormatError('the public key is none of P-256, Ed25519 and RSA (2,048 bits)');
  // One key has one form, so that it is found again by its text.
  if (!key.export({ format: 'der', type: 'spki' }).equals(der))
    throw new WebauthnFormatError('the public key is not in its usual form');
  return key;
}

function importedKey(der: Buffer): KeyObject {
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    throw new WebauthnFormatError('the public key is not understood');
  }
}

/** ES256 and RS256 (PKCS #1 v1.5) hash with SHA-256; Ed25519 by itself (RFC 9053). */
function holds(key: KeyObject, data: Uint8Array, signature: Uint8Array): boolean {
  return verify(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', data, key, signature);
}

/** The authenticator's count of uses that an assertion states. @throws WebauthnFormatError */
export function signCountOf({ authenticatorData }: Assertion): number {
  const bytes = strictBase64url(authenticatorData, 'its authenticator data');
  return parseAuthenticatorData(bytes).signCount;
}

/**
 * Judges an assertion; its counter is judged by who knows the one before.
 * @param publicKey as {@link passkeyPublicKey} takes it
 * @returns what is wrong; null: this key signed this challenge on one of these pages, with its person verified
 */
export function assertionFault(
  assertion: Assertion,
  challenge: Uint8Array,
  publicKey: string,
  site: RelyingParty,
): string | null {
  try {
    const clientData = strictBase64url(assertion.clientDataJSON, 'its client data');
    const said = strictBase64url(assertion.authenticatorData, 'its authenticator data');
    const signature = strictBase64url(assertion.signature, 'it');
    const data = parseAuthenticatorData(said);
    const fault =
      clientDataFault(clientData, 'webauthn.get', challenge, site) ??
      authenticatorFault(data, site) ??
      layoutFault(data);
    if (fault) return fault;
    const signed = Buffer.concat([said, sha256(clientData)]);
    return holds(passkeyPublicKey(publicKey), signed, signature)
      ? null
      : 'it does not fit the passkey';
  } catch (error) {
    if (error instanceof WebauthnFormatError) return error.message;
    throw error;
  }
}
