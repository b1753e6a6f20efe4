// SPDX-License-Identifier: Apache-2.0
// Events that Keyturn puts onto the bus `keyturn`. Each is made of one audit record, so none is told without its
// change and none is lost. Delivery is at least once: `detail.id`, stream and sequence of the record, is the same each
// time. To add an event, add the action of its audit record here; documents and tests follow.
import { z } from 'zod';
import { type AuditRecord, instant } from './api.ts';
import { BRAKE_EVENTS } from './brake-events.ts';
import { INCIDENT_EVENTS } from './incident-events.ts';
import { PAUSE_EVENTS } from './pause-events.ts';
import { PURGE_EVENTS } from './purge-events.ts';
import { SCOPE_EVENTS } from './scope-events.ts';

export const EVENT_SOURCE = 'keyturn';
/** `detail.version` of this file's shapes; members are added, a change of meaning is another number. */
export const EVENT_VERSION = 1;

// Without the id that schemas of the API have: an event's schema stands alone.
const name = z.string().min(1).max(63);

/** Members of every event. */
const BASE = {
  version: z.literal(EVENT_VERSION),
  id: z.string().describe('stream and sequence of the audit record: the same at each delivery'),
  key: name,
  at: instant,
  operationId: z.string().nullable(),
} as const;
const keyVersion = z.int().positive();
const lagging = z.array(name).describe('consumers that have not acknowledged');
const owner = z.string().describe('accountable person or team of the key');
const consumer = name;
/** Members of every event about a request for approval. */
const APPROVAL = {
  key: name.nullable().describe('null for what is no matter of one key'),
  approvalId: z.string(),
  act: z.string().describe('what is decided on, such as rotation.force'),
  digest: z.string().describe('of the request: the same on every surface'),
} as const;

/** Members of events about what stops a key. */
const CONTAINED = {
  keyVersions: z.string().describe('number of the version, or all'),
  mode: z.string().describe('hard: disabled in KMS; locked: denied by its policy'),
  isEmergency: z.boolean().describe('somebody acted alone where a quorum should decide'),
} as const;
/** Members of every event about a recovery. */
const RECOVERY = {
  key: z.null().describe('null: it is a matter of the key store'),
  keyStore: z.string(),
} as const;

interface EventType {
  /** Action of the audit record that the event is made of. */
  readonly action: string;
  readonly summary: string;
  readonly members: z.ZodRawShape;
  /** Only records whose detail has this member; absent: all. */
  readonly only?: string;
}

/** Events by detail-type. */
export const EVENTS = {
  'key.created': {
    action: 'key.created',
    summary: 'A key has its first version and can be used',
    members: { keyVersion },
  },
  'key.adopted': {
    action: 'key.adopted',
    summary: 'A KMS key that was made elsewhere is the first version of a key',
    members: { keyVersion },
  },
  'key.rotation.due-soon': {
    action: 'rotation.noticed',
    summary: 'A key is due within the lead time of its class',
    members: {},
  },
  'key.rotation.started': {
    action: 'rotation.admitted',
    summary: 'A rotation was admitted',
    members: { keyVersion, trigger: z.string() },
  },
  'key.version.staged': {
    action: 'version.staged',
    summary: 'A version can be used and is not current yet: take it up, then acknowledge it',
    members: {
      keyVersion,
      keyArn: z.string(),
      alias: z.string().nullable().describe('permanent alias of the version; null for tier data'),
      deadlineAt: instant,
      lagging,
      owner,
    },
  },
  'rotation.acknowledged': {
    action: 'consumer.acknowledged',
    summary: 'A consumer is ready for a version',
    members: { keyVersion, consumer },
  },
  'rotation.acknowledgement-reminder': {
    action: 'acknowledgement.reminded',
    summary: 'A share of the window has passed, and some have not acknowledged',
    members: { keyVersion, deadlineAt: instant, percent: z.int(), lagging, owner },
  },
  'rotation.acknowledgement-extended': {
    action: 'acknowledgement.extended',
    summary: 'The consumers have more time',
    members: { keyVersion, deadlineAt: instant, lagging, owner },
  },
  'rotation.acknowledgement-overdue': {
    action: 'acknowledgement.overdue',
    summary: 'The deadline has passed: for the owner, who decides or asks the consumers',
    members: { keyVersion, deadlineAt: instant, lagging, owner },
  },
  'key.rotated': {
    action: 'alias.switched',
    summary: 'The alias of the key leads to the new version',
    members: { keyVersion, alias: z.string() },
    // The first version is switched to from nothing: that is `key.created`.
    only: 'from',
  },
  'key.rotation.completed': {
    action: 'rotation.completed',
    summary: 'The old version only decrypts, or is kept for an AWS service bound to it',
    members: { keyVersion, previousVersion: z.int().positive().nullable() },
  },
  'key.rotation.rollback-started': {
    action: 'rotation.rollback-started',
    summary: 'A rotation goes back: its new version failed its consumers, or somebody asked for it',
    members: { from: z.int().positive(), to: z.int().positive(), reason: z.string() },
  },
  'key.rotation.rolled-back': {
    action: 'rotation.rolled-back',
    summary: 'The alias leads to the old version again; the failed one only decrypts',
    members: { keyVersion, failedVersion: z.int().positive().nullable() },
  },
  'consumer.acknowledgement-contradicted': {
    action: 'consumer.acknowledgement-contradicted',
    summary: 'Consumers encrypt under an older version than they acknowledged; that is taken back',
    members: { consumers: z.string(), contradicted: z.string() },
  },
  'operation.compensated': {
    action: 'operation.compensated',
    summary: 'An operation was undone before its switch; what it staged will not come',
    members: { keyVersion },
  },
  'operation.parked': {
    action: 'operation.parked',
    summary: 'An operation stopped and is tried again later',
    members: { step: z.string(), retryAt: instant },
  },
  'consumer.registered': {
    action: 'consumer.registered',
    summary: 'A consumer was registered',
    members: { consumer },
  },
  'consumer.changed': {
    action: 'consumer.changed',
    summary: 'A registration was changed',
    members: { consumer },
  },
  'consumer.removed': {
    action: 'consumer.removed',
    summary: 'A consumer was removed',
    members: { consumer },
  },
  'approval.requested': {
    action: 'approval.requested',
    summary: 'People are asked to decide on an act',
    members: APPROVAL,
  },
  'approval.voted': {
    action: 'approval.voted',
    summary: 'Somebody voted; the quorum is not there yet',
    members: { ...APPROVAL, count: z.int(), required: z.int() },
  },
  'approval.approved': {
    action: 'approval.approved',
    summary: 'The last vote that was needed: it will be done within its window',
    members: { ...APPROVAL, count: z.int(), required: z.int() },
  },
  'approval.denied': {
    action: 'approval.denied',
    summary: 'Somebody denied it',
    members: APPROVAL,
  },
  'approval.expired': {
    action: 'approval.expired',
    summary: 'Not decided in time',
    members: APPROVAL,
  },
  'approval.extended': {
    action: 'approval.extended',
    summary: 'People could not be told, so they have more time, once',
    members: { ...APPROVAL, closesAt: instant },
  },
  'approval.reminded': {
    action: 'approval.reminded',
    summary: 'Half of the window has passed',
    members: { ...APPROVAL, percent: z.int() },
  },
  'approval.escalated': {
    action: 'approval.escalated',
    summary: 'Most of the window has passed: deputies are told too',
    members: { ...APPROVAL, percent: z.int() },
  },
  'approval.cancelled': {
    action: 'approval.cancelled',
    summary: 'Who asked took it back',
    members: APPROVAL,
  },
  'approval.executed': {
    action: 'approval.executed',
    summary: 'It was done, once, by the operation of this event',
    members: APPROVAL,
  },
  'approval.lapsed': {
    action: 'approval.lapsed',
    summary: 'It was approved and could not be done any more; the request says why',
    members: APPROVAL,
  },
  'key.destruction.begun': {
    action: 'destruction.begun',
    summary: 'The destruction of a version was approved; it is disabled first',
    members: { keyVersion, destruction: z.string() },
  },
  'key.destruction.scheduled': {
    action: 'destruction.scheduled',
    summary: 'KMS deletes the version at a date; until then it can be stopped',
    members: { keyVersion, destruction: z.string(), deletionAt: instant },
  },
  'key.destruction.noticed': {
    action: 'destruction.noticed',
    summary: 'Daily while KMS waits: the version will be deleted',
    members: { keyVersion, destruction: z.string(), deletionAt: instant, uses: z.int() },
  },
  'key.destruction.used': {
    action: 'destruction.used',
    summary: 'Somebody used, or tried to use, a version that is being destroyed',
    members: { keyVersion, destruction: z.string(), phase: z.string(), usedAt: instant },
  },
  'key.destruction.stopped': {
    action: 'destruction.stopped',
    summary: 'The destruction was stopped; the version is given back',
    members: { keyVersion, destruction: z.string(), reason: z.string() },
  },
  'key.version.destroyed': {
    action: 'version.destroyed',
    summary: 'KMS does not have the version any more: for ever',
    members: { keyVersion, destruction: z.string() },
  },
  'elevation.revoked': {
    action: 'elevation.revoked',
    summary: 'Rights for a while were ended before their time',
    members: { ...APPROVAL, elevation: z.string(), person: z.string(), group: z.string() },
  },
  'signer.removed': {
    action: 'signer.removed',
    summary: 'A passkey signs no votes any more',
    members: { ...APPROVAL, signer: z.string(), person: z.string() },
  },
  'key.revoking': {
    action: 'key.revoking',
    summary: 'A key or version may not be used from now on, for good: forget what is cached of it',
    members: CONTAINED,
  },
  'key.revoked': {
    action: 'key.revoked',
    summary: 'KMS was seen to refuse what was revoked, again and again',
    members: { keyVersions: CONTAINED.keyVersions },
  },
  'key.suspending': {
    action: 'key.suspending',
    summary: 'A key may not be used until its suspension is lifted: forget what is cached of it',
    members: CONTAINED,
  },
  'key.suspended': {
    action: 'key.suspended',
    summary: 'KMS was seen to refuse the suspended key, again and again',
    members: { keyVersions: CONTAINED.keyVersions },
  },
  'key.resumed': {
    action: 'key.resumed',
    summary: 'A suspension was lifted: the key may be used again',
    members: {},
  },
  ...PURGE_EVENTS,
  'break-glass.reviewed': {
    action: 'break-glass.reviewed',
    summary: 'A quorum has looked at what somebody did alone in an emergency',
    members: {},
  },
  'recovery.started': {
    action: 'recovery.started',
    summary: 'A recovery of a key store was approved and begins, or somebody disconnects it alone',
    members: { ...RECOVERY, kind: z.string(), isEmergency: CONTAINED.isEmergency.optional() },
  },
  'recovery.reviewed': {
    action: 'recovery.reviewed',
    summary: 'A quorum has looked at what somebody did alone to a key store, in an emergency',
    members: RECOVERY,
  },
  'recovery.parked': {
    action: 'recovery.parked',
    summary: 'A recovery stopped and waits for a person; what it made stays',
    members: { ...RECOVERY, phase: z.string() },
  },
  'recovery.completed': {
    action: 'recovery.completed',
    summary: 'A recovery is over: how many versions open again, and how many are missing',
    members: { ...RECOVERY, kind: z.string(), readable: z.int(), missing: z.int() },
  },
  ...INCIDENT_EVENTS,
  ...PAUSE_EVENTS,
  ...BRAKE_EVENTS,
  ...SCOPE_EVENTS,
  'key.access.updated': {
    action: 'access.updated',
    summary: 'The key policies of all readable versions name the consumers of now',
    members: {},
  },
} as const satisfies Record<string, EventType>;
export type EventName = keyof typeof EVENTS;
export const EVENT_NAMES = Object.keys(EVENTS) as EventName[];

/** What all details of events about a key have. */
const EventBase = z.object(BASE);
export type KeyEventDetail = z.infer<typeof EventBase> & Readonly<Record<string, unknown>>;
/** What all details have. */
export type EventDetail = Omit<z.infer<typeof EventBase>, 'key'> &
  Readonly<Record<string, unknown>> & { readonly key: string | null };

export interface KeyturnEvent {
  readonly name: EventName;
  readonly detail: EventDetail;
}

/** Schema of the detail of an event. */
export function eventSchema(name: EventName) {
  return z.object({ ...BASE, ...EVENTS[name].members });
}

/** Schema of the detail of an event that is about a key for certain. */
export function keyEventSchema(event: EventName) {
  return eventSchema(event).extend({ key: name });
}

type Recorded = z.infer<typeof AuditRecord>;

function eventName(record: Recorded): EventName | null {
  const found = EVENT_NAMES.find((name) => EVENTS[name].action === record.action);
  const type: EventType | undefined = found && EVENTS[found];
  if (!found || !type) return null;
  return type.only === undefined || record.detail[type.only] != null ? found : null;
}

/** What the streams are about whose records are told. */
const ABOUT: Readonly<Record<string, (id: string, record: Recorded) => Record<string, unknown>>> = {
  key: (key) => ({ key }),
  'key-store': (keyStore) => ({ keyStore, key: null }),
  incident: (incidentId) => ({ incidentId, key: null }),
  pause: () => ({ key: null }),
  brake: (brake) => ({ brake, key: null }),
  containment: (containment) => ({ containment, key: null }),
  approval: (approvalId, { detail }) => ({ approvalId, key: detail['key'] ?? null }),
};

/** Kinds of streams whose records become events: what is handed to `toEvent` need not have others. */
export const TOLD_STREAMS: readonly string[] = Object.keys(ABOUT);

/**
 * The event of an audit record; null for records that tell nobody outside, and for other streams.
 * @throws ZodError when the record does not have what its event needs
 */
export function toEvent(record: Recorded): KeyturnEvent | null {
  const [kind = '', id = ''] = record.stream.split('/');
  const about = ABOUT[kind]?.(id, record);
  const name = about ? eventName(record) : null;
  // Of a key store, only its recoveries are told; they are told of nothing else.
  if (name === null || name.startsWith('recovery.') !== (kind === 'key-store')) return null;
  const { version: keyVersion, lagging: names, ...detail } = record.detail;
  const told = {
    ...detail,
    ...about,
    ...(typeof names === 'string' ? { lagging: names.split(',').filter(Boolean) } : {}),
    keyVersion,
    version: EVENT_VERSION,
    id: `${record.stream}#${record.sequence}`,
    at: record.at,
    operationId: record.operationId,
  };
  // The schema leaves out what it does not name: nothing of a record is told by accident.
  return { name, detail: eventSchema(name).parse(told) };
}
