// SPDX-License-Identifier: Apache-2.0
// Use case: the signed list of stopped keys. It is public, and a signature costs a call to KMS, so one that still says what
// is true is given again: a new one is made when an entry changed or half of its life is over.
import {
  STATUS_LIFE_SECONDS,
  type StatusList,
  type StatusListPayload,
} from '../contract/status-list.ts';
import type { Stage } from '../contract/vocabulary.ts';
import { canonicalHash } from '../crypto/hashing.ts';
import type { Clock } from '../ports/platform.ts';
import type { ListSigner, StatusRows } from '../ports/status-list.ts';
import { type ScopeStatuses, withScopes } from './scope-statuses.ts';

export interface PublishStatusDeps {
  readonly rows: StatusRows;
  /** What is denied with its scope. */
  readonly scopes: Pick<ScopeStatuses, 'list'>;
  readonly signer: ListSigner;
  readonly clock: Clock;
  readonly stage: Stage;
}

export interface PublishedStatus {
  readonly list: StatusList;
  /** Changes with the entries, and with each new signature. */
  readonly etag: string;
}

interface Kept extends PublishedStatus {
  readonly digest: string;
  readonly issuedAt: number;
}

/** Keeps the last list that it signed. */
export class StatusPublisher {
  readonly #deps: PublishStatusDeps;
  #kept: Kept | null = null;

  constructor(deps: PublishStatusDeps) {
    this.#deps = deps;
  }

  async publish(): Promise<PublishedStatus> {
    const { rows, scopes, clock } = this.#deps;
    const [own, denied] = await Promise.all([rows.listStatus(), scopes.list()]);
    const entries = withScopes(own, denied).flatMap(({ state, updatedAt: _at, ...entry }) =>
      state === 'resumed' ? [] : [{ ...entry, state }],
    );
    const now = Math.floor(Date.parse(clock.now()) / 1000);
    const digest = canonicalHash(entries);
    const isFresh = this.#kept !== null && now < this.#kept.issuedAt + STATUS_LIFE_SECONDS / 2;
    if (this.#kept && isFresh && this.#kept.digest === digest) return this.#kept;
    this.#kept = await this.#sign(entries, digest, now);
    return this.#kept;
  }

  async #sign(entries: StatusListPayload['entries'], digest: string, now: number): Promise<Kept> {
    const payload: StatusListPayload = {
      type: 'keyturn-status-list/1',
      stage: this.#deps.stage,
      iat: now,
      exp: now + STATUS_LIFE_SECONDS,
      entries,
    };
    const list = await this.#deps.signer.signList(JSON.stringify(payload));
    return { list, digest, issuedAt: now, etag: `"${canonicalHash(list).slice(0, 32)}"` };
  }
}
