// SPDX-License-Identifier: Apache-2.0
// One call as a CloudTrail management event.
// @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
import { randomUUID } from 'node:crypto';
import type { Caller } from '../authorization/principal.ts';
import type { AwsError } from '../protocol/errors.ts';
import type { Answer } from '../protocol/operation.ts';
import { aliasArn, keyArn, type Place } from '../settings.ts';
import { filledIn } from './filled-in.ts';
import { invokedBy, userIdentity } from './identity.ts';
import type { EventData } from './keys-used.ts';
import { shownMembers } from './members.ts';
import type { CloudTrailEvent } from './shape.ts';

/** Where a request came from and under which id it is answered. */
export interface Origin {
  readonly requestId: string;
  readonly userAgent: string;
}

/** A call that has ended. */
export interface EndedCall extends Origin {
  readonly place: Place;
  readonly caller: Caller;
  readonly service: 'kms' | 'cloudhsm';
  readonly operation: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** The request as read, or undefined when it could not be read. */
  readonly input: unknown;
  readonly keyIds: readonly string[];
  readonly data: EventData;
  readonly answer: Answer;
  readonly error: AwsError | undefined;
}

// Cryptography changes nothing: KMS counts it among the read-only management events.
const READS =
  /^(Describe|Get|List|Encrypt|Decrypt|ReEncrypt|GenerateDataKey|GenerateMac|GenerateRandom|Sign$|Verify|DeriveSharedSecret|Encapsulate|Decapsulate)/;

/** Whether CloudTrail calls the operation read-only. */
export function isReadOnly(operation: string): boolean {
  return READS.test(operation);
}

/** These answer the ARN inside the metadata of the key. */
const WITH_METADATA: ReadonlySet<string> = new Set(['CreateKey', 'ReplicateKey']);

const MATERIALS: ReadonlyMap<string, string> = new Map([
  ['KeyMaterialId', 'keyMaterialId'],
  ['SourceKeyMaterialId', 'sourceKeyMaterialId'],
  ['DestinationKeyMaterialId', 'destinationKeyMaterialId'],
]);

/** CloudTrail's own word for a refusal; other codes stay as they are. */
function errorCode(code: string): string {
  return code === 'AccessDeniedException' ? 'AccessDenied' : code;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function requestParameters({ operation, input }: EndedCall): unknown {
  if (!isObject(input)) return null;
  const shown = filledIn(operation, shownMembers(input));
  return Object.keys(shown).length === 0 ? null : shown;
}

/** Null for reads; for changes what was answered, with the key's ARN although the API does not answer it. */
function responseElements(call: EndedCall, arns: readonly string[]): unknown {
  const { operation, error } = call;
  if (error !== undefined || isReadOnly(operation) || operation === 'PutKeyPolicy') return null;
  // An alias that moves concerns two keys: it is the later one's now.
  const arn = arns.at(-1);
  const { keyMetadata, ...shown } = shownMembers(call.answer ?? {});
  const elements = {
    ...(arn === undefined || WITH_METADATA.has(operation) ? {} : { keyId: arn }),
    ...(isObject(keyMetadata) ? { keyMetadata: spelledOut(keyMetadata) } : {}),
    ...shown,
  };
  return Object.keys(elements).length === 0 ? null : elements;
}

/** CreateKey writes this name as the API does, ReplicateKey with a small letter. */
function spelledOut({ aWSAccountId, ...metadata }: { readonly aWSAccountId?: unknown }) {
  return { AWSAccountId: aWSAccountId, ...metadata };
}

/** Which material a call used, in AWS's words; what is more was noted on the way. */
function additionalEventData(call: EndedCall): { readonly additionalEventData?: object } {
  if (call.error !== undefined) return {};
  const answered = Object.entries(call.answer ?? {}).flatMap(([name, value]) =>
    isReadOnly(call.operation) && MATERIALS.has(name) ? [[MATERIALS.get(name), value]] : [],
  );
  const data = { ...Object.fromEntries(answered), ...call.data };
  return Object.keys(data).length === 0 ? {} : { additionalEventData: data };
}

function arnsOf(call: EndedCall): string[] {
  const made = call.answer?.['KeyMetadata'];
  const isNew = call.operation === 'CreateKey' && isObject(made);
  const ids = isNew && 'KeyId' in made ? [String(made.KeyId)] : call.keyIds;
  return ids.map((id) => keyArn(call.place, id));
}

/** An alias is a resource beside its key. */
function resources(call: EndedCall, arns: readonly string[]) {
  const isOfAlias = /^(Create|Update|Delete)Alias$/.test(call.operation);
  const { input } = call;
  const alias = isOfAlias && isObject(input) && 'AliasName' in input ? [input.AliasName] : [];
  const aliases = alias.map((name) => aliasArn(call.place, String(name)));
  const all = call.operation === 'CreateAlias' ? [...arns, ...aliases] : [...aliases, ...arns];
  if (arns.length === 0) return {};
  const accountId = call.place.account;
  return { resources: all.map((ARN) => ({ accountId, type: 'AWS::KMS::Key', ARN })) };
}

function errorMembers(error: AwsError | undefined) {
  if (error === undefined) return {};
  const message = error.message === '' ? {} : { errorMessage: error.message };
  return { errorCode: errorCode(error.code), ...message };
}

/** The events of a call: a primary that moves leaves one in either Region. */
export function eventsOf(call: EndedCall): readonly CloudTrailEvent[] {
  const { operation, error, input, place } = call;
  const isMove = operation === 'UpdatePrimaryRegion' && error === undefined;
  if (!isMove || !isObject(input) || !('PrimaryRegion' in input)) return [eventOf(call)];
  const region = String(input.PrimaryRegion);
  return [eventOf(call), eventOf({ ...call, place: { ...place, region } })];
}

function eventOf(call: EndedCall): CloudTrailEvent {
  const arns = arnsOf(call);
  const accountId = call.place.account;
  const via = invokedBy(call.caller);
  return {
    eventVersion: '1.11',
    userIdentity: userIdentity(call.caller),
    eventTime: `${new Date(call.at).toISOString().slice(0, 19)}Z`,
    eventSource: `${call.service}.amazonaws.com`,
    eventName: call.operation,
    awsRegion: call.place.region,
    sourceIPAddress: via ?? call.caller.sourceIp ?? '127.0.0.1',
    userAgent: via ?? call.userAgent,
    ...errorMembers(call.error),
    requestParameters: requestParameters(call),
    responseElements: responseElements(call, arns),
    ...additionalEventData(call),
    requestID: call.requestId,
    eventID: randomUUID(),
    readOnly: isReadOnly(call.operation),
    ...resources(call, arns),
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: accountId,
    eventCategory: 'Management',
  };
}
