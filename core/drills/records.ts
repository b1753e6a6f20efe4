// SPDX-License-Identifier: Apache-2.0
// The record of one drill, and the port that keeps it: what was restored, what was found in it, who answered, and how
// long each took. It is the report.
import type { AuditRecord } from '../audit/chain.ts';
import type { DrillPhase, DrillState } from '../contract/drills.ts';
import type { Instant } from '../keys/records.ts';

export interface DrillPhaseRecord {
  readonly name: DrillPhase;
  readonly startedAt: Instant;
  readonly endedAt: Instant | null;
}

/** Somebody whose signature a recovery would need. */
export interface DrillCustodian {
  readonly sub: string;
  readonly user: string;
  /** When a channel took the notice; null: none did. */
  readonly toldAt: Instant | null;
  readonly answeredAt: Instant | null;
}

export interface DrilledVersion {
  readonly key: string;
  readonly version: number;
  readonly keyId: string;
}

/** What the restored HSM holds, against what is recorded. Lists are cut; the counts have all. */
export interface KeyFindings {
  readonly listed: number;
  readonly expected: number;
  readonly found: number;
  readonly missing: readonly DrilledVersion[];
  readonly missingCount: number;
  readonly lingering: readonly DrilledVersion[];
  readonly lingeringCount: number;
  readonly unknown: number;
  readonly reportedBy: string;
  readonly reportedAt: Instant;
}

export interface DrillRecord {
  readonly id: string;
  readonly keyStore: string;
  readonly state: DrillState;
  readonly phase: DrillPhase;
  readonly phases: readonly DrillPhaseRecord[];
  /** Why it fails; it goes on to the end all the same, since what it made has to go. */
  readonly causes: readonly string[];
  readonly sourceClusterId: string;
  readonly backupId: string | null;
  readonly backupAt: Instant | null;
  /** Clusters that were seen with the drill's tag: more than one only if CloudHSM lost an answer for long. */
  readonly clusterIds: readonly string[];
  /** When CloudHSM was last asked to make what the phase needs: recorded before it is asked. */
  readonly askedAt: Instant | null;
  /** When the clusters were seen to be gone. */
  readonly goneAt: Instant | null;
  /** What CloudHSM last refused to end; null once nothing is left. */
  readonly removalRefusal: string | null;
  readonly keys: KeyFindings | null;
  readonly required: number;
  readonly custodians: readonly DrillCustodian[];
  readonly answerUntil: Instant;
  readonly startedBy: string;
  readonly startedAt: Instant;
  readonly endedAt: Instant | null;
  /** Number of its audit records, and the hash of the last one. */
  readonly revision: number;
  readonly auditHead: string;
}

/** The row of a drill with the audit record of its change, in one transaction. */
export interface DrillChange {
  /** Null: it must not exist. */
  readonly expectedRevision: number | null;
  readonly drill: DrillRecord;
  readonly audit: AuditRecord;
}

export interface Drills {
  readDrill(id: string): Promise<DrillRecord | null>;
  /** All of the stage, the oldest first; strongly consistent. */
  listDrills(): Promise<readonly DrillRecord[]>;
  /** @throws KeyturnError `RevisionConflict` */
  commitDrill(change: DrillChange): Promise<void>;
}

/** The audit stream of a drill. */
export const drillStream = (id: string) => `drill/${id}`;
