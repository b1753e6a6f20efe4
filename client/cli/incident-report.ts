// SPDX-License-Identifier: Apache-2.0
// The report of an incident as one page of HTML, for who was not there. What people and consumers wrote is shown, never
// interpreted; each act names the audit record that proves it.
import type { ResponseOf } from '../sdk/index.ts';

type Incident = ResponseOf<'getIncident'>;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const text = (value: string | number | null) =>
  String(value ?? '–').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

type Row = readonly (string | number | null)[];

function table(titles: readonly string[], rows: readonly Row[]): string {
  const head = titles.map((title) => `<th>${text(title)}</th>`).join('');
  const body = rows
    .map((row) => `<tr>${row.map((cell) => `<td>${text(cell)}</td>`).join('')}</tr>`)
    .join('\n');
  return `<table><tr>${head}</tr>\n${body}</table>`;
}

function facts(one: Incident): string {
  return table(
    ['what', ''],
    [
      ['type', one.type],
      ['state', one.state],
      ['occurred', one.occurredAt],
      ['opened', `${one.openedAt} by ${one.openedBy}`],
      ['closed', one.closedAt],
      ['owners', one.owners.join(', ')],
      ['root cause', one.rootCause],
      ['record', `${one.id}, revision ${one.revision}, audit head ${one.auditHead}`],
    ],
  );
}

/** @returns a whole document without scripts or anything from elsewhere */
export function incidentReport(one: Incident): string {
  const affected = one.affected.map((key) => [
    key.key,
    key.owner,
    key.substate ?? key.state,
    key.currentVersion,
    key.revokedVersions.join(', '),
    key.consumers.join(', '),
    key.ciphertexts
      .map(({ source, version, count }) => `${source} v${version}: ${count}`)
      .join(', '),
  ]);
  const followUps = one.followUps.map((what) => `<li>${text(what)}</li>`).join('');
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${text(one.title)}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>body{font:15px/1.4 sans-serif;max-width:70em;margin:2em auto}table{border-collapse:collapse;margin:1em 0}td,th{border:1px solid #999;padding:.2em .5em;text-align:left;vertical-align:top}</style>
<h1>${text(one.title)}</h1>
${facts(one)}
<h2>Keys</h2>
${table(['key', 'owner', 'state', 'current', 'revoked', 'consumers', 'ciphertexts'], affected)}
<h2>Timeline</h2>
${table(
  ['at', 'phase', 'key', 'what', 'by', 'operation', 'audit record'],
  one.timeline.map((entry) => [
    entry.at,
    entry.phase,
    entry.key,
    entry.what,
    entry.by,
    entry.operationId,
    entry.auditHash,
  ]),
)}
<h2>Tasks</h2>
${table(
  ['task', 'phase', 'state', 'what', 'what came of it', 'by'],
  one.tasks.map((task) => [task.id, task.phase, task.state, task.text, task.note, task.by]),
)}
<h2>Follow-ups</h2>
<ul>${followUps}</ul>
</html>`;
}
