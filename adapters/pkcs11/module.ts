// SPDX-License-Identifier: Apache-2.0
// One loaded PKCS#11 module and its tokens. A process holds a module at most once: C_Initialize is
// process-wide, and SoftHSM reads SOFTHSM2_CONF only then.
import pkcs11 from 'pkcs11js';
import { guarded } from './errors.ts';
import { Token } from './token.ts';

/** Where the module is, and for SoftHSM its configuration file. */
export interface ModuleOptions {
  readonly modulePath: string;
  readonly softHsmConfigPath?: string;
}

/** Labels and PINs of a token to be made. PINs are 4 to 255 characters. */
export interface NewToken {
  readonly label: string;
  readonly securityOfficerPin: string;
  readonly userPin: string;
}

const LABEL_BYTES = 32;
const loaded = new Set<string>();

/** A PKCS#11 module, initialised until {@link Pkcs11Module.close}. */
export class Pkcs11Module {
  readonly #library = new pkcs11.PKCS11();
  readonly #path: string;
  readonly #tokens = new Map<string, Token>();

  /** @throws Error when this process already holds the module. @throws Pkcs11Failure when loading fails. */
  constructor(options: ModuleOptions) {
    if (loaded.has(options.modulePath)) {
      throw new Error(`this process already holds ${options.modulePath}; close it first`);
    }
    this.#path = options.modulePath;
    if (options.softHsmConfigPath !== undefined) {
      process.env['SOFTHSM2_CONF'] = options.softHsmConfigPath;
    }
    guarded('load', () => this.#library.load(options.modulePath));
    guarded('C_Initialize', () => this.#library.C_Initialize({ flags: pkcs11.CKF_OS_LOCKING_OK }));
    loaded.add(options.modulePath);
  }

  /** Labels of the initialised tokens. */
  tokenLabels(): string[] {
    return this.#slots()
      .filter(({ initialised }) => initialised)
      .map(({ label }) => label);
  }

  /** Initialises a free slot as a token. The label is at most 32 bytes. */
  initialiseToken(token: NewToken): void {
    const free = this.#slots().find(({ initialised }) => !initialised);
    if (free === undefined) throw new Error('the PKCS#11 module offers no free slot');
    // PKCS#11 §5.5 wants the label blank-padded; the addon would pad it with zero bytes.
    const label = token.label.padEnd(LABEL_BYTES, ' ');
    guarded('C_InitToken', () =>
      this.#library.C_InitToken(free.slot, token.securityOfficerPin, label),
    );
    const flags = pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION;
    const session = guarded('C_OpenSession', () => this.#library.C_OpenSession(free.slot, flags));
    try {
      guarded('C_Login', () =>
        this.#library.C_Login(session, pkcs11.CKU_SO, token.securityOfficerPin),
      );
      guarded('C_InitPIN', () => this.#library.C_InitPIN(session, token.userPin));
      this.#library.C_Logout(session);
    } finally {
      this.#library.C_CloseSession(session);
    }
  }

  /** Opens a token by label and logs the user in; the same token is answered as long as it is open. */
  openToken(label: string, userPin: string): Token {
    const open = this.#tokens.get(label);
    if (open !== undefined) return open;
    const found = this.#slots().find((slot) => slot.initialised && slot.label === label);
    if (found === undefined) throw new Error(`no token labelled ${label}`);
    const token = new Token(this.#library, found.slot, userPin);
    this.#tokens.set(label, token);
    return token;
  }

  /** The serial number of a token, which is the end of the name of its directory in SoftHSM. */
  serialNumber(label: string): string | undefined {
    return this.#slots().find((slot) => slot.initialised && slot.label === label)?.serial;
  }

  /**
   * Reads the token folder again: SoftHSM looks at it in C_Initialize only, so that a token put there by a
   * restore is found. Open tokens log in again and stay the same objects; every object handle is void, session
   * objects are gone. Nothing may be running. Tokens whose folder went away are forgotten.
   */
  reload(): void {
    guarded('C_Finalize', () => this.#library.C_Finalize());
    guarded('C_Initialize', () => this.#library.C_Initialize({ flags: pkcs11.CKF_OS_LOCKING_OK }));
    const slots = this.#slots();
    for (const [label, token] of this.#tokens) {
      const found = slots.find((slot) => slot.initialised && slot.label === label);
      if (found === undefined) this.#tokens.delete(label);
      else token.reattach(found.slot);
    }
  }

  /** Closes every token and gives the module back to the process. */
  close(): void {
    for (const token of this.#tokens.values()) token.close();
    this.#tokens.clear();
    loaded.delete(this.#path);
    guarded('C_Finalize', () => this.#library.C_Finalize());
    this.#library.close();
  }

  #slots() {
    return this.#library.C_GetSlotList(true).map((slot) => {
      const info = this.#library.C_GetTokenInfo(slot);
      return {
        slot,
        label: info.label.replace(/[ \0]+$/, ''),
        serial: info.serialNumber.trim(),
        initialised: (info.flags & pkcs11.CKF_TOKEN_INITIALIZED) !== 0,
      };
    });
  }
}
