// SPDX-License-Identifier: Apache-2.0
// Containments of a scope, and the port that keeps them: the row of progress, and the denials that the data plane reads.
// The keys themselves are contained one by one afterwards; until the last is, the denial of the scope stands in for them.
import type { AuditRecord } from '../audit/chain.ts';
import type { ContainmentKind, ContainmentMode, ScopeKind } from '../contract/vocabulary.ts';
import type { Containment, Instant, OpenReview } from '../keys/records.ts';
import type { ApprovalChange } from './ledger.ts';
import type { ReviewTask } from './reviews.ts';

/** All keys that have this value: an owner, a class, an environment, an application or a host. */
export interface KeyScope {
  readonly kind: ScopeKind;
  readonly value: string;
}

/** Where the next page begins: which class in the order of priority, and behind which key. */
export interface ScopeCheckpoint {
  /** 1 for the first time through the keys. */
  readonly pass: number;
  readonly rank: number;
  readonly cursor: string | null;
  /** Keys that this pass contained or failed at: the last pass is one that has none. */
  readonly changed: number;
}

/** Each key counts once for each, however often it is looked at. */
export interface ScopeCounts {
  /** Keys of the scope when it was asked for. */
  readonly found: number;
  /** Denied, and KMS asked to refuse. */
  readonly contained: number;
  /** Contained before, by whatever. */
  readonly already: number;
  /** Protected, released or destroyed: not touched. */
  readonly refused: number;
  /** Could not be contained in the pass that runs; the next one tries again. */
  readonly failed: number;
}

/** How far the lifting of a suspended scope is. */
export interface ScopeLift {
  readonly approvalId: string;
  readonly by: string;
  readonly reason: string | null;
  readonly at: Instant;
  /** No key is lifted before: a part that contains keys may be under way until then. */
  readonly startsAt: Instant;
  readonly checkpoint: {
    readonly pass: number;
    readonly cursor: string | null;
    readonly changed: number;
  };
  readonly counts: {
    /** Lifting was begun; each key is proven to be open by an operation of its own. */
    readonly lifted: number;
    /** In the pass that runs: another operation holds the key; the next pass tries again. */
    readonly failed: number;
  };
  /** Of the keys that failed last, the first twenty. */
  readonly failures: readonly { readonly key: string; readonly cause: string }[];
  readonly endedAt: Instant | null;
}

export interface ScopeContainment {
  readonly id: string;
  readonly scope: KeyScope;
  readonly kind: ContainmentKind;
  /** Null: as the class of each key says. */
  readonly mode: ContainmentMode | null;
  readonly reason: string;
  readonly occurredAt: Instant | null;
  readonly isEmergency: boolean;
  /** What somebody did alone in an emergency, until a quorum has reviewed it; absent and null: nothing is to be. */
  readonly openReview?: (OpenReview & { readonly class: string }) | null;
  readonly requestedBy: string;
  /**
   * `running`: denied as a whole. `done`: every key of it is contained by itself. `lifting`: they are let be used again, one
   * after the other. `lifted`: none is suspended by it any more.
   */
  readonly state: 'running' | 'done' | 'lifting' | 'lifted';
  readonly lift?: ScopeLift;
  readonly counts: ScopeCounts;
  /** Seconds below which KMS's quotas let nobody go, from the start to the last block. */
  readonly floorSeconds: number;
  readonly checkpoint: ScopeCheckpoint;
  /** Of the keys that failed last, the first twenty. */
  readonly failures: readonly { readonly key: string; readonly cause: string }[];
  readonly startedAt: Instant;
  /** When a part of it was written last; what was written before there was this has none. */
  readonly progressedAt?: Instant;
  readonly endedAt: Instant | null;
  /** SHA-256 of the request: the same Idempotency-Key with another body is refused. */
  readonly bodyHash: string;
  /** Number of its audit records, and the hash of the last one. */
  readonly revision: number;
  readonly auditHead: string;
}

/** What the data plane knows of a containment that runs. */
export interface ScopeDenial {
  readonly scope: KeyScope;
  readonly containment: Containment;
  /** Names of keys that are never contained. */
  readonly except: readonly string[];
}

/** All of them at one moment. */
export interface ScopeDenials {
  readonly denials: readonly ScopeDenial[];
  /** Grows with every change; null: nothing was ever denied by scope. */
  readonly revision: number | null;
}

/** The row with its audit record, and what is denied from then on, in one transaction. */
export interface ScopeChange {
  /** Null: it must not exist. */
  readonly expectedRevision: number | null;
  readonly containment: ScopeContainment;
  /** Written with the first change, taken away with the last; absent: they stay as they are. */
  readonly denial?: { readonly add: ScopeDenial } | { readonly remove: string };
  /** Whether it is among those that are being lifted, from now on; absent: as it was. */
  readonly isLifting?: boolean;
  readonly approval?: ApprovalChange;
  /** Of what somebody does alone: that a quorum is to be asked. */
  readonly review?: ReviewTask;
  readonly audit: AuditRecord;
}

/** Every read is strongly consistent. */
export interface ScopeContainments {
  readScope(id: string): Promise<ScopeContainment | null>;
  /** All that run; few at any time. */
  listRunning(): Promise<readonly ScopeContainment[]>;
  /** All that are being lifted; few at any time. */
  listLifting(): Promise<readonly ScopeContainment[]>;
  /**
   * What is denied by scope now. Each of several equal rows answers, so that a busy data plane does not read one.
   * @param name of the key that is asked about: it chooses the row
   */
  readDenials(name: string): Promise<ScopeDenials>;
  /** @throws KeyturnError `RevisionConflict` when it or the denials moved; nothing is written then. */
  commitScope(change: ScopeChange): Promise<void>;
}

/** The audit stream of a containment of a scope. */
export const scopeStream = (id: string) => `containment/${id}`;

/** Containments of scopes that run at once: the denials are one row, which each use of a key reads. */
export const MOST_SCOPES = 20;
