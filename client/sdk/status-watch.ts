// SPDX-License-Identifier: Apache-2.0
// The published list of stopped keys, looked at again and again by who keeps key material in memory. What cannot be
// verified, or is too old, is worth nothing: the caller is told so and keeps nothing then.
import type { StatusListPayload } from '#core/contract/status-list.ts';
import { readStatusList } from './status-list.ts';
import type { Client } from './surface.ts';

export interface StatusWatchOptions {
  /** Only its public routes are called: the list, and the keys that sign it. */
  readonly client: Pick<Client, 'getStatusList' | 'getNoticeKeys'>;
  /** How old a list may be before it is asked for again, in seconds. */
  readonly everySeconds: number;
  /** How long an answer is waited for; default: as long as the client waits. */
  readonly patienceMilliseconds?: number;
  /** Told each time that no list could be had, or one that cannot be believed: what else is only slow goes unseen. */
  readonly onFailure?: (why: Error) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** A list was answered, and cannot be believed. */
export class StatusListError extends Error {
  override readonly name = 'StatusListError';
}

export class StatusWatch {
  readonly #options: StatusWatchOptions;
  readonly #now: () => number;
  #list: StatusListPayload | null = null;
  #askedAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | null = null;

  constructor(options: StatusWatchOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Asks anew at the next look, as after a notice. */
  expire(): void {
    this.#askedAt = Number.NEGATIVE_INFINITY;
  }

  /** @returns a list that holds, at most so old as asked for or as it says itself; null when there is none */
  async look(): Promise<StatusListPayload | null> {
    const { everySeconds } = this.#options;
    if (this.#now() - this.#askedAt >= everySeconds * 1000) {
      // Calls at the same time share one request.
      this.#asking ??= this.#ask().finally(() => {
        this.#asking = null;
      });
      await this.#asking;
    }
    const list = this.#list;
    return list !== null && list.exp * 1000 > this.#now() ? list : null;
  }

  async #ask(): Promise<void> {
    const askedAt = this.#now();
    const { client, patienceMilliseconds: patience } = this.#options;
    const options = patience === undefined ? {} : { signal: AbortSignal.timeout(patience) };
    try {
      const [list, jwks] = await Promise.all([
        client.getStatusList(options),
        client.getNoticeKeys(options),
      ]);
      const read = readStatusList(list.body, jwks.body.keys, this.#now());
      if (typeof read === 'string')
        this.#tell(new StatusListError(`the list is not used: ${read}`));
      // An older list than the one at hand may be a replay of what was before a stop.
      else if (read.iat >= (this.#list?.iat ?? 0)) this.#list = read;
      this.#askedAt = askedAt;
    } catch (error) {
      // Out of reach: what is at hand counts until it says itself that it is over. The next look waits again only
      // after its time, not at once because this one took so long.
      this.#askedAt = this.#now();
      this.#tell(error instanceof Error ? error : new StatusListError(String(error)));
    }
  }

  /** Whoever is told cannot stop what goes on. */
  #tell(why: Error): void {
    try {
      this.#options.onFailure?.(why);
    } catch {
      // It is a log or a counter of the application.
    }
  }
}
