// SPDX-License-Identifier: Apache-2.0
// What was written in a history, and who has to be able to read it.
import { isError } from '#core/errors.ts';
import { decrypt, encrypt } from '#core/operations/use-key.ts';
import { CONSUMER, type World } from '#test/support/world.ts';

interface Written {
  readonly name: string;
  readonly plaintext: Buffer;
  readonly ciphertext: Uint8Array;
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
    const key = await this.#world.store.readKeyRecord(name);
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
      const key = await store.readKeyRecord(name);
      const reads = [
        () => vault.cryptoFor(CONSUMER).decrypt(ciphertext, {}),
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
