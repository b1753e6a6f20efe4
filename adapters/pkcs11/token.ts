// SPDX-License-Identifier: Apache-2.0
// One token with its user logged in: makes, finds, describes and destroys key objects.
// Session objects belong to a holding session that runs no cryptography, so they live until destroyed.
import pkcs11, { type Handle, type PKCS11, type Template } from 'pkcs11js';
import { guarded } from './errors.ts';
import { SessionPool } from './sessions.ts';
import { aesKeyTemplate, hmacKeyTemplate, type KeyPlacement, type KeyUse } from './templates.ts';

/** A key object of an open token. */
export type KeyHandle = Handle;

/** What an object says about itself; there is no attribute for key bytes here. */
export interface KeyObject {
  readonly handle: KeyHandle;
  readonly label: string;
  readonly id: Buffer;
  readonly sensitive: boolean;
  readonly extractable: boolean;
  readonly neverExtractable: boolean;
}

/** An open token. Every method may throw `Pkcs11Failure`. */
export class Token {
  readonly library: PKCS11;
  readonly sessions: SessionPool;
  readonly #userPin: string;
  #holder: Handle;

  constructor(library: PKCS11, slot: Handle, userPin: string) {
    this.library = library;
    this.sessions = new SessionPool(library, slot);
    this.#userPin = userPin;
    this.#holder = this.#logIn();
  }

  /** Owner of the session objects; also keeps the user logged in. */
  get holder(): Handle {
    return this.#holder;
  }

  /** Logs in again after the module was reloaded. Every handle given before is void. */
  reattach(slot: Handle): void {
    this.sessions.reset(slot);
    this.#holder = this.#logIn();
  }

  /** Random bytes from the HSM's generator. */
  random(sizeBytes: number): Buffer {
    return this.sessions.run('C_GenerateRandom', (session) =>
      this.library.C_GenerateRandom(session, Buffer.alloc(sizeBytes)),
    );
  }

  /** Makes an AES-256 key on the token, off the event loop: writing it to disk takes about 10 ms. */
  generateTokenKey(placement: Omit<KeyPlacement, 'onToken' | 'extractable'>, use: KeyUse) {
    const template = aesKeyTemplate({ ...placement, onToken: true, extractable: false }, use);
    const mechanism = { mechanism: pkcs11.CKM_AES_KEY_GEN };
    return this.sessions.runAsync('C_GenerateKey', (session) =>
      this.library.C_GenerateKeyAsync(session, mechanism, template),
    );
  }

  /** Makes an AES-256 session key that may be wrapped; destroy it once it is. */
  generateWrappableKey(placement: Pick<KeyPlacement, 'label' | 'id'>): KeyHandle {
    const template = aesKeyTemplate({ ...placement, onToken: false, extractable: true }, 'encrypt');
    const mechanism = { mechanism: pkcs11.CKM_AES_KEY_GEN };
    return guarded('C_GenerateKey', () =>
      this.library.C_GenerateKey(this.holder, mechanism, template),
    );
  }

  /** Makes an HMAC session key that may be wrapped; destroy it once it is. */
  generateWrappableHmacKey(placement: Pick<KeyPlacement, 'label' | 'id'>, sizeBytes: number) {
    const place = { ...placement, onToken: false, extractable: true };
    const mechanism = { mechanism: pkcs11.CKM_GENERIC_SECRET_KEY_GEN };
    return guarded('C_GenerateKey', () =>
      this.library.C_GenerateKey(this.holder, mechanism, hmacKeyTemplate(place, sizeBytes)),
    );
  }

  /** Secret key objects on the token, all or with this CKA_ID. Linear in the token's size: cache handles. */
  findSecretKeys(id?: Buffer): KeyHandle[] {
    return this.#find(pkcs11.CKO_SECRET_KEY, id);
  }

  /** Private key objects on the token with this CKA_ID. */
  findPrivateKeys(id: Buffer): KeyHandle[] {
    return this.#find(pkcs11.CKO_PRIVATE_KEY, id);
  }

  #find(objectClass: number, id?: Buffer): KeyHandle[] {
    const template: Template = [
      { type: pkcs11.CKA_CLASS, value: objectClass },
      { type: pkcs11.CKA_TOKEN, value: true },
    ];
    if (id !== undefined) template.push({ type: pkcs11.CKA_ID, value: id });
    return this.sessions.run('C_FindObjects', (session) => {
      this.library.C_FindObjectsInit(session, template);
      const found: KeyHandle[] = [];
      for (;;) {
        const page = this.library.C_FindObjects(session, 100);
        found.push(...page);
        if (page.length < 100) break;
      }
      this.library.C_FindObjectsFinal(session);
      return found;
    });
  }

  /** Name and protection of an object. */
  describe(handle: KeyHandle): KeyObject {
    const flag = (type: number) => this.#bytes(handle, type)[0] === 1;
    return {
      handle,
      label: this.#bytes(handle, pkcs11.CKA_LABEL).toString('utf8'),
      id: this.idOf(handle),
      sensitive: flag(pkcs11.CKA_SENSITIVE),
      extractable: flag(pkcs11.CKA_EXTRACTABLE),
      neverExtractable: flag(pkcs11.CKA_NEVER_EXTRACTABLE),
    };
  }

  /** CKA_ID of an object. */
  idOf(handle: KeyHandle): Buffer {
    return this.#bytes(handle, pkcs11.CKA_ID);
  }

  /**
   * A session object of the same key, as protected as the original, which the session ends with. Using it is
   * quicker: before each use of a token object SoftHSM looks whether its file changed.
   */
  copyToSession(handle: KeyHandle): KeyHandle {
    return guarded('C_CopyObject', () =>
      this.library.C_CopyObject(this.holder, handle, [{ type: pkcs11.CKA_TOKEN, value: false }]),
    );
  }

  /** Reads the key bytes, which the token must refuse with `CKR_ATTRIBUTE_SENSITIVE`; for proofs only. */
  attemptExtraction(handle: KeyHandle): Buffer {
    return this.#bytes(handle, pkcs11.CKA_VALUE);
  }

  /** Bytes of an attribute that the token does not protect. */
  bytesOf(handle: KeyHandle, type: number): Buffer {
    return this.#bytes(handle, type);
  }

  /** Removes an object for good. */
  destroy(handle: KeyHandle): void {
    guarded('C_DestroyObject', () => this.library.C_DestroyObject(this.holder, handle));
  }

  /** Logs out by closing the holding session; the module closes the rest. */
  close(): void {
    guarded('C_CloseSession', () => this.library.C_CloseSession(this.holder));
  }

  #logIn(): Handle {
    const session = this.sessions.open();
    guarded('C_Login', () => this.library.C_Login(session, pkcs11.CKU_USER, this.#userPin));
    return session;
  }

  #bytes(handle: KeyHandle, type: number): Buffer {
    return this.sessions.run('C_GetAttributeValue', (session) => {
      const [attribute] = this.library.C_GetAttributeValue(session, handle, [{ type }]);
      const value = attribute?.value;
      if (!Buffer.isBuffer(value)) throw new Error(`attribute ${type} has no bytes`);
      return value;
    });
  }
}
