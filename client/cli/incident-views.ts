// SPDX-License-Identifier: Apache-2.0
// How incidents look: the one table, and one with its tasks and its timeline.
import type { ResponseOf } from '../sdk/index.ts';
import { renderFields, renderTable } from './table.ts';

type Incident = ResponseOf<'getIncident'>;
type Summary = ResponseOf<'listIncidents'>['items'][number];
type Width = number | undefined;

export function viewIncidents(incidents: readonly Summary[], width: Width): string {
  const rows = incidents.map((one) => [
    one.id,
    one.type,
    one.state,
    one.openedAt,
    one.openTasks,
    one.title,
  ]);
  return renderTable(['id', 'type', 'state', 'opened', 'open tasks', 'title'], rows, width);
}

function viewTasks({ tasks }: Incident, width: Width): string {
  const rows = tasks.map(({ id, phase, state, text, command, note }) => [
    id,
    phase,
    state,
    note === null ? text : `${text} (${note})`,
    command,
  ]);
  return renderTable(['task', 'phase', 'state', 'what', 'command'], rows, width);
}

function viewTimeline({ timeline }: Incident, width: Width): string {
  const rows = timeline.map(({ at, phase, key, what, by }) => [at, phase, key, what, by]);
  return renderTable(['at', 'phase', 'key', 'what', 'by'], rows, width);
}

function viewAffected({ affected }: Incident, width: Width): string {
  const rows = affected.map((one) => [
    one.key,
    one.owner,
    one.substate ?? one.state,
    one.currentVersion,
    one.revokedVersions.join(', '),
    one.consumers.length,
    one.ciphertexts
      .filter(({ version }) => one.revokedVersions.includes(version))
      .reduce((sum, { count }) => sum + count, 0),
  ]);
  const titles = ['key', 'owner', 'state', 'current', 'revoked', 'consumers', 'left under revoked'];
  return renderTable(titles, rows, width);
}

export function viewIncident(one: Incident, width: Width): string {
  const fields = renderFields(
    [
      ['id', one.id],
      ['type', one.type],
      ['title', one.title],
      ['state', one.state],
      ['occurred', one.occurredAt],
      ['opened', `${one.openedAt} by ${one.openedBy}`],
      ['closed', one.closedAt],
      ['root cause', one.rootCause],
      ['follow-ups', one.followUps.join('; ')],
      ['owners', one.owners.join(', ')],
    ],
    width,
  );
  const parts = [viewAffected(one, width), viewTasks(one, width), viewTimeline(one, width)];
  return [fields, ...parts].join('\n\n');
}
