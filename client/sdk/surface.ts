// SPDX-License-Identifier: Apache-2.0
// What the client offers, as types derived from the route table: a body that changes there changes here.
import type { z } from 'zod';
import type { AdoptKeyRequest, ReportRequest } from '#core/contract/adoptions.ts';
import type { ROUTES, RouteId } from '#core/contract/routes.ts';
import type { Answer } from './answer.ts';
import type { HttpRequest, Send } from './transport.ts';

/** Body that a route takes, as callers write it: members with a default may be left out. */
export type RequestOf<Id extends RouteId> = (typeof ROUTES)[Id] extends {
  request: infer S extends z.ZodType;
}
  ? z.input<S>
  : never;
/** Body that a route answers. */
export type ResponseOf<Id extends RouteId> = (typeof ROUTES)[Id]['response'] extends infer S extends
  z.ZodType
  ? z.output<S>
  : Record<string, unknown>;
/** What a method promises. */
export type Answered<Id extends RouteId> = Promise<Answer<ResponseOf<Id>>>;

/** Gives the headers that prove who calls; SigV4 signs the request it gets. */
export type Authorize = (
  request: HttpRequest,
) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;

export interface ClientOptions {
  /** `apiUrl` or `workloadApiUrl`: `/v1/…` is appended. */
  readonly endpointUrl: string;
  /** JWT of a person, or what gets it at the first route that is not public; for workloads give `authorize`. */
  readonly token?: string | (() => Promise<string>);
  /** Signs every request, those of the public routes too: the workload API lets nothing in unsigned. */
  readonly authorize?: Authorize;
  /** PEM certificates to trust instead of the system's. */
  readonly ca?: string;
  /** Another transport, for tests and for printing requests. */
  readonly send?: Send;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}
export interface PageOptions extends CallOptions {
  readonly limit?: number;
  readonly cursor?: string;
}
export interface StartOptions extends CallOptions {
  /** Same key and body: same operation. A new UUID when left out. */
  readonly idempotencyKey?: string;
}

/** Names one consumer of one key. */
export interface ConsumerAddress {
  readonly key: string;
  readonly consumer: string;
}

/** Names one source of ciphertexts of a key. */
export interface SourceAddress {
  readonly key: string;
  readonly source: string;
}

/** Names one hold on a key. */
export interface HoldAddress {
  readonly key: string;
  readonly hold: string;
}

/** Names one escrow session of a key. */
export interface EscrowSessionAddress {
  readonly key: string;
  readonly session: string;
}

/** Names one version of a key. */
export interface VersionAddress {
  readonly key: string;
  readonly version: number;
}

export interface Client {
  createKey(body: RequestOf<'createKey'>, options?: StartOptions): Answered<'createKey'>;
  listKeys(options?: PageOptions): Answered<'listKeys'>;
  getKey(name: string, options?: CallOptions): Answered<'getKey'>;
  /** `ifMatch` is the `etag` of {@link Client.getKey}. */
  updateKey(
    name: string,
    body: RequestOf<'updateKey'>,
    options: CallOptions & { readonly ifMatch: string },
  ): Answered<'updateKey'>;
  listVersions(name: string, options?: PageOptions): Answered<'listVersions'>;
  startRotation(
    name: string,
    body?: RequestOf<'startRotation'>,
    options?: StartOptions,
  ): Answered<'startRotation'>;
  /** Stops a key or one version for good; it is denied when this answers. */
  revokeKey(
    name: string,
    body: RequestOf<'revokeKey'>,
    options?: StartOptions,
  ): Answered<'revokeKey'>;
  /** Stops a key until its suspension is lifted; it is denied when this answers. */
  suspendKey(
    name: string,
    body: RequestOf<'suspendKey'>,
    options?: StartOptions,
  ): Answered<'suspendKey'>;
  /** Asks for approvals to lift a suspension. */
  resumeKey(
    name: string,
    body?: RequestOf<'resumeKey'>,
    options?: StartOptions,
  ): Answered<'resumeKey'>;
  /** Asks for approvals to lift a suspended scope. */
  liftContainment(
    id: string,
    body?: RequestOf<'liftContainment'>,
    options?: StartOptions,
  ): Answered<'liftContainment'>;
  /** Lets a key go: its KMS keys stay usable without Keyturn. */
  releaseKey(
    name: string,
    body?: RequestOf<'releaseKey'>,
    options?: StartOptions,
  ): Answered<'releaseKey'>;
  /** What a KMS key is that Keyturn did not make, and what stands in the way of managing it; changes nothing. */
  createAdoption(
    body: z.input<typeof ReportRequest>,
    options?: CallOptions,
  ): Answered<'createAdoption'>;
  /** Takes such a key over: the same route, and what may be lost by it is named in `accept`. */
  adoptKey(
    body: Omit<z.input<typeof AdoptKeyRequest>, 'mode'>,
    options?: StartOptions,
  ): Answered<'createKey'>;
  /** What an operation would touch; changes nothing. */
  createPlan(body: RequestOf<'createPlan'>, options?: CallOptions): Answered<'createPlan'>;
  listConsumers(name: string, options?: PageOptions): Answered<'listConsumers'>;
  getConsumer(target: ConsumerAddress, options?: CallOptions): Answered<'getConsumer'>;
  /** `ifMatch`, the `etag` of {@link Client.getConsumer}, is needed where the consumer exists. */
  putConsumer(
    target: ConsumerAddress,
    body: RequestOf<'putConsumer'>,
    options?: StartOptions & { readonly ifMatch?: string },
  ): Answered<'putConsumer'>;
  deleteConsumer(
    target: ConsumerAddress,
    options: StartOptions & { readonly ifMatch: string },
  ): Answered<'deleteConsumer'>;
  /** Caches of the consumer hold nothing of the key any more, since the containment that a notice named. */
  acknowledgePurge(
    target: ConsumerAddress,
    body: RequestOf<'acknowledgePurge'>,
    options?: CallOptions,
  ): Answered<'acknowledgePurge'>;
  getRotation(operationId: string, options?: CallOptions): Answered<'getRotation'>;
  acknowledgeRotation(
    operationId: string,
    body: RequestOf<'acknowledgeRotation'>,
    options?: CallOptions,
  ): Answered<'acknowledgeRotation'>;
  extendRotation(
    operationId: string,
    body: RequestOf<'extendRotation'>,
    options?: CallOptions,
  ): Answered<'extendRotation'>;
  reportRotation(
    operationId: string,
    body: RequestOf<'reportRotation'>,
    options?: CallOptions,
  ): Answered<'reportRotation'>;
  cancelRotation(
    operationId: string,
    body: RequestOf<'cancelRotation'>,
    options?: CallOptions,
  ): Answered<'cancelRotation'>;
  rollBackRotation(
    operationId: string,
    body: RequestOf<'rollBackRotation'>,
    options?: CallOptions,
  ): Answered<'rollBackRotation'>;
  forceRotation(
    operationId: string,
    body: RequestOf<'forceRotation'>,
    options?: StartOptions,
  ): Answered<'forceRotation'>;
  listSources(name: string, options?: CallOptions): Answered<'listSources'>;
  putSource(
    target: SourceAddress,
    body: RequestOf<'putSource'>,
    options?: CallOptions,
  ): Answered<'putSource'>;
  deleteSource(target: SourceAddress, options?: CallOptions): Answered<'deleteSource'>;
  /** Starts a run, or resumes one that stopped. */
  startReencryption(
    name: string,
    body?: RequestOf<'startReencryption'>,
    options?: StartOptions,
  ): Answered<'startReencryption'>;
  /** Asks several people to let what a revoked version protects be re-encrypted for some hours. */
  openVersion(
    target: VersionAddress,
    body: RequestOf<'openVersion'>,
    options?: StartOptions,
  ): Answered<'openVersion'>;
  getReencryption(name: string, options?: CallOptions): Answered<'getReencryption'>;
  listHolds(name: string, options?: CallOptions): Answered<'listHolds'>;
  putHold(
    target: HoldAddress,
    body: RequestOf<'putHold'>,
    options?: CallOptions,
  ): Answered<'putHold'>;
  deleteHold(target: HoldAddress, options?: CallOptions): Answered<'deleteHold'>;
  checkRetirement(target: VersionAddress, options?: CallOptions): Answered<'checkRetirement'>;
  /** Marks the version as ready to be destroyed when every condition holds; says so when one does not. */
  retireVersion(target: VersionAddress, options?: CallOptions): Answered<'retireVersion'>;
  /** Asks several people; the answer names the request. */
  requestDestruction(
    name: string,
    body: RequestOf<'requestDestruction'>,
    options?: StartOptions,
  ): Answered<'requestDestruction'>;
  getDestruction(target: VersionAddress, options?: CallOptions): Answered<'getDestruction'>;
  stopDestruction(
    target: VersionAddress,
    body?: RequestOf<'stopDestruction'>,
    options?: CallOptions,
  ): Answered<'stopDestruction'>;
  reportMaterial(
    target: VersionAddress,
    body: RequestOf<'reportMaterial'>,
    options?: CallOptions,
  ): Answered<'reportMaterial'>;
  encrypt(name: string, body: RequestOf<'encrypt'>, options?: CallOptions): Answered<'encrypt'>;
  decrypt(name: string, body: RequestOf<'decrypt'>, options?: CallOptions): Answered<'decrypt'>;
  /** The wrapped data key of the current version, or of the one named: unwrap it with KMS Decrypt. */
  fetchDataKey(
    name: string,
    body?: RequestOf<'fetchDataKey'>,
    options?: CallOptions,
  ): Answered<'fetchDataKey'>;
  /** Requests for approval; open ones when `state` is left out. */
  listApprovals(
    options?: PageOptions & { readonly state?: 'open' | 'ended' },
  ): Answered<'listApprovals'>;
  getApproval(id: string, options?: CallOptions): Answered<'getApproval'>;
  castVote(id: string, body: RequestOf<'castVote'>, options?: CallOptions): Answered<'castVote'>;
  cancelApproval(id: string, options?: CallOptions): Answered<'cancelApproval'>;
  /** For oneself: others decide. */
  /** What containing a scope would do; changes nothing. */
  planContainment(
    body: RequestOf<'planContainment'>,
    options?: CallOptions,
  ): Answered<'planContainment'>;
  /** Stops all keys of an owner, class or environment, or asks for approvals. */
  containScope(body: RequestOf<'containScope'>, options?: StartOptions): Answered<'containScope'>;
  listContainments(options?: PageOptions): Answered<'listContainments'>;
  getContainment(id: string, options?: CallOptions): Answered<'getContainment'>;
  /** Denies the roles of consumers every use of managed keys at KMS. */
  applyBrake(body: RequestOf<'applyBrake'>, options?: StartOptions): Answered<'applyBrake'>;
  listBrakes(options?: PageOptions): Answered<'listBrakes'>;
  getBrake(id: string, options?: CallOptions): Answered<'getBrake'>;
  liftBrake(
    id: string,
    body?: RequestOf<'liftBrake'>,
    options?: StartOptions,
  ): Answered<'liftBrake'>;
  /** Has nothing begin by schedule that changes keys. */
  startPause(body: RequestOf<'startPause'>, options?: CallOptions): Answered<'startPause'>;
  listPauses(options?: PageOptions): Answered<'listPauses'>;
  endPause(id: string, options?: CallOptions): Answered<'endPause'>;
  requestElevation(
    body: RequestOf<'requestElevation'>,
    options?: StartOptions,
  ): Answered<'requestElevation'>;
  listElevations(options?: PageOptions): Answered<'listElevations'>;
  revokeElevation(id: string, options?: CallOptions): Answered<'revokeElevation'>;
  enrollSigner(body: RequestOf<'enrollSigner'>, options?: StartOptions): Answered<'enrollSigner'>;
  /** To the page on which a passkey is made, for a quarter of an hour. */
  createSignerLink(options?: CallOptions): Answered<'createSignerLink'>;
  listSigners(options?: PageOptions): Answered<'listSigners'>;
  removeSigner(id: string, options?: CallOptions): Answered<'removeSigner'>;
  /** Asks for the approvals of a recovery of the stage's key store. */
  startRecovery(
    body: RequestOf<'startRecovery'>,
    options?: StartOptions,
  ): Answered<'startRecovery'>;
  listRecoveries(options?: PageOptions): Answered<'listRecoveries'>;
  getRecovery(id: string, options?: CallOptions): Answered<'getRecovery'>;
  /** Takes a recovery up again that stopped. */
  resumeRecovery(id: string, options?: CallOptions): Answered<'resumeRecovery'>;
  getEscrow(name: string, options?: CallOptions): Answered<'getEscrow'>;
  /** The caller's own shares, sealed to their own age key. */
  listShares(name: string, options?: CallOptions): Answered<'listShares'>;
  startEscrowSession(
    name: string,
    body: RequestOf<'startEscrowSession'>,
    options?: StartOptions,
  ): Answered<'startEscrowSession'>;
  cancelEscrowSession(
    target: EscrowSessionAddress,
    options?: CallOptions,
  ): Answered<'cancelEscrowSession'>;
  contributeShare(
    target: EscrowSessionAddress,
    body: RequestOf<'contributeShare'>,
    options?: CallOptions,
  ): Answered<'contributeShare'>;
  /** Opens what was handed in; a share that does not hold is named, and the others are used. */
  completeEscrowSession(
    target: EscrowSessionAddress,
    options?: CallOptions,
  ): Answered<'completeEscrowSession'>;
  proveShare(
    name: string,
    body: RequestOf<'proveShare'>,
    options?: CallOptions,
  ): Answered<'proveShare'>;
  /** Who decides by which rules, and what a deployment would change in it. */
  getDecisionPolicy(options?: CallOptions): Answered<'getDecisionPolicy'>;
  /** Asks for approvals to bring the deployed decision policy into force. */
  activateDecisionPolicy(
    body: RequestOf<'activateDecisionPolicy'>,
    options?: StartOptions,
  ): Answered<'activateDecisionPolicy'>;
  /** Takes back what was agreed on, before it is in force. */
  withdrawDecisionPolicy(options?: CallOptions): Answered<'withdrawDecisionPolicy'>;
  getOperation(id: string, options?: CallOptions): Answered<'getOperation'>;
  readAudit(key: string, options?: PageOptions): Answered<'readAudit'>;
  /** Who used which version last, as CloudTrail saw it. */
  readUsage(name: string, options?: CallOptions): Answered<'readUsage'>;
  /** What rotates from `from` to before `until`, RFC 3339 UTC; a week from now when left out. */
  readCalendar(
    options?: PageOptions & { readonly from?: string; readonly until?: string },
  ): Answered<'readCalendar'>;
  createKeyStore(
    body: RequestOf<'createKeyStore'>,
    options?: StartOptions,
  ): Answered<'createKeyStore'>;
  getKeyStore(name: string, options?: CallOptions): Answered<'getKeyStore'>;
  readCapacity(name: string, options?: CallOptions): Answered<'readCapacity'>;
  listHsms(name: string, options?: CallOptions): Answered<'listHsms'>;
  changeHsms(
    name: string,
    body: RequestOf<'changeHsms'>,
    options?: CallOptions,
  ): Answered<'changeHsms'>;
  startDrill(options?: CallOptions): Answered<'startDrill'>;
  listDrills(options?: PageOptions): Answered<'listDrills'>;
  getDrill(id: string, options?: CallOptions): Answered<'getDrill'>;
  answerDrill(id: string, options?: CallOptions): Answered<'answerDrill'>;
  reportDrillKeys(
    id: string,
    body: RequestOf<'reportDrillKeys'>,
    options?: CallOptions,
  ): Answered<'reportDrillKeys'>;
  listTasks(name: string, options?: PageOptions): Answered<'listTasks'>;
  completeTask(
    target: { readonly keyStore: string; readonly task: string },
    body: RequestOf<'completeTask'>,
    options?: CallOptions,
  ): Answered<'completeTask'>;
  getHealth(options?: CallOptions): Answered<'getHealth'>;
  /** The signed list of stopped keys; `verifyStatusList` of the CLI shows how to check it. */
  openIncident(body: RequestOf<'openIncident'>, options?: StartOptions): Answered<'openIncident'>;
  listIncidents(options?: PageOptions): Answered<'listIncidents'>;
  getIncident(id: string, options?: CallOptions): Answered<'getIncident'>;
  addIncidentNote(
    id: string,
    body: RequestOf<'addIncidentNote'>,
    options?: StartOptions,
  ): Answered<'addIncidentNote'>;
  addIncidentTask(
    id: string,
    body: RequestOf<'addIncidentTask'>,
    options?: StartOptions,
  ): Answered<'addIncidentTask'>;
  updateIncidentTask(
    task: { readonly id: string; readonly task: string },
    body: RequestOf<'updateIncidentTask'>,
    options?: CallOptions,
  ): Answered<'updateIncidentTask'>;
  closeIncident(
    id: string,
    body: RequestOf<'closeIncident'>,
    options?: CallOptions,
  ): Answered<'closeIncident'>;
  getStatusList(options?: CallOptions): Answered<'getStatusList'>;
  getNoticeKeys(options?: CallOptions): Answered<'getNoticeKeys'>;
  getOpenApi(options?: CallOptions): Answered<'getOpenApi'>;
}
