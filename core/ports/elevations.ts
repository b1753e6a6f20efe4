// SPDX-License-Identifier: Apache-2.0
// Port of rights for a while: one record of a stage, small and read whole, so that one read answers who has what.
import type { Instant } from '../keys/records.ts';
import type { ApprovalChange } from './ledger.ts';

/** Rights of a group, of one person, for a while. They end by the clock: nobody has to take them away. */
export interface ElevationRecord {
  readonly id: string;
  /** Immutable id. */
  readonly sub: string;
  readonly user: string;
  /** Immutable id of the group. */
  readonly group: string;
  readonly reason: string | null;
  /** What granted it: its digest binds person, group and time. */
  readonly approvalId: string;
  readonly grantedAt: Instant;
  readonly until: Instant;
  readonly revokedAt: Instant | null;
  readonly revokedBy: string | null;
}

export interface ElevationsRecord {
  readonly items: readonly ElevationRecord[];
  readonly revision: number;
}

/** One transaction: who has what afterwards, and the approval whose audit stream tells of it. */
export interface ElevationsChange {
  /** Null where nobody has ever had any. */
  readonly expectedRevision: number | null;
  readonly elevations: ElevationsRecord;
  readonly approval: ApprovalChange;
}

/** Reads are strongly consistent: what was revoked holds no longer. */
export interface Elevations {
  readElevations(): Promise<ElevationsRecord | null>;
  /** @throws KeyturnError `RevisionConflict` when either moved; nothing is written then. */
  commitElevations(change: ElevationsChange): Promise<void>;
}
