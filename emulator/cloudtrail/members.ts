// SPDX-License-Identifier: Apache-2.0
// What of a request or an answer a CloudTrail event shows: names begin in lower case, and nothing that is a
// secret, plaintext, ciphertext or key material. Blobs of requests are never shown, whatever they are called.

const HIDDEN: ReadonlySet<string> = new Set([
  'AttestationDocument',
  'Ciphertext',
  'CiphertextBlob',
  'CiphertextForRecipient',
  'EncryptedKeyMaterial',
  'GrantToken',
  'GrantTokens',
  'ImportToken',
  'KeyStorePassword',
  'Mac',
  'Message',
  'Password',
  'Plaintext',
  'PrivateKeyCiphertextBlob',
  'PrivateKeyPlaintext',
  'PublicKey',
  'Recipient',
  'SharedSecret',
  'Signature',
  'SignedCert',
  'TrustAnchor',
  'TrustAnchorCertificate',
  'XksProxyAuthenticationCredential',
]);

/** Members as an event shows them. */
export type Shown = Readonly<Record<string, unknown>>;

/** Instants, which requests and answers have in seconds since 1970. */
const DATES: ReadonlySet<string> = new Set([
  'CopyTimestamp',
  'CreateTimestamp',
  'CreationDate',
  'DeleteTimestamp',
  'DeletionDate',
  'ValidTo',
]);

const DATE = new Intl.DateTimeFormat('en-US', {
  dateStyle: 'medium',
  timeStyle: 'medium',
  timeZone: 'UTC',
});

/** As Java writes it: `Apr 12, 2021, 6:58:30 PM`. */
function shownDate(seconds: number): string {
  return DATE.format(new Date(seconds * 1000)).replaceAll('\u202f', ' ');
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function isBytes(value: unknown): boolean {
  return value instanceof Uint8Array;
}

function shownMember(name: string, value: unknown): unknown {
  return typeof value === 'number' && DATES.has(name) ? shownDate(value) : shownValue(value);
}

function shownValue(value: unknown): unknown {
  // Encryption contexts and their like: names are the caller's and stay as they are.
  if (value instanceof Map) return Object.fromEntries(value);
  if (Array.isArray(value)) return value.filter((item) => !isBytes(item)).map(shownValue);
  if (typeof value === 'object' && value !== null) return shownMembers(value);
  return value;
}

/** The members that may be seen. */
export function shownMembers(members: object): Shown {
  return Object.fromEntries(
    Object.entries(members)
      .filter(([name, value]) => value !== undefined && !HIDDEN.has(name) && !isBytes(value))
      .map(([name, value]) => [lowerFirst(name), shownMember(name, value)]),
  );
}
