// SPDX-License-Identifier: Apache-2.0
// What was written in a history, and who has to be able to read it.
import { MemoryKeyMaterial } from '#adapters/memory/key-material.ts';
import { isError } from '#core/errors.ts';
import { headerOf } from '#core/keys/envelope.ts';
import { decrypt, encrypt } from '#core/operations/use-key.ts';
import type { KeySnapshot } from '#core/ports/ledger.ts';
import { CONSUMER, type World } from '#test/support/world.ts';

interface Written {
  readonly name: string;
  readonly plaintext: Buffer;
  readonly ciphertext: Uint8Array;
}

/** Its keys are, or become, those of who uses them: Keyturn's own roles have no part in them any more. */
function isLetGo(snapshot: KeySnapshot | null): boolean {
  return !!snapshot && (!!snapshot.key.releasedAt || snapshot.operation?.isRelease === true);
}

/** What nobody counted goes with its version, and is there again once KMS has given that back for sure. */
function isLeaving(snapshot: KeySnapshot | null, ciphertext: Uint8Array): boolean {
  if (!snapshot) return false;
  const isData = snapshot.key.tier === 'data';
  const keyId = isData ? null : MemoryKeyMaterial.keyIdOf(ciphertext);
  const number = isData ? headerOf(ciphertext).version : null;
  return snapshot.versions.some(
    ({ version, destruction, ...one }) =>
      (isData ? version === number : one.keyId === keyId) &&
      destruction !== undefined &&
      (destruction.phase !== 'stopped' || destruction.dueAt !== null),
  );
}

export class Writings {
  readonly #world: World;
  readonly #report: (violation: string) => void;
  readonly #aliasesOf: (name: string) => readonly string[];
  readonly #written: Written[] = [];

  constructor(
    world: World,
    report: (violation: string) => void,
    aliasesOf: (name: string) => readonly string[],
  ) {
    this.#world = world;
    this.#report = report;
    this.#aliasesOf = aliasesOf;
  }

  /** A consumer that encrypts by the alias, and one that comes by the API; then everything written is read. */
  async encrypt(name: string): Promise<void> {
    const { vault } = this.#world;
    const snapshot = await this.#world.store.readKey(name);
    const key = isLetGo(snapshot) ? null : snapshot?.key;
    const targets = await Promise.all(this.#aliasesOf(name).map((one) => vault.aliasTarget(one)));
    const plaintext = Buffer.from(`${name} ${this.#written.length}`);
    const writes = [
      ...targets.flatMap((target) =>
        target ? [() => vault.cryptoFor(CONSUMER).encrypt(target, plaintext, {})] : [],
      ),
      ...(key?.state === 'active'
        ? [async () => (await encrypt(this.#api(), key, plaintext, {})).ciphertext]
        : []),
    ];
    for (const write of writes) {
      try {
        this.#written.push({ name, plaintext, ciphertext: await write() });
      } catch (error) {
        // The store is away, or this reader does not see the key yet.
        if (!isError(error, 'KeyStoreUnavailable', 'KeyNotYetVisible'))
          this.#report(`I1 ${name} does not encrypt: ${error}`);
      }
    }
    await this.readBack();
  }

  #api() {
    const { vault, store: ledger, random } = this.#world;
    return { ledger, crypto: vault.cryptoFor('use-key'), random };
  }

  /** I2: whatever was ever written opens, without naming its key and by the API. */
  async readBack(): Promise<void> {
    const { vault, store } = this.#world;
    for (const { name, plaintext, ciphertext } of this.#written) {
      const snapshot = await store.readKey(name);
      if (isLeaving(snapshot, ciphertext)) continue;
      const key = isLetGo(snapshot) ? null : snapshot?.key;
      const reads = [
        ...(snapshot?.key.tier === 'data'
          ? []
          : [() => vault.cryptoFor(CONSUMER).decrypt(ciphertext, {})]),
        ...(key && key.state !== 'pre-activation'
          ? [() => decrypt(this.#api(), key, ciphertext, {})]
          : []),
      ];
      for (const read of reads) {
        try {
          const opened = await read();
          if (!plaintext.equals(opened.plaintext)) this.#report(`I2 ${name} gave another text`);
        } catch (error) {
          if (!isError(error, 'KeyStoreUnavailable'))
            this.#report(`I2 "${plaintext}" is unreadable: ${error}`);
        }
      }
    }
  }

  /** I11: what is registered holds at the vault: an active consumer opens what was written under its key. */
  async checkConsumers(): Promise<void> {
    for (const { name, plaintext, ciphertext } of this.#written) {
      const snapshot = await this.#world.store.readKey(name);
      if (snapshot?.key.tier === 'data' || isLeaving(snapshot, ciphertext)) continue;
      for (const consumer of snapshot?.consumers ?? []) {
        const principal = `arn:${consumer.principal.slice(4)}` as const;
        const opened = await this.#world.vault
          .cryptoFor(principal)
          .decrypt(ciphertext, {})
          .catch((error: unknown) => error);
        if (opened instanceof Error)
          this.#report(`I11 ${consumer.name} does not open "${plaintext}": ${opened}`);
      }
    }
  }
}
