// SPDX-License-Identifier: Apache-2.0
// Entries of the published list for keys that are denied with their scope, before their own containment says so. Which
// keys a scope has is read from an index: kept for some seconds, and where there are thousands read on with the next list
// rather than let this one wait, since a list without them is still better than none.

import { deniedBy } from '../keys/scopes.ts';
import { type StatusEntry, statusOf } from '../keys/status.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Clock } from '../ports/platform.ts';
import type { ScopeContainments, ScopeDenial } from '../ports/scope-containments.ts';
import { later } from './admit-operation.ts';
import { pageOf } from './plan-scope.ts';

export interface ScopeStatusDeps {
  readonly scopes: Pick<ScopeContainments, 'readDenials'>;
  readonly ledger: Pick<Ledger, 'listKeys' | 'listKeysOf'>;
  readonly clock: Clock;
}

/** Keys of one page of an index. */
const PAGE = 500;
/** What was read is believed for so long: readers of the list look every ten seconds. */
const BELIEVED_SECONDS = 10;
/** One list is made to wait so long for pages. */
const PATIENCE_SECONDS = 3;
/** Any: each of the equal rows of denials has all of them. */
const ANY_ROW = 'status-list';

interface Walk {
  readonly entries: Map<string, StatusEntry>;
  /** Behind which key the next page begins. */
  cursor: string | null;
  /** When all pages were read; null: not yet. */
  wholeAt: string | null;
}

/** Remembers what it has read of each scope that is denied. */
export class ScopeStatuses {
  readonly #deps: ScopeStatusDeps;
  readonly #walks = new Map<string, Walk>();

  constructor(deps: ScopeStatusDeps) {
    this.#deps = deps;
  }

  /** Entries by key, of the strongest denial that each lies in. */
  async list(): Promise<ReadonlyMap<string, StatusEntry>> {
    const { denials } = await this.#deps.scopes.readDenials(ANY_ROW);
    const until = later(this.#deps.clock.now(), PATIENCE_SECONDS);
    this.#forget(denials);
    for (const denial of denials) await this.#walk(denial, denials, until);
    return new Map([...this.#walks.values()].flatMap(({ entries }) => [...entries]));
  }

  #forget(denials: readonly ScopeDenial[]): void {
    const ids = denials.map(({ containment }) => containment.operationId);
    for (const id of this.#walks.keys()) if (!ids.includes(id)) this.#walks.delete(id);
  }

  async #walk(denial: ScopeDenial, denials: readonly ScopeDenial[], until: string): Promise<void> {
    const id = denial.containment.operationId;
    const { ledger, clock } = this.#deps;
    let walk = this.#walks.get(id);
    if (!walk) {
      walk = { entries: new Map(), cursor: null, wholeAt: null };
      this.#walks.set(id, walk);
    }
    if (walk.wholeAt !== null && clock.now() < later(walk.wholeAt, BELIEVED_SECONDS)) return;
    walk.wholeAt = null;
    do {
      const page = await pageOf(ledger, denial.scope, walk.cursor, PAGE);
      for (const key of page.items) {
        const by = key.releasedAt || key.state === 'destroyed' ? null : deniedBy(denials, key);
        if (by?.operationId === id) walk.entries.set(key.name, statusOf(key.name, null, by, by.at));
      }
      walk.cursor = page.nextCursor;
    } while (walk.cursor !== null && clock.now() < until);
    if (walk.cursor === null) walk.wholeAt = clock.now();
  }
}

/** The list with what scopes deny: the stronger of the two where a key has an entry of its own. */
export function withScopes(
  own: readonly StatusEntry[],
  scopes: ReadonlyMap<string, StatusEntry>,
): readonly StatusEntry[] {
  const left = new Map(scopes);
  const merged = own.map((entry) => {
    const ofScope = entry.version === null ? left.get(entry.key) : undefined;
    if (!ofScope) return entry;
    left.delete(entry.key);
    const isWeaker = entry.reason === 'hold' && ofScope.reason === 'key-compromise';
    return entry.state === 'resumed' || isWeaker ? ofScope : entry;
  });
  return [...merged, ...left.values()].sort((a, b) =>
    a.key === b.key ? (a.version ?? 0) - (b.version ?? 0) : a.key < b.key ? -1 : 1,
  );
}
