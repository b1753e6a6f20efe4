// SPDX-License-Identifier: Apache-2.0
// Where a data key is wrapped: a managed key of one Keyturn, as a rule one in each Region. Keys of a CloudHSM key store do
// not leave their Region; a data key that is wrapped in two is what outlives the loss of one (requirement A4).
import { AnswerError, ArgumentError, ProblemError, UnreachableError } from '../errors.ts';
import type { Client } from '../surface.ts';

/** A managed key, and the Keyturn that has it. */
export interface EnvelopeSite {
  /** A client of the workload that has the rights; the list of stopped keys is public. */
  readonly client: Pick<Client, 'encrypt' | 'decrypt' | 'getStatusList' | 'getNoticeKeys'>;
  /** Name of the managed key. */
  readonly key: string;
  /** Of a key of tier `data`: the key that wraps it, which stops it too. */
  readonly parent?: string;
  /** Tells this site from others in messages, such as `eu-west-1`: 1 to 63 of a-z, 0-9 and -. Needed beside `others`. */
  readonly site?: string;
}

/** How long a site that did not answer is asked last, in milliseconds: our own bound. */
const AWAY_MILLISECONDS = 30_000;
const SITE = /^[a-z0-9-]{1,63}$/;

type Context = Record<string, string>;

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

/** True when nobody answered who could have decided: another site may. What is refused is refused at all. */
function isOutOfReach(error: unknown): boolean {
  if (error instanceof UnreachableError) return !error.untrusted;
  if (error instanceof ProblemError) return error.status >= 500;
  // What stands before an API that is gone answers in its own words.
  return error instanceof AnswerError;
}

/** The calls of one site. */
export class SiteCalls {
  /** How a message names what was wrapped here. */
  readonly info: string;
  readonly #site: EnvelopeSite;
  readonly #patienceMilliseconds: number;
  readonly #now: () => number;
  #awayUntil = Number.NEGATIVE_INFINITY;

  constructor(site: EnvelopeSite, patienceMilliseconds: number, now: () => number = Date.now) {
    this.#site = site;
    this.info = site.site === undefined ? site.key : `${site.key}@${site.site}`;
    this.#patienceMilliseconds = patienceMilliseconds;
    this.#now = now;
  }

  /** True while it is likely not to answer. */
  isAway(): boolean {
    return this.#now() < this.#awayUntil;
  }

  /** @throws ProblemError what the data plane refuses, UnreachableError */
  async wrap(dataKey: Uint8Array, context: Context): Promise<Buffer> {
    const { client, key } = this.#site;
    const { body } = await client.encrypt(key, { plaintext: base64(dataKey), context });
    return Buffer.from(body.ciphertext, 'base64');
  }

  /**
   * @param isLast nobody is left to ask: it is waited for as long as the client waits, and a failure is thrown
   * @returns null when it is out of reach @throws ProblemError what the data plane refuses
   */
  async unwrap(wrapped: Uint8Array, context: Context, isLast: boolean): Promise<Buffer | null> {
    const { client, key } = this.#site;
    const signal = isLast ? null : AbortSignal.timeout(this.#patienceMilliseconds);
    try {
      const sent = { ciphertext: base64(wrapped), context };
      const { body } = await client.decrypt(key, sent, signal ? { signal } : {});
      this.#awayUntil = Number.NEGATIVE_INFINITY;
      return Buffer.from(body.plaintext, 'base64');
    } catch (error) {
      if (!signal?.aborted && !isOutOfReach(error)) throw error;
      this.#awayUntil = this.#now() + AWAY_MILLISECONDS;
      if (isLast) throw error;
      return null;
    }
  }
}

/** @throws ArgumentError when messages could not tell the sites apart */
export function checkSites(sites: readonly EnvelopeSite[]): void {
  const names = sites.map(({ site }) => site);
  const bad = names.find((name) => name !== undefined && !SITE.test(name));
  if (bad !== undefined)
    throw new ArgumentError(`site is ${bad}; it must be 1 to 63 of a-z, 0-9 and -`);
  if (sites.length === 1) return;
  if (names.includes(undefined))
    throw new ArgumentError('each site needs a name beside others, such as the name of its Region');
  if (new Set(names).size !== names.length)
    throw new ArgumentError(`sites must have names of their own; they are ${names.join(', ')}`);
}
