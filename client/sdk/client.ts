// SPDX-License-Identifier: Apache-2.0
// The typed client: one method per route of the contract, so a route without a method does not compile.
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { Accepted } from '#core/contract/api.ts';
import { type ClientRouteId, ROUTES, type Route, type RouteId } from '#core/contract/routes.ts';
import { readAnswer } from './answer.ts';
import { ArgumentError } from './errors.ts';
import type {
  Answered,
  Client,
  ClientOptions,
  PageOptions,
  ResponseOf,
  StartOptions,
} from './surface.ts';
import { createTransport, type HttpRequest } from './transport.ts';

interface Call extends PageOptions, StartOptions {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly ifMatch?: string;
  /** Of a route where some bodies start work: this one does. */
  readonly startsWork?: true;
}

/**
 * Puts values into a route's placeholders.
 * @throws ArgumentError for an empty value, `.` and `..`, which URL normalization would turn into another route.
 */
export function fillPath(path: string, values: Readonly<Record<string, string>>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name] ?? '';
    if (/^\.{0,2}$/.test(value)) throw new ArgumentError(`"${value}" cannot be a ${name}`);
    return encodeURIComponent(value);
  });
}

function toRequest(endpointUrl: string, route: Route, call: Call): HttpRequest {
  const query = new URLSearchParams(call.query);
  if (call.limit !== undefined) query.set('limit', String(call.limit));
  if (call.cursor !== undefined) query.set('cursor', call.cursor);
  const search = query.size > 0 ? `?${query}` : '';
  return {
    method: route.method,
    url: `${endpointUrl.replace(/\/+$/, '')}${fillPath(route.path, call.path ?? {})}${search}`,
    headers: {
      accept: 'application/json, application/problem+json',
      ...(call.body !== undefined && { 'content-type': 'application/json' }),
      ...((route.idempotent || call.startsWork) && {
        'idempotency-key': call.idempotencyKey ?? randomUUID(),
      }),
      ...(call.ifMatch !== undefined && { 'if-match': call.ifMatch }),
    },
    ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
    ...(call.signal && { signal: call.signal }),
  };
}

/** A token goes where it is asked who is there; a signer signs every request, for at the workload API no route is open. */
function prover({ authorize, token }: ClientOptions) {
  return async (route: Route, request: HttpRequest): Promise<Readonly<Record<string, string>>> => {
    if (authorize) return authorize(request);
    if (token === undefined || route.action === null) return {};
    return { authorization: `Bearer ${typeof token === 'string' ? token : await token()}` };
  };
}

/** A client of one deployment, acting as one principal. Every method may throw what `./errors.ts` lists. */
export function createClient(options: ClientOptions): Client {
  const send = options.send ?? createTransport(options.ca ? { ca: options.ca } : {});
  const prove = prover(options);

  async function ask(route: Route, details: Call) {
    const request = toRequest(options.endpointUrl, route, details);
    const proof = await prove(route, request);
    return send({ ...request, headers: { ...request.headers, ...proof } });
  }

  async function call<Id extends RouteId>(id: Id, details: Call = {}): Answered<Id> {
    const route: Route = ROUTES[id];
    const response = await ask(route, details);
    return readAnswer(route.response as z.ZodType<ResponseOf<Id>> | null, response);
  }

  return {
    createKey: (body, options) => call('createKey', { ...options, body }),
    listKeys: (options) => call('listKeys', options),
    getKey: (name, options) => call('getKey', { ...options, path: { name } }),
    updateKey: (name, body, options) => call('updateKey', { ...options, path: { name }, body }),
    listVersions: (name, options) => call('listVersions', { ...options, path: { name } }),
    startRotation: (name, body = {}, options) =>
      call('startRotation', { ...options, path: { name }, body }),
    revokeKey: (name, body, options) => call('revokeKey', { ...options, path: { name }, body }),
    suspendKey: (name, body, options) => call('suspendKey', { ...options, path: { name }, body }),
    resumeKey: (name, body = {}, options) =>
      call('resumeKey', { ...options, path: { name }, body }),
    liftContainment: (id, body = {}, options) =>
      call('liftContainment', { ...options, path: { id }, body }),
    releaseKey: (name, body = {}, options) =>
      call('releaseKey', { ...options, path: { name }, body }),
    createAdoption: (body, options) => call('createAdoption', { ...options, body }),
    adoptKey: async (body, options) => {
      const details = { ...options, body: { ...body, mode: 'adopt' }, startsWork: true as const };
      return readAnswer(Accepted, await ask(ROUTES.createAdoption, details));
    },
    createPlan: (body, options) => call('createPlan', { ...options, body }),
    listConsumers: (name, options) => call('listConsumers', { ...options, path: { name } }),
    getConsumer: ({ key: name, consumer }, options) =>
      call('getConsumer', { ...options, path: { name, consumer } }),
    putConsumer: ({ key: name, consumer }, body, options) =>
      call('putConsumer', { ...options, path: { name, consumer }, body }),
    deleteConsumer: ({ key: name, consumer }, options) =>
      call('deleteConsumer', { ...options, path: { name, consumer } }),
    acknowledgePurge: ({ key: name, consumer }, body, options) =>
      call('acknowledgePurge', { ...options, path: { name, consumer }, body }),
    getRotation: (operationId, options) =>
      call('getRotation', { ...options, path: { operationId } }),
    acknowledgeRotation: (operationId, body, options) =>
      call('acknowledgeRotation', { ...options, path: { operationId }, body }),
    extendRotation: (operationId, body, options) =>
      call('extendRotation', { ...options, path: { operationId }, body }),
    reportRotation: (operationId, body, options) =>
      call('reportRotation', { ...options, path: { operationId }, body }),
    cancelRotation: (operationId, body, options) =>
      call('cancelRotation', { ...options, path: { operationId }, body }),
    rollBackRotation: (operationId, body, options) =>
      call('rollBackRotation', { ...options, path: { operationId }, body }),
    forceRotation: (operationId, body, options) =>
      call('forceRotation', { ...options, path: { operationId }, body }),
    listSources: (name, options) => call('listSources', { ...options, path: { name } }),
    putSource: ({ key: name, source }, body, options) =>
      call('putSource', { ...options, path: { name, source }, body }),
    deleteSource: ({ key: name, source }, options) =>
      call('deleteSource', { ...options, path: { name, source } }),
    startReencryption: (name, body = {}, options) =>
      call('startReencryption', { ...options, path: { name }, body }),
    openVersion: ({ key: name, version }, body, options) =>
      call('openVersion', { ...options, path: { name, version: String(version) }, body }),
    getReencryption: (name, options) => call('getReencryption', { ...options, path: { name } }),
    listHolds: (name, options) => call('listHolds', { ...options, path: { name } }),
    putHold: ({ key: name, hold }, body, options) =>
      call('putHold', { ...options, path: { name, hold }, body }),
    deleteHold: ({ key: name, hold }, options) =>
      call('deleteHold', { ...options, path: { name, hold } }),
    checkRetirement: ({ key: name, version }, options) =>
      call('checkRetirement', { ...options, path: { name, version: String(version) } }),
    retireVersion: ({ key: name, version }, options) =>
      call('retireVersion', { ...options, path: { name, version: String(version) } }),
    requestDestruction: (name, body, options) =>
      call('requestDestruction', { ...options, path: { name }, body }),
    getDestruction: ({ key: name, version }, options) =>
      call('getDestruction', { ...options, path: { name, version: String(version) } }),
    stopDestruction: ({ key: name, version }, body = {}, options) =>
      call('stopDestruction', { ...options, path: { name, version: String(version) }, body }),
    reportMaterial: ({ key: name, version }, body, options) =>
      call('reportMaterial', { ...options, path: { name, version: String(version) }, body }),
    encrypt: (name, body, options) => call('encrypt', { ...options, path: { name }, body }),
    decrypt: (name, body, options) => call('decrypt', { ...options, path: { name }, body }),
    fetchDataKey: (name, body = {}, options) =>
      call('fetchDataKey', { ...options, path: { name }, body }),
    listApprovals: ({ state, ...options } = {}) =>
      call('listApprovals', { ...options, ...(state ? { query: { state } } : {}) }),
    getApproval: (id, options) => call('getApproval', { ...options, path: { id } }),
    castVote: (id, body, options) => call('castVote', { ...options, path: { id }, body }),
    cancelApproval: (id, options) => call('cancelApproval', { ...options, path: { id } }),
    openIncident: (body, options) => call('openIncident', { ...options, body }),
    listIncidents: (options) => call('listIncidents', options),
    getIncident: (id, options) => call('getIncident', { ...options, path: { id } }),
    addIncidentNote: (id, body, options) =>
      call('addIncidentNote', { ...options, path: { id }, body }),
    addIncidentTask: (id, body, options) =>
      call('addIncidentTask', { ...options, path: { id }, body }),
    updateIncidentTask: (path, body, options) =>
      call('updateIncidentTask', { ...options, path, body }),
    closeIncident: (id, body, options) => call('closeIncident', { ...options, path: { id }, body }),
    planContainment: (body, options) => call('planContainment', { ...options, body }),
    containScope: (body, options) => call('containScope', { ...options, body }),
    listContainments: (options) => call('listContainments', options),
    getContainment: (id, options) => call('getContainment', { ...options, path: { id } }),
    applyBrake: (body, options) => call('applyBrake', { ...options, body }),
    listBrakes: (options) => call('listBrakes', options),
    getBrake: (id, options) => call('getBrake', { ...options, path: { id } }),
    liftBrake: (id, body = {}, options) => call('liftBrake', { ...options, path: { id }, body }),
    startPause: (body, options) => call('startPause', { ...options, body }),
    listPauses: (options) => call('listPauses', options),
    endPause: (id, options) => call('endPause', { ...options, path: { id } }),
    requestElevation: (body, options) => call('requestElevation', { ...options, body }),
    listElevations: (options) => call('listElevations', options),
    revokeElevation: (id, options) => call('revokeElevation', { ...options, path: { id } }),
    enrollSigner: (body, options) => call('enrollSigner', { ...options, body }),
    createSignerLink: (options) => call('createSignerLink', options),
    listSigners: (options) => call('listSigners', options),
    removeSigner: (id, options) => call('removeSigner', { ...options, path: { id } }),
    startRecovery: (body, options) => call('startRecovery', { ...options, body }),
    listRecoveries: (options) => call('listRecoveries', options),
    getRecovery: (id, options) => call('getRecovery', { ...options, path: { id } }),
    resumeRecovery: (id, options) => call('resumeRecovery', { ...options, path: { id } }),
    getEscrow: (name, options) => call('getEscrow', { ...options, path: { name } }),
    listShares: (name, options) => call('listShares', { ...options, path: { name } }),
    startEscrowSession: (name, body, options) =>
      call('startEscrowSession', { ...options, path: { name }, body }),
    cancelEscrowSession: ({ key: name, session }, options) =>
      call('cancelEscrowSession', { ...options, path: { name, session } }),
    contributeShare: ({ key: name, session }, body, options) =>
      call('contributeShare', { ...options, path: { name, session }, body }),
    completeEscrowSession: ({ key: name, session }, options) =>
      call('completeEscrowSession', { ...options, path: { name, session } }),
    proveShare: (name, body, options) => call('proveShare', { ...options, path: { name }, body }),
    getDecisionPolicy: (options) => call('getDecisionPolicy', { ...options }),
    activateDecisionPolicy: (body, options) => call('activateDecisionPolicy', { ...options, body }),
    withdrawDecisionPolicy: (options) => call('withdrawDecisionPolicy', { ...options }),
    getOperation: (id, options) => call('getOperation', { ...options, path: { id } }),
    readAudit: (key, options) => call('readAudit', { ...options, query: { key } }),
    readUsage: (name, options) => call('readUsage', { ...options, path: { name } }),
    readCalendar: ({ from, until, ...options } = {}) =>
      call('readCalendar', {
        ...options,
        query: { ...(from !== undefined && { from }), ...(until !== undefined && { until }) },
      }),
    createKeyStore: (body, options) => call('createKeyStore', { ...options, body }),
    getKeyStore: (name, options) => call('getKeyStore', { ...options, path: { name } }),
    readCapacity: (name, options) => call('readCapacity', { ...options, path: { name } }),
    listHsms: (name, options) => call('listHsms', { ...options, path: { name } }),
    changeHsms: (name, body, options) => call('changeHsms', { ...options, path: { name }, body }),
    startDrill: (options) => call('startDrill', options),
    listDrills: (options) => call('listDrills', options),
    getDrill: (id, options) => call('getDrill', { ...options, path: { id } }),
    answerDrill: (id, options) => call('answerDrill', { ...options, path: { id } }),
    reportDrillKeys: (id, body, options) =>
      call('reportDrillKeys', { ...options, path: { id }, body }),
    listTasks: (name, options) => call('listTasks', { ...options, path: { name } }),
    completeTask: ({ keyStore, task }, body, options) =>
      call('completeTask', { ...options, path: { name: keyStore, id: task }, body }),
    getHealth: (options) => call('getHealth', options),
    getStatusList: (options) => call('getStatusList', options),
    getNoticeKeys: (options) => call('getNoticeKeys', options),
    getOpenApi: (options) => call('getOpenApi', options),
  } satisfies Client & Record<ClientRouteId, unknown>;
}
