// SPDX-License-Identifier: Apache-2.0
// Port of the pause of a stage: one row, small, that whoever begins work by schedule reads first.
import type { AuditRecord } from '../audit/chain.ts';
import type { Instant } from '../keys/records.ts';

/** While it holds, nothing that changes keys begins by schedule. It ends by the clock, or before by a person. */
export interface PauseRecord {
  readonly id: string;
  readonly reason: string;
  readonly by: string;
  readonly startedAt: Instant;
  readonly until: Instant;
  /** Null: nobody has ended it, nor was its end by the clock seen yet. */
  readonly endedAt: Instant | null;
  readonly endedBy: string | null;
}

export interface PauseRow {
  /** The last one. */
  readonly pause: PauseRecord;
  /** Number of audit records, and the hash of the last one. */
  readonly revision: number;
  readonly auditHead: string;
}

/** The row with its audit record, in one transaction. */
export interface PauseChange {
  /** Null: there was never one. */
  readonly expectedRevision: number | null;
  readonly row: PauseRow;
  readonly audit: AuditRecord;
}

/** Reads are strongly consistent: what begins behind a pause has seen it. */
export interface Pauses {
  readPause(): Promise<PauseRow | null>;
  /** @throws KeyturnError `RevisionConflict` when it moved; nothing is written then. */
  commitPause(change: PauseChange): Promise<void>;
}

/** The audit stream of all pauses of the stage. */
export const PAUSE_STREAM = 'pause/stage';
