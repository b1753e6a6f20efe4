// SPDX-License-Identifier: Apache-2.0
// Incidents as they are shown: the record, the audit records of its keys as a timeline, and the keys as they are now.
import type { z } from 'zod';
import type { AuditRecord } from '#core/audit/chain.ts';
import type * as contract from '#core/contract/incidents.ts';
import type { IncidentRecord } from '#core/incidents/records.ts';
import { timelineOf } from '#core/incidents/timeline.ts';
import { keyStream } from '#core/operations/mutate-key.ts';
import type { KeySnapshot, Ledger } from '#core/ports/ledger.ts';
import { keySubstate } from './views.ts';

/** Audit records of one key that a timeline is made of: the newest; a key has some ten a rotation. */
const MOST_RECORDS = 1000;

export function incidentSummary(
  incident: IncidentRecord,
): z.infer<typeof contract.IncidentSummary> {
  const { id, type, title, state, keys, owners, openedBy, openedAt, occurredAt } = incident;
  const openTasks = incident.tasks.filter((task) => task.state === 'open').length;
  const { closedAt, revision } = incident;
  return {
    ...{ id, type, title, state, openedBy, openedAt, occurredAt, closedAt, openTasks, revision },
    keys: [...keys],
    owners: [...owners],
  };
}

function affectedView(
  snapshot: KeySnapshot,
): z.infer<typeof contract.Incident>['affected'][number] {
  const { state, currentVersion } = snapshot.key;
  return {
    key: snapshot.key.name,
    owner: snapshot.key.owner,
    class: snapshot.key.class,
    state,
    substate: keySubstate(snapshot.key),
    currentVersion,
    revokedVersions: snapshot.versions
      .filter(({ containment }) => containment?.kind === 'revocation')
      .map(({ version }) => version),
    consumers: snapshot.consumers.map(({ name }) => name),
    ciphertexts: snapshot.sources.flatMap(({ name: source, count }) =>
      Object.entries(count?.byVersion ?? {}).map(([version, counted]) => ({
        source,
        version: Number(version),
        count: counted,
      })),
    ),
  };
}

async function newestAudit(ledger: Ledger, snapshot: KeySnapshot) {
  const { name, revision } = snapshot.key;
  const { records } = await ledger.readAudit(
    keyStream(name),
    Math.max(0, revision - MOST_RECORDS),
    MOST_RECORDS,
  );
  return [name, records] as const;
}

export async function incidentView(
  ledger: Ledger,
  incident: IncidentRecord,
): Promise<z.infer<typeof contract.Incident>> {
  const found = await Promise.all(incident.keys.map((name) => ledger.readKey(name)));
  const snapshots = found.filter((snapshot) => snapshot !== null);
  const audits = await Promise.all(snapshots.map((snapshot) => newestAudit(ledger, snapshot)));
  const timeline = timelineOf(incident, new Map<string, readonly AuditRecord[]>(audits));
  const operations = timeline.flatMap(({ operationId }) => operationId ?? []);
  return {
    ...incidentSummary(incident),
    tasks: incident.tasks.map(({ claim: _claim, ...task }) => task),
    timeline: [...timeline],
    affected: snapshots.map(affectedView),
    operations: [...new Set(operations)],
    rootCause: incident.rootCause,
    followUps: [...incident.followUps],
    auditHead: incident.auditHead,
  };
}
