// SPDX-License-Identifier: Apache-2.0
// The timeline of an incident: audit records of its keys that say what was done, and the notes of people, in one order.
import type { AuditRecord } from '../audit/chain.ts';
import type { IncidentPhase } from '../contract/incidents.ts';
import type { Instant } from '../keys/records.ts';
import type { IncidentRecord } from './records.ts';

/** Which phase an action belongs to; what is not here says nothing about an incident. */
const PHASE_OF: Readonly<Record<string, IncidentPhase>> = {
  'consumer.acknowledgement-contradicted': 'identify',
  'destruction.used': 'identify',
  'key.suspending': 'isolate',
  'key.suspended': 'isolate',
  'key.resumed': 'isolate',
  'key.revoking': 'revoke',
  'key.revoked': 'revoke',
  'destruction.begun': 'revoke',
  'version.destroyed': 'revoke',
  'rotation.admitted': 'rekey',
  'alias.switched': 'rekey',
  'rotation.completed': 'rekey',
  'version.opened-for-reencryption': 'rekey',
  'reencryption.admitted': 'rekey',
  'reencryption.completed': 'rekey',
};

export interface TimelineEntry {
  readonly at: Instant;
  readonly phase: IncidentPhase;
  readonly what: string;
  readonly by: string;
  readonly key: string | null;
  readonly operationId: string | null;
  readonly auditHash: string | null;
}

/** Details that say more than the name of an action, if they are there. */
const TOLD = ['version', 'keyVersions', 'mode', 'reason', 'until'] as const;

function wordsOf({ action, detail }: AuditRecord): string {
  const told = TOLD.flatMap((name) => (detail[name] == null ? [] : [`${name} ${detail[name]}`]));
  return told.length > 0 ? `${action}: ${told.join(', ')}` : action;
}

/** From when on audit records belong to it: the day it happened, as far as known, else a day before it was opened. */
export function beginsAt({ occurredAt, openedAt }: IncidentRecord): Instant {
  return occurredAt ?? new Date(Date.parse(openedAt) - 86_400_000).toISOString();
}

function ofAudit(key: string, record: AuditRecord): TimelineEntry[] {
  const phase = PHASE_OF[record.action];
  if (!phase) return [];
  const { at, actor: by, operationId, hash: auditHash } = record;
  return [{ at, phase, what: wordsOf(record), by, key, operationId, auditHash }];
}

/** @param audits audit records by key */
export function timelineOf(
  incident: IncidentRecord,
  audits: ReadonlyMap<string, readonly AuditRecord[]>,
): readonly TimelineEntry[] {
  const from = beginsAt(incident);
  const until = incident.closedAt;
  const isInside = ({ at }: AuditRecord) => at >= from && (until === null || at <= until);
  const done = [...audits].flatMap(([key, records]) =>
    records.filter(isInside).flatMap((record) => ofAudit(key, record)),
  );
  const noted = incident.notes.map(({ at, by, phase, text }) => ({
    at,
    phase,
    what: text,
    by,
    key: null,
    operationId: null,
    auditHash: null,
  }));
  const happened = incident.occurredAt
    ? [entryOf(incident, incident.occurredAt, 'it happened, as far as known')]
    : [];
  return [...happened, entryOf(incident, incident.openedAt, 'opened'), ...noted, ...done].sort(
    (a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)),
  );
}

function entryOf({ openedBy: by }: IncidentRecord, at: Instant, what: string): TimelineEntry {
  return { at, phase: 'identify', what, by, key: null, operationId: null, auditHash: null };
}
