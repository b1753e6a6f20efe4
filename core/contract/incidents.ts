// SPDX-License-Identifier: Apache-2.0
// Incidents as the API takes and shows them: what happened, what was done about it, and what is left to do.
import { z } from 'zod';
import { instant, KeyName } from './api.ts';
import { Reason } from './approvals.ts';

/** Each has its playbook (`policies/playbooks.ts`). */
export const INCIDENT_TYPES = [
  'leaked-credential',
  'lost-custodian',
  'hsm-tamper',
  'insider',
  'dependency-compromise',
] as const;
export type IncidentType = (typeof INCIDENT_TYPES)[number];

/** Phases of an answer to a compromise (requirement V3). */
export const INCIDENT_PHASES = ['identify', 'isolate', 'revoke', 'rekey', 'root-cause'] as const;
export type IncidentPhase = (typeof INCIDENT_PHASES)[number];

/** What one row holds with room to spare (DynamoDB: 400 KB). */
export const MOST_INCIDENT_ITEMS = { keys: 100, notes: 200, tasks: 100 } as const;

export const IncidentId = z
  .string()
  .regex(/^inc_[0-9a-f]{26}$/, 'must be the id of an incident')
  .meta({ id: 'IncidentId' });
const phase = z.enum(INCIDENT_PHASES);

export const OpenIncidentRequest = z
  .strictObject({
    type: z.enum(INCIDENT_TYPES).describe('decides which tasks it begins with'),
    title: Reason,
    keys: z
      .array(KeyName)
      .max(MOST_INCIDENT_ITEMS.keys)
      .refine((names) => new Set(names).size === names.length, 'must name each key once')
      .default([])
      .describe('keys that are concerned, as far as known'),
    occurredAt: instant.optional().describe('when it happened, as far as somebody knows'),
  })
  .meta({ id: 'OpenIncidentRequest' });

export const AddIncidentNoteRequest = z
  .strictObject({
    text: Reason,
    phase: phase.default('identify'),
    keys: z
      .array(KeyName)
      .max(MOST_INCIDENT_ITEMS.keys)
      .default([])
      .describe('keys that are found to be concerned too'),
  })
  .meta({ id: 'AddIncidentNoteRequest' });

export const AddIncidentTaskRequest = z
  .strictObject({ text: Reason, phase, owner: z.string().min(1).max(128).optional() })
  .meta({ id: 'AddIncidentTaskRequest' });

export const UpdateIncidentTaskRequest = z
  .strictObject({
    state: z.enum(['done', 'dropped']).describe('dropped: not needed here; the note says why'),
    note: Reason,
  })
  .meta({ id: 'UpdateIncidentTaskRequest' });

export const CloseIncidentRequest = z
  .strictObject({
    rootCause: Reason,
    followUps: z
      .array(Reason)
      .min(1)
      .max(50)
      .describe('what is changed so that it does not happen again; say so where it is nothing'),
  })
  .meta({ id: 'CloseIncidentRequest' });

const IncidentTask = z.object({
  id: z.string(),
  phase,
  text: z.string(),
  command: z.string().nullable().describe('what does it, where a command does'),
  owner: z.string().nullable(),
  state: z.enum(['open', 'done', 'dropped']),
  note: z.string().nullable(),
  by: z.string().nullable(),
  at: instant.nullable(),
});

const TimelineEntry = z.object({
  at: instant,
  phase,
  what: z.string(),
  by: z.string(),
  key: KeyName.nullable(),
  operationId: z.string().nullable(),
  auditHash: z
    .string()
    .nullable()
    .describe('hash of the audit record that says so; null for what people noted'),
});

const AffectedKey = z.object({
  key: KeyName,
  owner: z.string(),
  class: z.string(),
  state: z.string(),
  substate: z.string().nullable(),
  currentVersion: z.int().positive().nullable(),
  revokedVersions: z.array(z.int().positive()),
  consumers: z.array(z.string()),
  ciphertexts: z
    .array(z.object({ source: z.string(), version: z.int(), count: z.int() }))
    .describe('under which version how many ciphertexts were counted last'),
});

const summary = {
  id: IncidentId,
  type: z.enum(INCIDENT_TYPES),
  title: z.string(),
  state: z.enum(['open', 'closed']),
  keys: z.array(KeyName),
  owners: z.array(z.string()).describe('owners of the keys, when they were named'),
  openedBy: z.string(),
  openedAt: instant,
  occurredAt: instant.nullable(),
  closedAt: instant.nullable(),
  openTasks: z.int().nonnegative(),
  revision: z.int().positive(),
};

export const IncidentSummary = z.object(summary).meta({ id: 'IncidentSummary' });

export const Incident = z
  .object({
    ...summary,
    tasks: z.array(IncidentTask),
    timeline: z.array(TimelineEntry).describe('in order; audit records of the keys among it'),
    affected: z.array(AffectedKey).describe('the keys as they are now'),
    operations: z.array(z.string()).describe('operations in the timeline'),
    rootCause: z.string().nullable(),
    followUps: z.array(z.string()),
    auditHead: z.string().describe('hash of the last record of its own audit stream'),
  })
  .meta({ id: 'Incident' });

export const IncidentPage = z
  .object({ items: z.array(IncidentSummary), nextCursor: z.string().nullable() })
  .meta({ id: 'IncidentPage' });
