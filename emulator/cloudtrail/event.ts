// SPDX-License-Identifier: Apache-2.0
// One call as a CloudTrail management event.
// @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
import { randomUUID } from 'node:crypto';
import type { Caller } from '../authorization/principal.ts';
import type { AwsError } from '../protocol/errors.ts';
import type { Answer } from '../protocol/operation.ts';
import { keyArn, type Place } from '../settings.ts';
import { invokedBy, userIdentity } from './identity.ts';
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

/** CloudTrail's own word for a refusal; other codes stay as they are. */
function errorCode(code: string): string {
  return code === 'AccessDeniedException' ? 'AccessDenied' : code;
}

function requestParameters(input: unknown): unknown {
  if (typeof input !== 'object' || input === null) return null;
  const shown = shownMembers(input);
  return Object.keys(shown).length === 0 ? null : shown;
}

/** Null for reads; for changes what was answered, with the key's ARN although the API does not answer it. */
function responseElements(call: EndedCall, arns: readonly string[]): unknown {
  if (call.error !== undefined || isReadOnly(call.operation)) return null;
  const [arn] = arns;
  const shown = {
    ...(arn === undefined || call.operation === 'CreateKey' ? {} : { keyId: arn }),
    ...shownMembers(call.answer ?? {}),
  };
  return Object.keys(shown).length === 0 ? null : shown;
}

function arnsOf(call: EndedCall): string[] {
  const made = call.answer?.['KeyMetadata'];
  const isNew = call.operation === 'CreateKey' && typeof made === 'object' && made !== null;
  const ids = isNew && 'KeyId' in made ? [String(made.KeyId)] : call.keyIds;
  return ids.map((id) => keyArn(call.place, id));
}

function errorMembers(error: AwsError | undefined) {
  if (error === undefined) return {};
  const message = error.message === '' ? {} : { errorMessage: error.message };
  return { errorCode: errorCode(error.code), ...message };
}

/** The event of a call. */
export function eventOf(call: EndedCall): CloudTrailEvent {
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
    requestParameters: requestParameters(call.input),
    responseElements: responseElements(call, arns),
    requestID: call.requestId,
    eventID: randomUUID(),
    readOnly: isReadOnly(call.operation),
    ...(arns.length === 0
      ? {}
      : { resources: arns.map((ARN) => ({ accountId, type: 'AWS::KMS::Key', ARN })) }),
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: accountId,
    eventCategory: 'Management',
  };
}
