// SPDX-License-Identifier: Apache-2.0
// Envelope encryption for applications: the AWS Encryption SDK's message format, data keys wrapped by a managed key, and
// a cache of them that is bounded by age, messages and bytes and obeys revocation (requirement D3). What a cache holds
// is the one thing that a stopped key leaves behind, so it is kept only while a list that holds says that nothing
// of the key is stopped or being stopped.
import {
  AlgorithmSuiteIdentifier,
  buildClient,
  CommitmentPolicy,
  NodeCachingMaterialsManager,
} from '@aws-crypto/client-node';
import type { StatusListPayload } from '#core/contract/status-list.ts';
import { ArgumentError } from '../errors.ts';
import { StatusWatch } from '../status-watch.ts';
import { KeyturnKeyring } from './keyring.ts';
import { purgeableCache } from './purgeable-cache.ts';
import { checkSites, type EnvelopeSite, SiteCalls } from './sites.ts';

/** Longest that a data key may be kept, in seconds: what approvers are told that caches may do (threat T13). */
export const MAX_AGE_SECONDS = 300;
/** As long as the client itself waits for an answer. */
const MOST_PATIENCE_SECONDS = 30;
/** Key commitment without a signature: who can decrypt a message of a shared key could have made it anyway. */
const SUITE = AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY;
/** Messages under one data key: far below the 2^32 that AES-GCM with random parts bears (NIST SP 800-38D §8.3). */
const MOST_MESSAGES = 2 ** 32 - 1;

export interface CacheLimits {
  /** 1 to 300 seconds; default 300. */
  readonly maxAgeSeconds?: number;
  /** Messages encrypted under one data key; default 1,000. */
  readonly maxMessages?: number;
  /** Bytes encrypted under one data key; default 64 MiB. */
  readonly maxBytes?: number;
  /** Data keys kept at once; default 100. */
  readonly entries?: number;
}

export interface EnvelopeOptions extends EnvelopeSite {
  /** Where each data key is wrapped too, and asked to unwrap it when those before are out of reach. */
  readonly others?: readonly EnvelopeSite[];
  /** How long a site is waited for while another can be asked; default 5, at most 30 seconds. */
  readonly patienceSeconds?: number;
  readonly cache?: CacheLimits;
  /** How old the list of stopped keys may be when a cached data key is used; default 10, at most 300 seconds. */
  readonly statusSeconds?: number;
  /**
   * Told each time that the list of a site cannot be had, or not be believed. What holds at that moment goes on; once no
   * list holds every message is a call to the data plane, which is safe, slow, and else unseen.
   */
  readonly onListFailure?: (why: Error) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** The list of stopped keys has the key: nothing was asked, and nothing is kept. */
export class KeyStoppedError extends Error {
  override readonly name = 'KeyStoppedError';
  readonly code = 'KeyNotUsable';
  readonly key: string;
  readonly state: string;

  constructor({ key, state, since }: StatusListPayload['entries'][number]) {
    super(`${key} is ${state} since ${since}; nothing is encrypted or decrypted with it`);
    this.key = key;
    this.state = state;
  }
}

/** A message opened, and was not made for what the caller expected. */
export class ContextMismatchError extends Error {
  override readonly name = 'ContextMismatchError';
}

type Context = Readonly<Record<string, string>>;

function bounded(name: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new ArgumentError(`${name} is ${value}; it must be a whole number from 1 to ${most}`);
}

function limitsOf({
  maxAgeSeconds = 300,
  maxMessages = 1000,
  maxBytes,
  entries = 100,
}: CacheLimits) {
  return {
    maxAge: bounded('maxAgeSeconds', maxAgeSeconds, MAX_AGE_SECONDS) * 1000,
    maxMessagesEncrypted: bounded('maxMessages', maxMessages, MOST_MESSAGES),
    maxBytesEncrypted: bounded('maxBytes', maxBytes ?? 64 * 1024 * 1024, 2 ** 53 - 1),
    entries: bounded('entries', entries, 100_000),
  };
}

const { encrypt, decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);

export class EnvelopeClient {
  /** The list of each site, with the names on it that stop this client. */
  readonly #lists: readonly { readonly watch: StatusWatch; readonly keys: readonly string[] }[];
  readonly #keyring: KeyturnKeyring;
  readonly #cached: NodeCachingMaterialsManager;
  readonly #forget: () => void;
  /** What the list said of the key when it was looked at last. */
  #seen = '[]';

  /** @throws ArgumentError for a limit out of its range, or sites that messages could not tell apart */
  constructor(options: EnvelopeOptions) {
    const { cache = {}, statusSeconds = 10, patienceSeconds = 5, others = [], now } = options;
    const { onListFailure: onFailure } = options;
    const sites: readonly EnvelopeSite[] = [options, ...others];
    checkSites(sites);
    const { entries, ...limits } = limitsOf(cache);
    const everySeconds = bounded('statusSeconds', statusSeconds, MAX_AGE_SECONDS);
    const patience = bounded('patienceSeconds', patienceSeconds, MOST_PATIENCE_SECONDS) * 1000;
    this.#lists = sites.map(({ client, key, parent }) => ({
      watch: new StatusWatch({
        client,
        everySeconds,
        patienceMilliseconds: patience,
        ...(onFailure && { onFailure }),
        ...(now && { now }),
      }),
      keys: parent === undefined ? [key] : [key, parent],
    }));
    this.#keyring = new KeyturnKeyring(sites.map((site) => new SiteCalls(site, patience, now)));
    const kept = purgeableCache(entries);
    this.#forget = kept.purge;
    this.#cached = new NodeCachingMaterialsManager({
      backingMaterials: this.#keyring,
      cache: kept.cache,
      ...limits,
    });
  }

  /** Forgets every data key now and looks at the list before the next use: what a notice of revocation calls for. */
  purge(): void {
    this.#forget();
    for (const { watch } of this.#lists) watch.expire();
  }

  /**
   * @param context authenticated with the message and readable in it; the same is expected when it is opened
   * @returns a message of the AWS Encryption SDK, which every language of it reads with a keyring of this kind
   * @throws KeyStoppedError, ProblemError what the data plane refuses
   */
  async encrypt(plaintext: Uint8Array, context: Context): Promise<Uint8Array> {
    const { result } = await encrypt(await this.#materials(), Buffer.from(plaintext), {
      suiteId: SUITE,
      encryptionContext: { ...context },
      plaintextLength: plaintext.byteLength,
    });
    return result;
  }

  /** @throws KeyStoppedError, ContextMismatchError when the message was made for something else, ProblemError */
  async decrypt(message: Uint8Array, context: Context): Promise<Uint8Array> {
    const opened = await decrypt(await this.#materials(), Buffer.from(message));
    const found = opened.messageHeader.encryptionContext;
    const other = Object.entries(context).find(([name, value]) => found[name] !== value);
    if (other) throw new ContextMismatchError(`the message was not made for this ${other[0]}`);
    return opened.plaintext;
  }

  /** The cache, or the keyring alone while nothing may be kept. @throws KeyStoppedError */
  async #materials() {
    const looks = await Promise.all(
      this.#lists.map(async ({ watch, keys }) => {
        const list = await watch.look();
        return list === null ? null : list.entries.filter(({ key }) => keys.includes(key));
      }),
    );
    const mine = looks.flatMap((entries) => entries ?? []);
    const whole = mine.find(({ version }) => version === null);
    // Stopped at one site is stopped: the data key is the same at all.
    if (whole) {
      this.#forget();
      throw new KeyStoppedError(whole);
    }
    if (looks.includes(null)) {
      // Whoever cannot know keeps nothing: the data plane decides on every message.
      this.#forget();
      return this.#keyring;
    }
    const seen = JSON.stringify(mine);
    if (seen !== this.#seen) this.#forget();
    this.#seen = seen;
    // KMS may still let a version be used that is being stopped: a data key that it unwraps now is not kept.
    return mine.some(({ state }) => state.endsWith('ing')) ? this.#keyring : this.#cached;
  }
}
