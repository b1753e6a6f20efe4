// SPDX-License-Identifier: Apache-2.0
// Sessions of one token. A session runs one operation at a time, and a failed operation may leave it
// active (CKR_OPERATION_ACTIVE), so a session that saw an error is closed instead of used again.
import pkcs11, { type Handle, type PKCS11 } from 'pkcs11js';
import { guarded, toFailure } from './errors.ts';

const MAXIMUM_IDLE = 16;

/** Lends sessions of one slot; never the same one twice at a time. */
export class SessionPool {
  readonly #library: PKCS11;
  #slot: Handle;
  readonly #idle: Handle[] = [];

  constructor(library: PKCS11, slot: Handle) {
    this.#library = library;
    this.#slot = slot;
  }

  /** Forgets all sessions, which died with the module's library, and lends those of this slot. */
  reset(slot: Handle): void {
    this.#slot = slot;
    this.#idle.length = 0;
  }

  /** Opens a read-write session that the caller closes. */
  open(): Handle {
    const flags = pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION;
    return guarded('C_OpenSession', () => this.#library.C_OpenSession(this.#slot, flags));
  }

  /** Runs a synchronous operation. @throws Pkcs11Failure */
  run<Result>(method: string, operation: (session: Handle) => Result): Result {
    const session = this.#idle.pop() ?? this.open();
    try {
      const result = operation(session);
      this.#release(session);
      return result;
    } catch (error) {
      this.#discard(session);
      throw toFailure(method, error);
    }
  }

  /** Runs an operation on the addon's worker threads. @throws Pkcs11Failure */
  async runAsync<Result>(
    method: string,
    operation: (session: Handle) => Promise<Result>,
  ): Promise<Result> {
    const session = this.#idle.pop() ?? this.open();
    try {
      const result = await operation(session);
      this.#release(session);
      return result;
    } catch (error) {
      this.#discard(session);
      throw toFailure(method, error);
    }
  }

  #release(session: Handle): void {
    if (this.#idle.length < MAXIMUM_IDLE) this.#idle.push(session);
    else this.#discard(session);
  }

  #discard(session: Handle): void {
    try {
      this.#library.C_CloseSession(session);
    } catch {
      // The session died with its token: there is nothing left to close.
    }
  }
}
