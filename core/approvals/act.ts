// SPDX-License-Identifier: Apache-2.0
// The seam of everything that needs approvals: one file per act under `acts/`. An act says what it would do on the state
// of now, and does it in one transaction that uses its approval up.

import type { ApprovalAction } from '../contract/approvals.ts';
import type { Environment, WorkflowKind } from '../contract/vocabulary.ts';
import type { ApprovalRule, Elector } from '../policies/approval-rules.ts';
import type { ApprovalChange } from '../ports/ledger.ts';
import type { ApprovalParameters, ApprovalRecord, BlastRadius } from './records.ts';

/** What is asked for. */
export interface ActRequest {
  readonly key: string | null;
  readonly version: number | null;
  readonly operationId: string | null;
  readonly parameters: ApprovalParameters;
}

/** An act on the state of now. */
export interface ActDescription extends ActRequest {
  readonly what: string;
  readonly class: string;
  readonly environment: Environment | null;
  readonly blast: BlastRadius;
  /** What it rests on; whoever changes it makes the request stale. JSON values only. */
  readonly basis: unknown;
}

/** An execution to be started once the transaction is written; starting it twice is starting it once. */
export interface ActStart {
  readonly kind: WorkflowKind;
  readonly operationId: string;
  readonly attempt: number;
  readonly input?: Readonly<Record<string, unknown>>;
}

/**
 * The approval's part of the transaction, for a state of now.
 * @throws KeyturnError `ApprovalStale` when the basis is another one than was approved
 */
export type Consume = (basis: unknown, executedAs: string | null) => ApprovalChange;

/** Who decides, by which rule. */
export interface Deciders {
  readonly rule: ApprovalRule;
  readonly people: readonly Elector[];
}

export interface Act<D> {
  readonly action: ApprovalAction;
  /** @throws KeyturnError when it makes no sense on the state of now */
  describe(deps: D, request: ActRequest): Promise<ActDescription>;
  /** Who decides on it where that is not just who decides on such an act now; absent: the rule in force. */
  decidedBy?(deps: D, described: ActDescription): Promise<Deciders>;
  /** Does it, together with what `consume` answers, and says what to start. */
  execute(deps: D, approval: ApprovalRecord, consume: Consume): Promise<readonly ActStart[]>;
  /** What to start for an act that is written already: the start may have been lost. */
  restart?(deps: D, approval: ApprovalRecord): Promise<readonly ActStart[]>;
}
