// SPDX-License-Identifier: Apache-2.0
// Incidents for people: opens, notes, tasks, closes, shows. It reads keys and their audit records, and changes none.
import { systemClock } from '#adapters/system/system.ts';
import {
  AddIncidentNoteRequest,
  AddIncidentTaskRequest,
  CloseIncidentRequest,
  IncidentId,
  OpenIncidentRequest,
  UpdateIncidentTaskRequest,
} from '#core/contract/incidents.ts';
import {
  addNote,
  addTask,
  closeIncident,
  incidentNotFound,
  openIncident,
  updateTask,
} from '#core/incidents/manage-incidents.ts';
import type { IncidentRecord } from '#core/incidents/records.ts';
import { idempotencyClaim } from '#core/operations/admit-operation.ts';
import { PLAYBOOKS } from '#policies/playbooks.ts';
import { type ApiRequest, apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { idempotencyKeyOf, parseBody } from '../shared/api-request.ts';
import { environmentOf } from '../shared/environment.ts';
import { incidentSummary, incidentView } from '../shared/incident-views.ts';
import { authorizer, incidentRows, ledger } from '../shared/wiring.ts';

const environment = environmentOf('manage-incidents');
const table = ledger(environment.TABLE_NAME);
const incidents = incidentRows(environment.TABLE_NAME);
const deps = { incidents, ledger: table, clock: systemClock, playbooks: PLAYBOOKS };

function idInPath({ path }: ApiRequest): string {
  const id = IncidentId.safeParse(path['id']);
  if (id.success) return id.data;
  throw incidentNotFound();
}

const shown = async (incident: IncidentRecord) => ({ body: await incidentView(table, incident) });

/** Who does it, as decided, and how a request that is sent twice is known. */
async function actorOf(request: ApiRequest) {
  return { by: request.principal.id, decision: await request.authorize({}) };
}
const claimOf = ({ principal, event }: ApiRequest, route: string, body: unknown) =>
  idempotencyClaim(principal.id, route, idempotencyKeyOf(event), body);

const open: RouteHandler = async (request) => {
  const actor = await actorOf(request);
  const { occurredAt = null, ...body } = parseBody(request.event, OpenIncidentRequest);
  const claim = claimOf(request, 'POST /v1/incidents', { ...body, occurredAt });
  const incident = await openIncident(deps, { ...actor, ...body, occurredAt, claim });
  return { ...(await shown(incident)), headers: { location: `/v1/incidents/${incident.id}` } };
};

const list: RouteHandler = async (request) => {
  await request.authorize({});
  const all = [...(await incidents.listIncidents())].sort((a, b) =>
    a.openedAt < b.openedAt ? 1 : -1,
  );
  return { body: { items: all.map(incidentSummary), nextCursor: null } };
};

const show: RouteHandler = async (request) => {
  await request.authorize({});
  const incident = await incidents.readIncident(idInPath(request));
  if (!incident) throw incidentNotFound();
  return shown(incident);
};

const note: RouteHandler = async (request) => {
  const actor = await actorOf(request);
  const id = idInPath(request);
  const body = parseBody(request.event, AddIncidentNoteRequest);
  const claim = claimOf(request, `POST /v1/incidents/${id}/notes`, body);
  return shown(await addNote(deps, { ...actor, id, ...body, claim }));
};

const task: RouteHandler = async (request) => {
  const actor = await actorOf(request);
  const id = idInPath(request);
  const { owner = null, ...body } = parseBody(request.event, AddIncidentTaskRequest);
  const claim = claimOf(request, `POST /v1/incidents/${id}/tasks`, { ...body, owner });
  return shown(await addTask(deps, { ...actor, id, ...body, owner, claim }));
};

const update: RouteHandler = async (request) => {
  const actor = await actorOf(request);
  const id = idInPath(request);
  const body = parseBody(request.event, UpdateIncidentTaskRequest);
  return shown(await updateTask(deps, { ...actor, id, task: request.path['task'] ?? '', ...body }));
};

const close: RouteHandler = async (request) => {
  const actor = await actorOf(request);
  const id = idInPath(request);
  const body = parseBody(request.event, CloseIncidentRequest);
  return shown(await closeIncident(deps, { ...actor, id, ...body }));
};

export const handler = apiHandler(
  {
    openIncident: open,
    listIncidents: list,
    getIncident: show,
    addIncidentNote: note,
    addIncidentTask: task,
    updateIncidentTask: update,
    closeIncident: close,
  },
  authorizer(environment.STAGE),
);
