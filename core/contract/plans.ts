// SPDX-License-Identifier: Apache-2.0
// Bodies of plans, of what an operation would touch before it is started, and of the forecast of HSM capacity.
import { z } from 'zod';
import { instant, KeyName } from './api.ts';
import { ACKNOWLEDGEMENT_MODES, CONSUMER_KINDS } from './vocabulary.ts';

/** Operations that can be planned. */
export const PLANNED_OPERATIONS = ['rotate-key'] as const;

/** SHA-256 in hexadecimal. */
export const PlanDigest = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits')
  .describe('SHA-256 of the RFC 8785 form of what the plan rests on');

export const PlanRequest = z
  .strictObject({ key: KeyName, operation: z.enum(PLANNED_OPERATIONS) })
  .meta({ id: 'PlanRequest' });

const count = z.int().nonnegative();

const PlannedConsumer = z.object({
  name: z.string(),
  kind: z.enum(CONSUMER_KINDS),
  mode: z.enum(ACKNOWLEDGEMENT_MODES),
  mustAcknowledge: z.boolean().describe('the switch waits for it'),
  isBehind: z.boolean().describe('it was last seen on a version older than the current one'),
  holdsOldVersion: z.boolean().describe('bound to the ARN: the old version goes on encrypting'),
});

export const Plan = z
  .object({
    operation: z.enum(PLANNED_OPERATIONS),
    key: KeyName,
    revision: z.int().describe('of the key when the plan was made; not part of the digest'),
    digest: PlanDigest,
    plannedAt: instant,
    versions: z.object({
      current: z.object({ version: z.int(), keyId: z.string() }),
      next: z.int().describe('number of the version that would be made'),
      readable: z.array(z.int()).describe('versions that decrypt afterwards'),
    }),
    aliases: z.array(
      z.object({ alias: z.string(), act: z.enum(['create', 'move']), from: z.int().nullable() }),
    ),
    consumers: z.array(PlannedConsumer),
    ciphertexts: z
      .array(z.object({ source: z.string(), version: z.int(), count, countedAt: instant }))
      .describe('as last counted in the registered sources; empty when there are none'),
    kmsCalls: z
      .array(
        z.object({
          call: z.string(),
          count,
          seconds: z.number().nonnegative().describe("of Keyturn's share of the quota"),
        }),
      )
      .describe('without retries'),
    capacity: z.object({
      keyStore: z.string(),
      hsmType: z.string(),
      holds: count.describe('keys that the cluster holds'),
      versionsNow: count,
      versionsAfter: count,
    }),
    cost: z.object({
      usdPerMonthNow: z.number(),
      usdPerMonthAfter: z.number(),
    }),
    approvals: z.array(z.object({ act: z.string(), required: z.int(), of: z.int() })),
    waits: z.object({
      settleSeconds: count,
      bakeSeconds: count,
      acknowledgementSeconds: count.describe('of the window; 0 when nobody has to acknowledge'),
      onDeadline: z.enum(['abort', 'extend', 'wait-for-force']),
    }),
    start: z.object({
      onDemand: instant.describe('when it could begin if a person asks for it'),
      bySchedule: instant.nullable().describe('when the class would let the schedule begin it'),
    }),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'Plan' });
export type Plan = z.infer<typeof Plan>;

export const ClassForecast = z
  .object({
    class: z.string(),
    keys: count,
    versions: count,
    versionsKeptPerKey: count.describe('the current one and those within the retention'),
    versionsWhenSteady: count.describe('keys x versions kept per key'),
    versionsPerDay: z.number().nonnegative(),
  })
  .meta({ id: 'ClassForecast' });

export const Capacity = z
  .object({
    keyStore: z.string(),
    hsmType: z.string(),
    holds: count,
    versions: count,
    free: z.int().describe('below 0 when more is recorded than the cluster holds'),
    classes: z.array(ClassForecast),
    versionsWhenSteady: count,
    isFeasible: z.boolean().describe('the cluster holds what the classes keep'),
    fullAt: instant
      .nullable()
      .describe(
        'when it is full at the present cadence if nothing is destroyed; null: not in 10 years',
      ),
  })
  .meta({ id: 'Capacity' });
