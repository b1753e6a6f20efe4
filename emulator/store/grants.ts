// SPDX-License-Identifier: Apache-2.0
// Grants as JSON documents by id. A grant takes effect for readers when it is visible; its tokens at once.
import type { Clock } from '../clock.ts';
import type { Database } from './database.ts';
import type { Visibility } from './visibility.ts';

/** Which encryption contexts a grant is good for: exactly these pairs, or at least these. */
export interface GrantConstraints {
  readonly equals?: Readonly<Record<string, string>>;
  readonly subset?: Readonly<Record<string, string>>;
  /** The resource on behalf of which a call must be. */
  readonly sourceArn?: string;
}

/** A grant. `secret` authenticates its tokens, hexadecimal. */
export interface GrantRecord {
  readonly grantId: string;
  readonly keyId: string;
  readonly name: string | undefined;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** ARN of a principal, or the name of a service; so is who may retire the grant. */
  readonly grantee: string;
  readonly retiring: string | undefined;
  /** ARN of the account root of who made it. */
  readonly issuer: string;
  readonly operations: readonly string[];
  readonly constraints: GrantConstraints;
  readonly secret: string;
}

function parse(row: Record<string, unknown>): GrantRecord {
  return JSON.parse(String(row['document']));
}

const subjectOf = (grant: GrantRecord) => `grant:${grant.keyId}:${grant.grantId}`;

/** The table of grants. */
export class Grants {
  readonly #database: Database;
  readonly #visibility: Visibility;
  readonly #clock: Clock;

  constructor(database: Database, visibility: Visibility, clock: Clock) {
    this.#database = database;
    this.#visibility = visibility;
    this.#clock = clock;
  }

  /** Adds a grant; readers see it from `visibleAt` on. */
  add(grant: GrantRecord, visibleAt: number): void {
    this.#database
      .prepare('INSERT INTO grants VALUES (?, ?, ?, ?)')
      .run(grant.grantId, grant.keyId, grant.retiring ?? null, JSON.stringify(grant));
    this.#hide(grant, undefined, visibleAt);
  }

  /** Removes a grant; readers go on seeing it until `visibleAt`. */
  remove(grant: GrantRecord, visibleAt: number): void {
    this.#database.prepare('DELETE FROM grants WHERE grant_id = ?').run(grant.grantId);
    this.#hide(grant, grant, visibleAt);
  }

  /** The grant as committed, whether readers see it or not. */
  committed(grantId: string): GrantRecord | undefined {
    const row = this.#database
      .prepare('SELECT document FROM grants WHERE grant_id = ?')
      .get(grantId);
    return row === undefined ? undefined : parse(row);
  }

  /** Committed grants of a key, in id order. */
  committedOf(keyId: string): GrantRecord[] {
    return this.#database
      .prepare('SELECT document FROM grants WHERE key_id = ? ORDER BY grant_id')
      .all(keyId)
      .map(parse);
  }

  /** How many grants the key has. */
  count(keyId: string): number {
    const row = this.#database
      .prepare('SELECT count(*) AS count FROM grants WHERE key_id = ?')
      .get(keyId);
    return row?.['count'] as number;
  }

  /** The grants of a key that readers see, in id order. */
  ofKey(keyId: string): GrantRecord[] {
    return this.#seen(this.committedOf(keyId), `grant:${keyId}:`);
  }

  /** The grants that readers see and that this principal may retire, in id order. */
  retirableBy(principal: string): GrantRecord[] {
    const committed = this.#database
      .prepare('SELECT document FROM grants WHERE retiring = ? ORDER BY grant_id')
      .all(principal)
      .map(parse);
    return this.#seen(committed, 'grant:').filter(({ retiring }) => retiring === principal);
  }

  #seen(committed: readonly GrantRecord[], prefix: string): GrantRecord[] {
    const held = this.#visibility.subjects(prefix);
    if (held.length === 0) return [...committed];
    const current = new Map<string, GrantRecord | undefined>([
      ...held.map((subject) => [subject, undefined] as const),
      ...committed.map((grant) => [subjectOf(grant), grant] as const),
    ]);
    return [...current]
      .flatMap(([subject, grant]) => this.#visibility.seen(subject, 'grant', grant) ?? [])
      .sort((left, right) => (left.grantId < right.grantId ? -1 : 1));
  }

  #hide(grant: GrantRecord, before: GrantRecord | undefined, visibleAt: number): void {
    const subject = subjectOf(grant);
    if (visibleAt <= this.#clock() && this.#visibility.isSettled(subject)) return;
    this.#visibility.hide(subject, 'grant', before, visibleAt);
  }
}
