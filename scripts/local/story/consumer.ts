// SPDX-License-Identifier: Apache-2.0
// A consumer that uses a key all the time, in both ways consumers have: through the API, and directly against KMS by
// alias. It decrypts what it just wrote and what it wrote first, and counts every error.

import { randomBytes } from 'node:crypto';
import { DecryptCommand, EncryptCommand, type KMSClient } from '@aws-sdk/client-kms';
import type { Client } from '#client/sdk/index.ts';

/** What consumers bind their ciphertexts to. */
export const CONTEXT = { service: 'orders-api' };

export interface ConsumerReport {
  readonly calls: number;
  readonly errors: readonly string[];
  /** Successful encryptions by version (API) and by KMS key (alias). */
  readonly versions: ReadonlyMap<number, number>;
  readonly keyIds: ReadonlyMap<string, number>;
}

export interface Written {
  readonly plaintext: Buffer;
  readonly ciphertext: string;
}

export class Consumer {
  readonly #api: Client;
  readonly #kms: KMSClient;
  readonly #name: string;
  readonly #alias: string;
  readonly #errors: string[] = [];
  readonly #versions = new Map<number, number>();
  readonly #keyIds = new Map<string, number>();
  #calls = 0;
  #isStopped = false;
  #loops: Promise<void>[] = [];
  /** The first ciphertext of each way: it must open for ever. */
  readonly first: { api?: Written; kms?: Written } = {};

  constructor(api: Client, kms: KMSClient, key: { name: string; alias: string | null }) {
    if (key.alias === null) throw new Error(`${key.name} has no alias to encrypt by`);
    this.#api = api;
    this.#kms = kms;
    this.#name = key.name;
    this.#alias = key.alias;
  }

  start(): void {
    this.#loops = [this.#loop(() => this.#useApi()), this.#loop(() => this.#useKms())];
  }

  async stop(): Promise<ConsumerReport> {
    this.#isStopped = true;
    await Promise.all(this.#loops);
    return this.report();
  }

  report(): ConsumerReport {
    return {
      calls: this.#calls,
      errors: this.#errors,
      versions: this.#versions,
      keyIds: this.#keyIds,
    };
  }

  async #loop(use: () => Promise<void>): Promise<void> {
    while (!this.#isStopped) {
      try {
        await use();
      } catch (error) {
        this.#errors.push(
          error instanceof Error ? `${error.name}: ${error.message}` : String(error),
        );
      }
    }
  }

  async #useApi(): Promise<void> {
    const plaintext = randomBytes(32);
    this.#calls += 1;
    const { body } = await this.#api.encrypt(this.#name, {
      plaintext: plaintext.toString('base64'),
      context: CONTEXT,
    });
    count(this.#versions, body.version);
    const written = { plaintext, ciphertext: body.ciphertext };
    this.first.api ??= written;
    await this.readByApi(written);
    await this.readByApi(this.first.api);
  }

  async #useKms(): Promise<void> {
    const plaintext = randomBytes(32);
    this.#calls += 1;
    const command = { KeyId: this.#alias, Plaintext: plaintext, EncryptionContext: CONTEXT };
    const made = await this.#kms.send(new EncryptCommand(command));
    count(this.#keyIds, (made.KeyId ?? '').split('/').at(-1) ?? '');
    const written = {
      plaintext,
      ciphertext: Buffer.from(made.CiphertextBlob ?? []).toString('base64'),
    };
    this.first.kms ??= written;
    await this.readByKms(written);
    await this.readByKms(this.first.kms);
  }

  /** Decrypts through the API and compares. @throws when it is not what was written */
  async readByApi(written: Written): Promise<void> {
    this.#calls += 1;
    const { body } = await this.#api.decrypt(this.#name, {
      ciphertext: written.ciphertext,
      context: CONTEXT,
    });
    compare(Buffer.from(body.plaintext, 'base64'), written.plaintext);
  }

  /** Decrypts at KMS without naming a key, as the alias contract says, and compares. */
  async readByKms(written: Written): Promise<void> {
    this.#calls += 1;
    const CiphertextBlob = Buffer.from(written.ciphertext, 'base64');
    const opened = await this.#kms.send(
      new DecryptCommand({ CiphertextBlob, EncryptionContext: CONTEXT }),
    );
    compare(Buffer.from(opened.Plaintext ?? []), written.plaintext);
  }
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function compare(actual: Buffer, expected: Buffer): void {
  if (!actual.equals(expected)) throw new Error('decrypted to something else than was encrypted');
}
