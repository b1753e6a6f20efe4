// SPDX-License-Identifier: Apache-2.0
// The gate before the switch. Its consumers are told of the version, then the rotation's row waits: the lease ends at
// the next instant that matters (a reminder, the deadline, a stated wait), the sweep looks then, and the last
// acknowledgement starts the next attempt at once. No execution and no task token waits meanwhile. [INV-10] the alias
// is not switched before every consumer that answers has done so.
import type { AuditValue } from '../audit/chain.ts';
import type { Step } from '../contract/vocabulary.ts';
import { KeyturnError, precondition } from '../errors.ts';
import { answering, type ConsumerRecord } from '../keys/consumers.ts';
import type { AcknowledgementWait, Instant, OperationRecord } from '../keys/records.ts';
import {
  type AcknowledgementPolicy,
  DEFAULT_ACKNOWLEDGEMENT,
} from '../policies/acknowledgement.ts';
import { type ClassPolicy, classOf } from '../policies/classes.ts';
import type { KeySnapshot } from '../ports/ledger.ts';
import { later } from './admit-operation.ts';
import { isPastSwitch } from './apply-policy.ts';
import { type Draft, mutateKey, versionOf } from './mutate-key.ts';
import { isRecorded, leasedContext, type StepDeps, type StepInput, withStep } from './run-step.ts';

/** Shares of the window at which the consumers that lag are reminded, the latest first. */
const REMINDERS = [80, 50];
const OVERDUE = 100;

export interface GateDeps extends StepDeps {
  readonly classes: readonly ClassPolicy[];
}

/** What the class of a key says about waiting. */
export function acknowledgementPolicy(
  classes: readonly ClassPolicy[],
  className: string,
): AcknowledgementPolicy {
  const policy = classOf(classes, className);
  return policy?.acknowledgement ?? DEFAULT_ACKNOWLEDGEMENT;
}

/** The instant at which a share of the window has passed. */
function instantOf({ startedAt, deadlineAt }: AcknowledgementWait, percent: number): Instant {
  const start = Date.parse(startedAt);
  return new Date(start + ((Date.parse(deadlineAt) - start) * percent) / 100).toISOString();
}

/** When a consumer that only states a wait counts as ready; null for one that answers. */
function readyAt(consumer: ConsumerRecord, wait: AcknowledgementWait): Instant | null {
  const { mode, waitSeconds } = consumer.acknowledgement;
  return mode === 'wait' ? later(wait.startedAt, waitSeconds ?? 0) : null;
}

/** True when a consumer is ready for the version of an operation. */
export function isReady(
  consumer: ConsumerRecord,
  operation: Pick<OperationRecord, 'version' | 'acknowledgement'>,
  now: Instant,
): boolean {
  if (consumer.acknowledgedVersion === operation.version) return true;
  const ready = operation.acknowledgement && readyAt(consumer, operation.acknowledgement);
  return typeof ready === 'string' && ready <= now;
}

/** Consumers that a rotation still waits for. */
export function laggards(
  { consumers }: Pick<KeySnapshot, 'consumers'>,
  operation: Pick<OperationRecord, 'version' | 'acknowledgement'>,
  now: Instant,
): readonly ConsumerRecord[] {
  return answering(consumers).filter((consumer) => !isReady(consumer, operation, now));
}

/** True while an operation waits for its consumers. */
export function isWaiting(operation: OperationRecord): boolean {
  return (
    operation.state === 'running' &&
    operation.acknowledgement !== undefined &&
    operation.acknowledgement.cancelled === undefined &&
    !isRecorded(operation, 'AwaitAcknowledgements')
  );
}

/** When somebody must look at the wait again: the next reminder, the deadline, or a stated wait. */
export function nextLook(
  snapshot: Pick<KeySnapshot, 'consumers'>,
  operation: Pick<OperationRecord, 'version'>,
  wait: AcknowledgementWait,
  now: Instant,
): Instant {
  const waits = laggards(snapshot, { ...operation, acknowledgement: wait }, now).flatMap(
    (consumer) => readyAt(consumer, wait) ?? [],
  );
  const instants = [...[...REMINDERS, OVERDUE].map((share) => instantOf(wait, share)), ...waits];
  const ahead = instants.filter((instant) => instant > now).sort();
  // Past the deadline, waiting for force: the owner is told again after as long as the window was.
  const window = Date.parse(wait.deadlineAt) - Date.parse(wait.startedAt);
  return ahead[0] ?? later(now, Math.ceil(window / 1000));
}

/** What the gate finds: the way is free, or closed for ever, or it waits and this is to be recorded. */
export type GateFinding =
  | { readonly outcome: 'open' }
  | {
      readonly outcome: 'closed';
      readonly lagging: readonly string[];
      readonly draft: Draft | null;
      readonly wait: AcknowledgementWait;
    }
  | { readonly outcome: 'wait'; readonly lagging: readonly string[]; readonly draft: Draft };

interface Note {
  readonly action: string;
  readonly wait: AcknowledgementWait;
  readonly detail?: Readonly<Record<string, AuditValue>>;
}

/** What happened to the wait since somebody looked last. */
function noteOf(
  wait: AcknowledgementWait,
  policy: AcknowledgementPolicy,
  now: Instant,
): Note & { readonly isClosed?: true } {
  const reached = REMINDERS.find((share) => instantOf(wait, share) <= now) ?? 0;
  if (now < wait.deadlineAt) {
    if (reached <= wait.remindedPercent) return { action: 'acknowledgement.awaited', wait };
    const reminded = { ...wait, remindedPercent: reached };
    return { action: 'acknowledgement.reminded', wait: reminded, detail: { percent: reached } };
  }
  if (policy.onDeadline === 'extend' && wait.extensions < policy.maxExtensions) {
    const extensions = wait.extensions + 1;
    const deadlineAt = later(now, policy.windowSeconds);
    const extended = { ...wait, deadlineAt, remindedPercent: 0, extensions };
    return { action: 'acknowledgement.extended', wait: extended, detail: { extensions } };
  }
  const overdue = { ...wait, remindedPercent: OVERDUE };
  const note = { action: 'acknowledgement.overdue', wait: overdue };
  return policy.onDeadline === 'wait-for-force' ? note : { ...note, isClosed: true };
}

/** The change that a look at the wait makes; the lease lasts until the next one. */
function waitDraft(
  snapshot: KeySnapshot,
  operation: OperationRecord,
  note: Note,
  now: Instant,
  step?: Step,
): Draft {
  const { lease } = snapshot.key;
  precondition(lease, 'a rotation that waits holds its key');
  const { wait, action, detail } = note;
  const lagging = laggards(snapshot, { ...operation, acknowledgement: wait }, now);
  const expiresAt = nextLook(snapshot, operation, wait, now);
  return {
    key: { lease: { ...lease, expiresAt } },
    operation: {
      ...(step ? withStep(operation, step, now) : operation),
      acknowledgement: wait,
    },
    audit: {
      at: now,
      actor: `workflow/${operation.kind}`,
      action,
      decision: { effect: 'permit', rule: 'lease-holder' },
      operationId: operation.id,
      detail: {
        version: operation.version,
        deadlineAt: wait.deadlineAt,
        owner: snapshot.key.owner,
        lagging: lagging.map(({ name }) => name).join(','),
        ...detail,
      },
    },
  };
}

/** Looks at a rotation whose consumers were told. */
export function lookAtWait(
  snapshot: KeySnapshot,
  operation: OperationRecord,
  classes: readonly ClassPolicy[],
  now: Instant,
): GateFinding {
  const wait = operation.acknowledgement;
  precondition(wait, 'the consumers of a rotation that waits were told');
  const lagging = laggards(snapshot, operation, now).map(({ name }) => name);
  if (wait.cancelled) return { outcome: 'closed', lagging, draft: null, wait };
  if (lagging.length === 0 || wait.forcedBy) return { outcome: 'open' };
  const note = noteOf(wait, acknowledgementPolicy(classes, snapshot.key.class), now);
  const draft = waitDraft(snapshot, operation, note, now);
  if (!note.isClosed) return { outcome: 'wait', lagging, draft };
  const isTold = wait.remindedPercent === OVERDUE;
  return { outcome: 'closed', lagging, draft: isTold ? null : draft, wait };
}

/** Tells the consumers: the event is made of this record. */
function stageDraft(snapshot: KeySnapshot, deps: GateDeps, operation: OperationRecord): Draft {
  const now = deps.clock.now();
  const { windowSeconds } = acknowledgementPolicy(deps.classes, snapshot.key.class);
  const version = versionOf(snapshot, operation.version);
  const wait = {
    startedAt: now,
    deadlineAt: later(now, windowSeconds),
    remindedPercent: 0,
    extensions: 0,
  };
  // A data key has no KMS key of its own: its consumers fetch it again, and ask the parent's to unwrap it.
  const detail = version.dataKey
    ? { keyArn: version.dataKey.keyArn, alias: null }
    : { keyArn: version.keyArn, alias: version.alias };
  return waitDraft(
    snapshot,
    operation,
    { action: 'version.staged', wait, detail },
    now,
    'StageVersion',
  );
}

/** Everybody is ready: the operation goes on, as any step does. */
function openDraft(snapshot: KeySnapshot, operation: OperationRecord, now: Instant): Draft {
  return {
    operation: withStep(operation, 'AwaitAcknowledgements', now),
    audit: {
      at: now,
      actor: `workflow/${operation.kind}`,
      action: 'acknowledgement.completed',
      decision: { effect: 'permit', rule: 'lease-holder' },
      operationId: operation.id,
      detail: {
        version: operation.version,
        consumers: answering(snapshot.consumers).length,
        forcedBy: operation.acknowledgement?.forcedBy ?? null,
      },
    },
  };
}

/** Why the way is closed for ever. */
function refusalOf(wait: AcknowledgementWait | undefined, names: string): KeyturnError {
  if (wait?.cancelled)
    return new KeyturnError(
      'RotationCancelled',
      `${wait.cancelled.by} cancelled it: ${wait.cancelled.reason}; the old version stays in use`,
    );
  return new KeyturnError(
    'AcknowledgementsMissing',
    `${names} did not acknowledge in time; the old version stays in use. Ask their owners, then rotate again`,
  );
}

/** One look, in the transaction that records what it found. */
async function look(deps: GateDeps, input: StepInput): Promise<'staged' | GateFinding> {
  return mutateKey<'staged' | GateFinding>(deps.ledger, input.key, (snapshot) => {
    const { operation, version } = leasedContext(snapshot, input);
    const isBehind = isRecorded(operation, 'AwaitAcknowledgements') || isPastSwitch(version);
    if (isBehind) return { draft: null, result: { outcome: 'open' } };
    if (!operation.acknowledgement)
      return { draft: stageDraft(snapshot, deps, operation), result: 'staged' };
    const now = deps.clock.now();
    const found = lookAtWait(snapshot, operation, deps.classes, now);
    const draft = found.outcome === 'open' ? openDraft(snapshot, operation, now) : found.draft;
    return { draft, result: found };
  });
}

/**
 * Lets a rotation through to its switch, or keeps it waiting.
 * @throws KeyturnError `AcknowledgementsPending` while it waits; `AcknowledgementsMissing` when the deadline has passed
 *   and the class undoes the rotation; `RotationCancelled` when somebody took it back; `LeaseLost`
 */
export async function passGate(deps: GateDeps, input: StepInput): Promise<void> {
  const first = await look(deps, input);
  // Behind telling them: those that only state a wait of nothing are ready at once.
  const found = first === 'staged' ? await look(deps, input) : first;
  if (found === 'staged' || found.outcome === 'open') return;
  const names = found.lagging.join(', ');
  if (found.outcome === 'wait') {
    throw new KeyturnError('AcknowledgementsPending', `waits for ${names} to acknowledge`);
  }
  throw refusalOf(found.wait, names);
}

/** For the sweep: what a look at a waiting rotation records when it waits on; null when an attempt has work to do. */
export function heldDraft(
  snapshot: KeySnapshot,
  classes: readonly ClassPolicy[],
  now: Instant,
): Draft | null {
  const { operation } = snapshot;
  if (!operation || !isWaiting(operation)) return null;
  const found = lookAtWait(snapshot, operation, classes, now);
  return found.outcome === 'wait' ? found.draft : null;
}
