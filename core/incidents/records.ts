// SPDX-License-Identifier: Apache-2.0
// The record of an incident, and the port that keeps it. What was done to keys is not copied here: the timeline is made
// of their audit records, so that it says what those prove.
import type { AuditRecord } from '../audit/chain.ts';
import type { IncidentPhase, IncidentType } from '../contract/incidents.ts';
import type { Instant } from '../keys/records.ts';

export interface IncidentNote {
  readonly at: Instant;
  readonly by: string;
  readonly phase: IncidentPhase;
  readonly text: string;
  /** Names the request that made it: sent twice, it is made once. */
  readonly claim: string;
}

export interface IncidentTask {
  readonly id: string;
  readonly phase: IncidentPhase;
  readonly text: string;
  readonly command: string | null;
  readonly owner: string | null;
  readonly state: 'open' | 'done' | 'dropped';
  readonly note: string | null;
  readonly by: string | null;
  readonly at: Instant | null;
  /** Names the request that added it; null for one of the playbook. */
  readonly claim: string | null;
}

export interface IncidentRecord {
  readonly id: string;
  readonly type: IncidentType;
  readonly title: string;
  readonly state: 'open' | 'closed';
  readonly keys: readonly string[];
  readonly owners: readonly string[];
  readonly openedBy: string;
  readonly openedAt: Instant;
  readonly occurredAt: Instant | null;
  readonly closedAt: Instant | null;
  readonly rootCause: string | null;
  readonly followUps: readonly string[];
  readonly notes: readonly IncidentNote[];
  readonly tasks: readonly IncidentTask[];
  /** SHA-256 of the body that opened it: the same Idempotency-Key with another body is refused. */
  readonly bodyHash: string;
  /** Number of its audit records, and the hash of the last one. */
  readonly revision: number;
  readonly auditHead: string;
}

/** The row of an incident with the audit record of its change, in one transaction. */
export interface IncidentChange {
  /** Null: it must not exist. */
  readonly expectedRevision: number | null;
  readonly incident: IncidentRecord;
  readonly audit: AuditRecord;
}

export interface Incidents {
  readIncident(id: string): Promise<IncidentRecord | null>;
  /** All of the stage, in no order; incidents are few. */
  listIncidents(): Promise<readonly IncidentRecord[]>;
  /** @throws KeyturnError `RevisionConflict` */
  commitIncident(change: IncidentChange): Promise<void>;
}

/** The audit stream of an incident. */
export const incidentStream = (id: string) => `incident/${id}`;
