// SPDX-License-Identifier: Apache-2.0
// Bodies of the API about consumers and about the rotations that wait for them.
import { z } from 'zod';
import { instant, KeyName, page, RoleArn, text, WebhookUrl } from './api.ts';
import {
  ACKNOWLEDGEMENT_MODES,
  CONSUMER_KINDS,
  CONSUMER_STATES,
  OPERATION_STATES,
  RIGHTS,
} from './vocabulary.ts';

/** A week: a consumer that needs longer than this to take up a version cannot be waited for by the clock alone. */
const MAX_WAIT_SECONDS = 604_800;

const Acknowledgement = z
  .strictObject({
    mode: z.enum(ACKNOWLEDGEMENT_MODES),
    waitSeconds: z.int().min(0).max(MAX_WAIT_SECONDS).optional(),
    url: WebhookUrl.optional(),
  })
  .refine((plan) => (plan.mode === 'wait') === (plan.waitSeconds !== undefined), {
    path: ['waitSeconds'],
    message: 'belongs to mode wait, and only there',
  })
  .refine((plan) => (plan.mode === 'webhook') === (plan.url !== undefined), {
    path: ['url'],
    message: 'belongs to mode webhook, and only there',
  });

export const PutConsumerRequest = z
  .strictObject({
    owner: text,
    contact: text,
    principal: RoleArn,
    rights: z.array(z.enum(RIGHTS)).min(1).max(2),
    kind: z.enum(CONSUMER_KINDS),
    acknowledgement: Acknowledgement,
    boundKeyArn: z.string().min(1).max(2048).optional(),
    moved: z.boolean().default(false),
  })
  .refine((body) => body.kind === 'aws-service' || (!body.moved && !body.boundKeyArn), {
    path: ['kind'],
    message: 'only an aws-service is bound to the ARN of a version',
  })
  .meta({ id: 'PutConsumerRequest' });

export const Consumer = z
  .object({
    key: KeyName,
    name: KeyName,
    owner: z.string(),
    contact: z.string(),
    principal: z.string(),
    rights: z.array(z.enum(RIGHTS)),
    kind: z.enum(CONSUMER_KINDS),
    acknowledgement: z.object({
      mode: z.enum(ACKNOWLEDGEMENT_MODES),
      waitSeconds: z.int().nullable(),
      url: z.string().nullable(),
    }),
    boundKeyArn: z.string().nullable(),
    state: z.enum(CONSUMER_STATES),
    acknowledgedVersion: z.int().positive().nullable(),
    acknowledgedAt: instant.nullable(),
    lastSeenVersion: z.int().positive().nullable(),
    lastSeenAt: instant.nullable(),
    isLagging: z
      .boolean()
      .describe('was last known on, or bound to, an older version than the current one'),
    delivery: z
      .object({
        eventId: z.string(),
        at: instant,
        outcome: z.enum(['delivered', 'failed']),
        detail: z.string(),
      })
      .nullable()
      .describe('the last signed notice'),
    stop: z
      .object({
        operationId: z.string(),
        toldAt: instant.nullable().describe('when its webhook first took a notice of it'),
        purgedAt: instant.nullable().describe('when it said that its caches are empty'),
        isLagging: z
          .boolean()
          .describe('it has not said so within 300 s of the denial, as long as a cache may last'),
      })
      .nullable()
      .describe('how far it is with the revocation or suspension that holds; null: none does'),
    operationId: z.string(),
    registeredAt: instant,
    registeredBy: z.string(),
    revision: z.int().positive(),
  })
  .meta({ id: 'Consumer' });
export const ConsumerPage = page(Consumer).meta({ id: 'ConsumerPage' });

export const AcknowledgePurgeRequest = z
  .strictObject({
    operationId: z
      .string()
      .min(1)
      .max(64)
      .describe('a revocation or suspension that stands, as its notice names it'),
  })
  .meta({ id: 'AcknowledgePurgeRequest' });

export const AcknowledgeRequest = z
  .strictObject({ consumer: KeyName, version: z.int().positive() })
  .meta({ id: 'AcknowledgeRequest' });

export const ExtendRotationRequest = z
  .strictObject({ until: instant, reason: text.optional() })
  .meta({ id: 'ExtendRotationRequest' });

export const ReportRotationRequest = z
  .strictObject({
    consumer: KeyName,
    version: z.int().positive(),
    calls: z.int().min(1).max(1_000_000_000).describe('calls since the last report'),
    errors: z.int().min(0).max(1_000_000_000).describe('how many of them failed'),
  })
  .refine(({ calls, errors }) => errors <= calls, {
    error: 'must not be more than calls',
    path: ['errors'],
  })
  .meta({ id: 'ReportRotationRequest' });
export const ReportedRotation = z
  .object({ goesBack: z.boolean().describe('whether this report made the rotation go back') })
  .meta({ id: 'ReportedRotation' });

export const RollBackRotationRequest = z
  .strictObject({ reason: text })
  .meta({ id: 'RollBackRotationRequest' });

export const CancelRotationRequest = z
  .strictObject({ reason: text })
  .meta({ id: 'CancelRotationRequest' });

export const ForceRotationRequest = z
  .strictObject({ reason: text })
  .meta({ id: 'ForceRotationRequest' });

export const Rotation = z
  .object({
    operationId: z.string(),
    key: KeyName,
    version: z.int().positive(),
    previousVersion: z.int().positive().nullable(),
    state: z.enum(OPERATION_STATES),
    step: z.string(),
    isWaiting: z.boolean().describe('it waits for acknowledgements now'),
    stagedAt: instant.nullable(),
    deadlineAt: instant.nullable(),
    remindedPercent: z.int().nullable(),
    onDeadline: z.string().describe('what the class does when the deadline has passed'),
    consumers: z.array(
      z.object({
        name: KeyName,
        kind: z.enum(CONSUMER_KINDS),
        mode: z.enum(ACKNOWLEDGEMENT_MODES),
        acknowledgedAt: instant.nullable(),
        isAcknowledged: z.boolean(),
        lastSeenVersion: z.int().positive().nullable(),
        lastSeenAt: instant.nullable(),
      }),
    ),
    lagging: z.array(KeyName),
  })
  .meta({ id: 'Rotation' });

export const NoticeKeys = z
  .object({
    keys: z.array(
      z.object({
        kty: z.string(),
        crv: z.string(),
        x: z.string(),
        y: z.string(),
        kid: z.string(),
        alg: z.string(),
        use: z.string(),
      }),
    ),
  })
  .meta({ id: 'NoticeKeys' });
