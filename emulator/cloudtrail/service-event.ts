// SPDX-License-Identifier: Apache-2.0
// What KMS does by itself, as CloudTrail writes it: nobody called.
// @see https://docs.aws.amazon.com/kms/latest/developerguide/ct-delete-key.html
// @see https://docs.aws.amazon.com/kms/latest/developerguide/ct-deleteexpiredkeymaterial.html
// @see https://docs.aws.amazon.com/kms/latest/developerguide/ct-rotatekey.html
import { randomUUID } from 'node:crypto';
import { keyArn, type Place } from '../settings.ts';
import type { CloudTrailEvent } from './shape.ts';

const INTERNAL = 'AWS Internal';

/** What KMS did to a key. */
export interface ServiceAct {
  readonly name: 'DeleteExpiredKeyMaterial' | 'DeleteKey' | 'RotateKey';
  readonly keyId: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** More members of the event. */
  readonly details?: Readonly<
    Partial<Record<'additionalEventData' | 'serviceEventDetails', Readonly<Record<string, string>>>>
  >;
}

/** The event of an act of KMS. */
export function serviceEventOf(place: Place, act: ServiceAct): CloudTrailEvent {
  const { account: accountId, region } = place;
  return {
    eventVersion: '1.11',
    userIdentity: { accountId, invokedBy: INTERNAL },
    eventTime: `${new Date(act.at).toISOString().slice(0, 19)}Z`,
    eventSource: 'kms.amazonaws.com',
    eventName: act.name,
    awsRegion: region,
    sourceIPAddress: INTERNAL,
    userAgent: INTERNAL,
    requestParameters: null,
    responseElements: act.name === 'DeleteKey' ? { keyId: keyArn(place, act.keyId) } : null,
    eventID: randomUUID(),
    readOnly: false,
    resources: [{ accountId, type: 'AWS::KMS::Key', ARN: keyArn(place, act.keyId) }],
    eventType: 'AwsServiceEvent',
    managementEvent: true,
    recipientAccountId: accountId,
    ...act.details,
    eventCategory: 'Management',
  };
}
