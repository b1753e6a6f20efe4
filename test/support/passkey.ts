// SPDX-License-Identifier: Apache-2.0
// A software authenticator, written from the standard and not with the service's code: keys, counters, and bytes as a
// browser answers them (Web Authentication Level 3, sections 5.8.1, 6.1 and 6.5).
import {
  createHash,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign as signWith,
} from 'node:crypto';
import type { PasskeyRecord } from '#core/ports/passkeys.ts';

const sha256 = (data: Uint8Array | string) => createHash('sha256').update(data).digest();
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');

export type PasskeyAlgorithm = 'ES256' | 'EdDSA' | 'RS256';

function newKeys(algorithm: PasskeyAlgorithm) {
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519');
  if (algorithm === 'RS256') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

/** What a page asks for, with what a bad authenticator or page would change. */
export interface Asked {
  readonly challenge: Uint8Array;
  readonly rpId?: string;
  readonly origin?: string;
  readonly type?: string;
  readonly flags?: number;
  readonly crossOrigin?: boolean;
  readonly more?: Readonly<Record<string, unknown>>;
  /** Behind the counter. */
  readonly tail?: Uint8Array;
  readonly signCount?: number;
}

export const RP_ID = 'keyturn.example';
export const ORIGIN = 'https://keyturn.example';
export const SITE = { rpId: RP_ID, origins: [ORIGIN] };

const PRESENT_AND_VERIFIED = 0x05;

const byteString = (bytes: Uint8Array) =>
  bytes.length < 256
    ? Buffer.concat([Buffer.from([0x58, bytes.length]), bytes])
    : Buffer.concat([Buffer.from([0x59, bytes.length >> 8, bytes.length & 0xff]), bytes]);

/** A key of one authenticator. */
export class SoftwarePasskey {
  readonly algorithm: PasskeyAlgorithm;
  readonly credentialId = text(randomBytes(32));
  readonly publicKey: string;
  signCount = 0;
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;

  constructor(algorithm: PasskeyAlgorithm = 'ES256') {
    this.algorithm = algorithm;
    const { privateKey, publicKey } = newKeys(algorithm);
    this.#privateKey = privateKey;
    this.#publicKey = publicKey;
    this.publicKey = text(publicKey.export({ format: 'der', type: 'spki' }));
  }

  /** Uses it once: `navigator.credentials.get`. */
  get({ type = 'webauthn.get', signCount, ...asked }: Asked) {
    this.signCount = signCount ?? this.signCount + 1;
    const clientData = this.#clientData({ type, ...asked });
    const data = this.#authenticatorData(asked);
    const signed = Buffer.concat([data, sha256(clientData)]);
    const hash = this.algorithm === 'EdDSA' ? null : 'sha256';
    return {
      kind: 'webauthn' as const,
      credentialId: this.credentialId,
      authenticatorData: text(data),
      clientDataJSON: text(clientData),
      signature: text(signWith(hash, signed, this.#privateKey)),
    };
  }

  /** Is made for a page: `navigator.credentials.create`. */
  create({ type = 'webauthn.create', flags = 0x45, tail = new Uint8Array(), ...asked }: Asked) {
    const id = Buffer.from(this.credentialId, 'base64url');
    const length = Buffer.from([id.length >> 8, id.length & 0xff]);
    const made = Buffer.concat([Buffer.alloc(16, 7), length, id, this.coseKey(), tail]);
    return {
      label: 'blue key',
      credentialId: this.credentialId,
      authenticatorData: text(this.#authenticatorData({ ...asked, flags, tail: made })),
      clientDataJSON: text(this.#clientData({ type, ...asked })),
      publicKey: this.publicKey,
      transports: ['usb'],
    };
  }

  #clientData({ type, challenge, origin = ORIGIN, crossOrigin = false, more = {} }: Asked) {
    const data = { type, challenge: text(challenge), origin, crossOrigin, ...more };
    return Buffer.from(JSON.stringify(data));
  }

  #authenticatorData({
    rpId = RP_ID,
    flags = PRESENT_AND_VERIFIED,
    tail = new Uint8Array(),
  }: Omit<Asked, 'challenge'>) {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.signCount);
    return Buffer.concat([sha256(rpId), Buffer.from([flags]), counter, tail]);
  }

  /** As COSE has it (RFC 9052, 9053), in CTAP2's canonical CBOR. */
  coseKey(): Buffer {
    const { x = '', y = '', n = '', e = '' } = this.#publicKey.export({ format: 'jwk' });
    const bytes = (value: string) => Buffer.from(value, 'base64url');
    if (this.algorithm === 'EdDSA')
      return Buffer.concat([Buffer.from('a401010327200621', 'hex'), byteString(bytes(x))]);
    if (this.algorithm === 'RS256')
      return Buffer.concat([
        Buffer.from('a401030339010020', 'hex'),
        byteString(bytes(n)),
        Buffer.from([0x21, 0x40 + bytes(e).length]),
        bytes(e),
      ]);
    return Buffer.concat([
      Buffer.from('a5010203262001', 'hex'),
      Buffer.from([0x21]),
      byteString(bytes(x)),
      Buffer.from([0x22]),
      byteString(bytes(y)),
    ]);
  }
}

/** A passkey that was let in. */
export function aPasskey(
  key: SoftwarePasskey,
  user: string,
  patch: Partial<PasskeyRecord> = {},
): PasskeyRecord {
  return {
    id: 'pky_00000000000000000000000001',
    sub: `usr_${user}`,
    user,
    label: 'a key of a test',
    credentialId: key.credentialId,
    publicKey: key.publicKey,
    rpId: RP_ID,
    signCount: 0,
    transports: ['usb'],
    approvalId: 'apr_00000000000000000000000001',
    enrolledAt: '2026-03-01T10:00:00.000Z',
    lastUsedAt: null,
    removedAt: null,
    removedBy: null,
    ...patch,
  };
}
