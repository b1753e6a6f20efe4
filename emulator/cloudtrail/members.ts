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

type Shown = Readonly<Record<string, unknown>>;

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function isBytes(value: unknown): boolean {
  return value instanceof Uint8Array;
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
      .map(([name, value]) => [lowerFirst(name), shownValue(value)]),
  );
}
