// SPDX-License-Identifier: Apache-2.0
// Use cases of incidents. Each change is one conditional transaction with its audit record; what is closed stays closed.
import { type AuditEntry, genesisHash, link } from '../audit/chain.ts';
import type { IncidentPhase, IncidentType } from '../contract/incidents.ts';
import { MOST_INCIDENT_ITEMS } from '../contract/incidents.ts';
import { KeyturnError } from '../errors.ts';
import type { Instant } from '../keys/records.ts';
import { type IdempotencyClaim, requireSameBody } from '../operations/admit-operation.ts';
import { decidingAgain, doingOnce } from '../operations/decide-again.ts';
import { keyNotFound } from '../operations/mutate-key.ts';
import { type Playbooks, stepsFor } from '../policies/playbook.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock, Decision } from '../ports/platform.ts';
import type { IncidentRecord, Incidents, IncidentTask } from './records.ts';
import { incidentStream } from './records.ts';

const MAX_TRIES = 4;
const ID_CHARACTERS = 26;

export interface IncidentDeps {
  readonly incidents: Incidents;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly playbooks: Playbooks;
}

interface Actor {
  readonly by: string;
  readonly decision: Decision;
}

export function incidentNotFound(): KeyturnError {
  return new KeyturnError('IncidentNotFound', 'no such incident; "incident list" shows all');
}

/** The same request has the same id, so that sent twice it opens one incident. */
const idOf = ({ scope }: IdempotencyClaim) => `inc_${scope.slice(0, ID_CHARACTERS)}`;

async function keysOf({ ledger }: IncidentDeps, names: readonly string[]): Promise<KeySnapshot[]> {
  const found = await Promise.all(names.map((name) => ledger.readKey(name)));
  return found.map((snapshot, index) => {
    if (!snapshot) throw keyNotFound(names[index] ?? '');
    return snapshot;
  });
}

const unique = (values: readonly string[]) => [...new Set(values)].sort();

function linked(
  before: Pick<IncidentRecord, 'revision' | 'auditHead'> | null,
  next: Omit<IncidentRecord, 'revision' | 'auditHead'>,
  entry: AuditEntry,
) {
  const stream = incidentStream(next.id);
  const head = before
    ? { sequence: before.revision, hash: before.auditHead }
    : { sequence: 0, hash: genesisHash(stream) };
  const audit = link(stream, head, entry);
  const incident = { ...next, revision: audit.sequence, auditHead: audit.hash };
  return { expectedRevision: before?.revision ?? null, incident, audit };
}

function entryOf(
  { by, decision }: Actor,
  at: Instant,
  action: string,
  detail: AuditEntry['detail'],
): AuditEntry {
  return { at, actor: by, action, decision, operationId: null, detail };
}

function tasksOf(
  playbooks: Playbooks,
  type: IncidentType,
  keys: readonly string[],
  first: number,
): IncidentTask[] {
  return stepsFor(playbooks[type], keys).map((step, index) => ({
    id: `t${first + index}`,
    ...step,
    owner: null,
    state: 'open',
    note: null,
    by: null,
    at: null,
    claim: null,
  }));
}

function requireRoom(what: keyof typeof MOST_INCIDENT_ITEMS, count: number): void {
  const most = MOST_INCIDENT_ITEMS[what];
  if (count <= most) return;
  throw new KeyturnError(
    'ValidationFailed',
    `an incident has at most ${most} ${what}; open another`,
    {
      fields: [{ pointer: `/${what}`, detail: `would be ${count}` }],
    },
  );
}

export interface OpenIncidentInput extends Actor {
  readonly type: IncidentType;
  readonly title: string;
  readonly keys: readonly string[];
  readonly occurredAt: Instant | null;
  readonly claim: IdempotencyClaim;
}

/**
 * Opens an incident with the tasks of its playbook.
 * @throws KeyturnError `KeyNotFound`, `ValidationFailed`, `IdempotencyKeyReused`
 */
export async function openIncident(
  deps: IncidentDeps,
  input: OpenIncidentInput,
): Promise<IncidentRecord> {
  const id = idOf(input.claim);
  const find = async () => {
    const known = await deps.incidents.readIncident(id);
    if (known) requireSameBody(known, input.claim);
    return known;
  };
  return doingOnce(find, () => openNew(deps, input, id));
}

async function openNew(
  deps: IncidentDeps,
  input: OpenIncidentInput,
  id: string,
): Promise<IncidentRecord> {
  const now = deps.clock.now();
  if (input.occurredAt !== null && input.occurredAt > now)
    throw new KeyturnError('ValidationFailed', 'it cannot have happened in the future', {
      fields: [{ pointer: '/occurredAt', detail: `is after ${now}` }],
    });
  const snapshots = await keysOf(deps, input.keys);
  const { type, title, occurredAt, by, claim } = input;
  const tasks = tasksOf(deps.playbooks, type, input.keys, 1);
  requireRoom('tasks', tasks.length);
  const change = linked(
    null,
    {
      id,
      type,
      title,
      state: 'open',
      keys: unique(input.keys),
      owners: unique(snapshots.map(({ key }) => key.owner)),
      openedBy: by,
      openedAt: now,
      occurredAt,
      closedAt: null,
      rootCause: null,
      followUps: [],
      notes: [],
      tasks,
      bodyHash: claim.bodyHash,
    },
    entryOf(input, now, 'incident.opened', { type, title, keys: input.keys.join(','), occurredAt }),
  );
  await deps.incidents.commitIncident(change);
  return change.incident;
}

type Next = { readonly incident: IncidentRecord; readonly entry: AuditEntry } | null;

/** Reads, decides, commits; decides again when the record moved meanwhile. Null: it is so already. */
async function mutate(
  { incidents, clock }: IncidentDeps,
  id: string,
  decide: (incident: IncidentRecord, now: Instant) => Promise<Next> | Next,
): Promise<IncidentRecord> {
  return decidingAgain(MAX_TRIES, async () => {
    const before = await incidents.readIncident(id);
    if (!before) throw incidentNotFound();
    const next = await decide(before, clock.now());
    if (!next) return before;
    const change = linked(before, next.incident, next.entry);
    await incidents.commitIncident(change);
    return change.incident;
  });
}

function requireOpen({ id, state }: IncidentRecord): void {
  if (state === 'open') return;
  throw new KeyturnError('TransitionForbidden', `${id} is closed; open another for what is new`);
}

export interface AddNoteInput extends Actor {
  readonly id: string;
  readonly phase: IncidentPhase;
  readonly text: string;
  readonly keys: readonly string[];
  readonly claim: IdempotencyClaim;
}

/** @throws KeyturnError `IncidentNotFound`, `KeyNotFound`, `TransitionForbidden`, `ValidationFailed` */
export async function addNote(deps: IncidentDeps, input: AddNoteInput): Promise<IncidentRecord> {
  const { phase, text, by, claim } = input;
  const snapshots = await keysOf(deps, input.keys);
  return mutate(deps, input.id, (incident, now) => {
    if (incident.notes.some((note) => note.claim === claim.scope)) return null;
    requireOpen(incident);
    const fresh = input.keys.filter((key) => !incident.keys.includes(key));
    const steps = deps.playbooks[incident.type].filter(({ command }) => command?.includes('{key}'));
    const more = tasksOf(
      { ...deps.playbooks, [incident.type]: steps },
      incident.type,
      fresh,
      incident.tasks.length + 1,
    );
    const notes = [...incident.notes, { at: now, by, phase, text, claim: claim.scope }];
    requireRoom('notes', notes.length);
    requireRoom('keys', incident.keys.length + fresh.length);
    requireRoom('tasks', incident.tasks.length + more.length);
    return {
      incident: {
        ...incident,
        notes,
        keys: unique([...incident.keys, ...fresh]),
        owners: unique([...incident.owners, ...snapshots.map(({ key }) => key.owner)]),
        tasks: [...incident.tasks, ...more],
      },
      entry: entryOf(input, now, 'incident.noted', { phase, text, keys: fresh.join(',') || null }),
    };
  });
}

export interface AddTaskInput extends Actor {
  readonly id: string;
  readonly phase: IncidentPhase;
  readonly text: string;
  readonly owner: string | null;
  readonly claim: IdempotencyClaim;
}

/** @throws KeyturnError `IncidentNotFound`, `TransitionForbidden`, `ValidationFailed` */
export async function addTask(deps: IncidentDeps, input: AddTaskInput): Promise<IncidentRecord> {
  const { phase, text, owner, claim } = input;
  return mutate(deps, input.id, (incident, now) => {
    if (incident.tasks.some((task) => task.claim === claim.scope)) return null;
    requireOpen(incident);
    const id = `t${incident.tasks.length + 1}`;
    requireRoom('tasks', incident.tasks.length + 1);
    const state = 'open' as const;
    const task = { id, phase, text, owner, state, command: null, note: null, by: null, at: null };
    return {
      incident: { ...incident, tasks: [...incident.tasks, { ...task, claim: claim.scope }] },
      entry: entryOf(input, now, 'incident.task-added', { task: id, phase, text, owner }),
    };
  });
}

export interface UpdateTaskInput extends Actor {
  readonly id: string;
  readonly task: string;
  readonly state: 'done' | 'dropped';
  readonly note: string;
}

/** Said again, it stays as it was said first. @throws KeyturnError `IncidentNotFound`, `TransitionForbidden` */
export async function updateTask(
  deps: IncidentDeps,
  input: UpdateTaskInput,
): Promise<IncidentRecord> {
  const { by, state, note } = input;
  return mutate(deps, input.id, (incident, now) => {
    const found = incident.tasks.find(({ id }) => id === input.task);
    if (!found) throw incidentNotFound();
    if (found.state === state) return null;
    requireOpen(incident);
    const next = { ...found, state, note, by, at: now };
    return {
      incident: { ...incident, tasks: incident.tasks.map((one) => (one === found ? next : one)) },
      entry: entryOf(input, now, 'incident.task-ended', { task: found.id, state, note }),
    };
  });
}

export interface CloseIncidentInput extends Actor {
  readonly id: string;
  readonly rootCause: string;
  readonly followUps: readonly string[];
}

/**
 * Closes an incident. Every task was done or found not to be needed: what is left open would be forgotten.
 * @throws KeyturnError `IncidentNotFound`, `TransitionForbidden` naming the open tasks
 */
export async function closeIncident(
  deps: IncidentDeps,
  input: CloseIncidentInput,
): Promise<IncidentRecord> {
  const { rootCause, followUps, by } = input;
  return mutate(deps, input.id, (incident, now) => {
    const isSame =
      incident.rootCause === rootCause && incident.followUps.join('\n') === followUps.join('\n');
    if (incident.state === 'closed' && isSame) return null;
    requireOpen(incident);
    const open = incident.tasks.filter(({ state }) => state === 'open').map(({ id }) => id);
    if (open.length > 0)
      throw new KeyturnError(
        'TransitionForbidden',
        `${open.length} tasks of ${incident.id} are open: ${open.slice(0, 10).join(', ')}; end or drop each, saying why`,
      );
    const note = { at: now, by, phase: 'root-cause' as const, text: rootCause, claim: 'closure' };
    return {
      incident: {
        ...incident,
        state: 'closed',
        closedAt: now,
        rootCause,
        followUps,
        notes: [...incident.notes, note],
      },
      entry: entryOf(input, now, 'incident.closed', { rootCause, followUps: followUps.length }),
    };
  });
}
