// SPDX-License-Identifier: Apache-2.0
// The calls that an envelope client makes, answered by the real use cases over a world in memory, with a status list that
// is really signed.
import { generateKeyPairSync, sign } from 'node:crypto';
import type { EnvelopeOptions } from '#client/sdk/envelope/index.ts';
import type { StatusList, StatusListPayload } from '#core/contract/status-list.ts';
import { decrypt, encrypt } from '#core/operations/use-key.ts';
import type { World } from './world.ts';

export type StatusEntry = StatusListPayload['entries'][number];

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const bytes = (text: string) => Buffer.from(text, 'base64');
/** An answer as the SDK gives it. */
const answer = <T>(body: T) => ({ status: 200, body, etag: null, requestId: null, location: null });

interface Use {
  readonly plaintext: string;
  readonly ciphertext: string;
  readonly context?: Record<string, string>;
}

/** One data plane, with what a test changes of it. */
export class DataPlane {
  readonly calls = { encrypt: 0, decrypt: 0, list: 0 };
  entries: StatusEntry[] = [];
  isListDown = false;
  /** A list that is answered instead of a fresh one. */
  replayed: StatusList | null = null;
  /** What every call fails with; null: they are answered. */
  failure: Error | null = null;
  readonly #world: World;
  readonly #now: () => number;

  constructor(world: World, now: () => number) {
    this.#world = world;
    this.#now = now;
  }

  /** The list as it is published now. */
  list(): StatusList {
    const iat = Math.floor(this.#now() / 1000);
    const head = base64url({ alg: 'ES256', kid: 'one', typ: 'keyturn-status-list' });
    const type = 'keyturn-status-list/1';
    const { entries } = this;
    const payload = base64url({ type, stage: 'local', iat, exp: iat + 300, entries });
    const key = { key: pair.privateKey, dsaEncoding: 'ieee-p1363' as const };
    const signature = sign('sha256', Buffer.from(`${head}.${payload}`), key).toString('base64url');
    return { payload, protected: head, signature };
  }

  get client(): EnvelopeOptions['client'] {
    const { vault, store, random } = this.#world;
    const plane = { ledger: store, crypto: vault.cryptoFor('use-key'), random };
    return {
      encrypt: async (name: string, { plaintext, context = {} }: Use) => {
        const key = await this.#key('encrypt', name);
        const { ciphertext, version } = await encrypt(plane, key, bytes(plaintext), context);
        return answer({ ciphertext: Buffer.from(ciphertext).toString('base64'), version });
      },
      decrypt: async (name: string, { ciphertext, context = {} }: Use) => {
        const key = await this.#key('decrypt', name);
        const { plaintext, version } = await decrypt(plane, key, bytes(ciphertext), context);
        return answer({ plaintext: Buffer.from(plaintext).toString('base64'), version });
      },
      getStatusList: async () => {
        this.calls.list += 1;
        if (this.isListDown || this.failure) throw this.failure ?? new Error('out of reach');
        return answer(this.replayed ?? this.list());
      },
      getNoticeKeys: async () =>
        answer({ keys: [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'one' }] }),
    } as unknown as EnvelopeOptions['client'];
  }

  #key(call: 'encrypt' | 'decrypt', name: string) {
    this.calls[call] += 1;
    if (this.failure) throw this.failure;
    return this.#world.key(name);
  }
}
