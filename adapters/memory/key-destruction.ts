// SPDX-License-Identifier: Apache-2.0
// KMS as a destruction sees it: states of keys, with the refusals of each, and the end of the window by the clock.
import { KeyturnError } from '#core/errors.ts';
import type {
  CertificateSigner,
  KeyRetirer,
  KeyReviver,
  VaultKeyState,
} from '#core/ports/key-destruction.ts';
import type { Clock } from '#core/ports/platform.ts';

interface Held {
  readonly state: VaultKeyState;
  readonly deletionAt: string | null;
}

export class MemoryKeyStates implements KeyRetirer, KeyReviver, CertificateSigner {
  readonly #keys = new Map<string, Held>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async stateOf(keyId: string): Promise<Held> {
    const held = this.#keys.get(keyId) ?? { state: 'enabled', deletionAt: null };
    if (held.deletionAt !== null && held.deletionAt <= this.#clock.now())
      return { state: 'gone', deletionAt: null };
    return held;
  }

  async disable(keyId: string): Promise<void> {
    await this.#requireNotPending(keyId);
    this.#keys.set(keyId, { state: 'disabled', deletionAt: null });
  }

  async schedule(keyId: string, days: number): Promise<void> {
    const { state } = await this.stateOf(keyId);
    if (state === 'gone') throw new KeyturnError('KeyNotFound', 'no such key');
    if (state === 'pending-deletion') return;
    const deletionAt = new Date(Date.parse(this.#clock.now()) + days * 86_400_000).toISOString();
    this.#keys.set(keyId, { state: 'pending-deletion', deletionAt });
  }

  async cancelDeletion(keyId: string): Promise<void> {
    const { state } = await this.stateOf(keyId);
    if (state !== 'pending-deletion')
      throw new KeyturnError('KeyStoreUnavailable', 'the key is not pending deletion');
    this.#keys.set(keyId, { state: 'disabled', deletionAt: null });
  }

  async enable(keyId: string): Promise<void> {
    await this.#requireNotPending(keyId);
    this.#keys.set(keyId, { state: 'enabled', deletionAt: null });
  }

  async signCertificate(text: string): Promise<string> {
    return `e30.${Buffer.from(text).toString('base64url')}.c2ln`;
  }

  async #requireNotPending(keyId: string): Promise<void> {
    const { state } = await this.stateOf(keyId);
    if (state === 'pending-deletion' || state === 'gone')
      throw new KeyturnError('KeyNotUsable', `the key is ${state}`);
  }
}
