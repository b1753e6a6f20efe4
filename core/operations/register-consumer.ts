// SPDX-License-Identifier: Apache-2.0
// Use cases: register, change and remove a consumer of a key. A change of rights is an operation of its own,
// `update-access`, which holds the key's lease while the key policies follow; a change of anything else is recorded
// as an operation that is done at once. Policy size is checked before anything is written.
import { KeyturnError } from '../errors.ts';
import type { AcknowledgementPlan, ConsumerRecord } from '../keys/consumers.ts';
import { accessOf, grantsOf } from '../keys/consumers.ts';
import type { KeyRecord, VersionRecord } from '../keys/records.ts';
import { mayProcess } from '../keys/transitions.ts';
import type { PolicyMeter } from '../ports/key-vault.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock, Decision, Directory, Ids, Workflows } from '../ports/platform.ts';
import { admitOnce, type IdempotencyClaim } from './admit-operation.ts';
import { type Draft, mutateKey } from './mutate-key.ts';
import { admissionOf, isPolicyStale } from './update-access.ts';

export interface RegisterConsumerDeps {
  readonly ledger: Ledger;
  readonly workflows: Workflows;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly meter: PolicyMeter;
}

/** What a caller says of a consumer. */
export type Registration = Pick<
  ConsumerRecord,
  'owner' | 'contact' | 'principal' | 'rights' | 'kind'
> & {
  readonly acknowledgement: AcknowledgementPlan;
  /** Version that an AWS service holds on to; absent: the current one, or what was said before. */
  readonly boundKeyArn: string | null;
  /** Declares that the service holds on to the current version now. */
  readonly moved: boolean;
};

export interface ChangeInput {
  readonly key: string;
  readonly consumer: string;
  /** Revision of the registration that the caller saw; null for a new one. */
  readonly expectedRevision: number | null;
  readonly by: string;
  readonly decision: Decision;
  readonly claim: IdempotencyClaim;
}

/** A consumer that exists is changed only by who has seen it. */
function checkSeen(existing: ConsumerRecord | undefined, input: ChangeInput): void {
  const { consumer, expectedRevision } = input;
  if (existing && expectedRevision === null) {
    throw new KeyturnError(
      'PreconditionRequired',
      `${consumer} is registered; send If-Match with the ETag that it was read with`,
    );
  }
  if (expectedRevision === null || existing?.revision === expectedRevision) return;
  throw new KeyturnError('StaleRevision', `${consumer} changed meanwhile; read it again`, {
    details: { revision: existing?.revision ?? null },
  });
}

function currentOf({ key, versions }: KeySnapshot): VersionRecord {
  const current = versions.find((version) => version.version === key.currentVersion);
  if (current && key.state === 'active') return current;
  throw new KeyturnError(
    'TransitionForbidden',
    `${key.name} is ${key.state}; consumers are registered with an active key`,
    { details: { key: key.name, state: key.state } },
  );
}

function boundArn(
  snapshot: KeySnapshot,
  registration: Registration,
  existing: ConsumerRecord | undefined,
): string | null {
  const { kind, moved, boundKeyArn } = registration;
  if (kind !== 'aws-service') return null;
  const current = currentOf(snapshot).keyArn;
  const arn = moved ? current : (boundKeyArn ?? existing?.boundKeyArn ?? current);
  const isKnown = snapshot.versions.some(
    (version) => version.keyArn === arn && mayProcess(version.state),
  );
  if (isKnown) return arn;
  throw new KeyturnError(
    'ValidationFailed',
    'boundKeyArn must be the ARN of a readable version of this key; "key history" lists them',
    { fields: [{ pointer: '/boundKeyArn', detail: 'is no readable version of this key' }] },
  );
}

/** The rest of a registration; acknowledgements belong to the principal that gave them. */
function recordOf(
  snapshot: KeySnapshot,
  input: ChangeInput & { registration: Registration },
  operationId: string,
  now: string,
): ConsumerRecord {
  const existing = snapshot.consumers.find((known) => known.name === input.consumer);
  const { moved: _moved, ...said } = input.registration;
  const kept = existing?.principal === said.principal ? existing : undefined;
  return {
    ...said,
    key: snapshot.key.name,
    name: input.consumer,
    boundKeyArn: boundArn(snapshot, input.registration, existing),
    state: existing?.state ?? 'opening',
    acknowledgedVersion: kept?.acknowledgedVersion ?? null,
    acknowledgedAt: kept?.acknowledgedAt ?? null,
    lastSeenVersion: kept?.lastSeenVersion ?? null,
    lastSeenAt: kept?.lastSeenAt ?? null,
    delivery: existing?.delivery ?? null,
    ...(existing?.stops ? { stops: existing.stops } : {}),
    operationId,
    revision: snapshot.key.revision + 1,
    registeredAt: existing?.registeredAt ?? now,
    registeredBy: existing?.registeredBy ?? input.by,
  };
}

/** KMS takes at most 32,768 bytes (KMS PutKeyPolicy): more consumers than fit are refused before anything changes. */
function checkSize(meter: PolicyMeter, key: KeyRecord): void {
  const bytes = meter.policyBytes('active', accessOf(key));
  if (bytes <= meter.limitBytes) return;
  throw new KeyturnError(
    'PolicyTooLarge',
    `the key policy of ${key.name} would have ${bytes} bytes, KMS takes ${meter.limitBytes}; remove a consumer or let several share a role`,
    { details: { bytes, limitBytes: meter.limitBytes } },
  );
}

/** A change of one consumer as a draft, with the operation that carries it out. */
function changeDraft(
  deps: RegisterConsumerDeps,
  snapshot: KeySnapshot,
  input: ChangeInput,
  changed: ConsumerRecord,
  action: string,
): { draft: Draft; hasWork: boolean } {
  const { key } = snapshot;
  const now = deps.clock.now();
  const others = snapshot.consumers.filter((known) => known.name !== changed.name);
  const consumers = changed.state === 'removed' ? others : [...others, changed];
  consumers.sort((a, b) => (a.name < b.name ? -1 : 1));
  const consumerAccess = grantsOf(consumers);
  const after = { ...snapshot, key: { ...key, consumerAccess }, consumers };
  if (changed.state !== 'removed') checkSize(deps.meter, after.key);
  const hasWork = isPolicyStale(snapshot, after);
  const admission = admissionOf(after, { ...input, id: changed.operationId, now, hasWork });
  const state = hasWork || changed.state === 'removed' ? changed.state : 'active';
  const { principal, kind, boundKeyArn, acknowledgement } = changed;
  return {
    hasWork,
    draft: {
      ...admission,
      key: { ...admission.key, consumerAccess },
      consumers: [{ ...changed, state }],
      audit: {
        at: now,
        actor: input.by,
        action,
        decision: input.decision,
        operationId: changed.operationId,
        detail: {
          consumer: changed.name,
          principal,
          rights: changed.rights.join(','),
          kind,
          mode: acknowledgement.mode,
          boundKeyArn,
          version: key.currentVersion,
        },
      },
    },
  };
}

type Decide = (snapshot: KeySnapshot, operationId: string) => ReturnType<typeof changeDraft>;

/** What both use cases share: an answer to a repeated request, the change, the start of its workflow. */
async function change(
  deps: RegisterConsumerDeps,
  input: ChangeInput,
  decide: Decide,
): Promise<{ operationId: string }> {
  const operationId = await admitOnce(deps.ledger, input.claim, () => {
    const id = deps.ids.operationId();
    return mutateKey(deps.ledger, input.key, (snapshot) => {
      const { draft } = decide(snapshot, id);
      return { draft, result: id };
    });
  });
  const operation = await deps.ledger.readOperation(operationId);
  if (operation?.state === 'running') await deps.workflows.start('update-access', operationId, 1);
  return { operationId };
}

/**
 * Registers a consumer, or changes one.
 * @throws KeyturnError `UnknownOwner`, `PreconditionRequired`, `StaleRevision`, `ValidationFailed`, `PolicyTooLarge`,
 *   `TransitionForbidden`, `OperationInProgress`, `IdempotencyKeyReused`
 */
export async function registerConsumer(
  deps: RegisterConsumerDeps,
  input: ChangeInput & { readonly registration: Registration },
): Promise<{ operationId: string }> {
  if (!(await deps.directory.ownerExists(input.registration.owner))) {
    throw new KeyturnError('UnknownOwner', 'the owner must be a person or team of the directory', {
      fields: [{ pointer: '/owner', detail: 'must name a person or team of the directory' }],
    });
  }
  return change(deps, input, (snapshot, operationId) => {
    const existing = snapshot.consumers.find((known) => known.name === input.consumer);
    currentOf(snapshot);
    checkSeen(existing, input);
    const record = recordOf(snapshot, input, operationId, deps.clock.now());
    const action = existing ? 'consumer.changed' : 'consumer.registered';
    return changeDraft(deps, snapshot, input, record, action);
  });
}

/**
 * Removes a consumer: its principal loses the key unless another entry names it too.
 * @throws KeyturnError `ConsumerNotFound`, `PreconditionRequired`, `StaleRevision`, `OperationInProgress`
 */
export async function removeConsumer(
  deps: RegisterConsumerDeps,
  input: ChangeInput,
): Promise<{ operationId: string }> {
  return change(deps, input, (snapshot, operationId) => {
    const existing = snapshot.consumers.find((known) => known.name === input.consumer);
    if (!existing) throw consumerNotFound(input.key, input.consumer);
    checkSeen(existing, input);
    const removed = {
      ...existing,
      state: 'removed' as const,
      operationId,
      revision: snapshot.key.revision + 1,
    };
    return changeDraft(deps, snapshot, input, removed, 'consumer.removed');
  });
}

/** The error for a consumer that is not registered. */
export function consumerNotFound(key: string, consumer: string): KeyturnError {
  return new KeyturnError(
    'ConsumerNotFound',
    `no consumer of ${key} is named ${consumer}; "consumer list ${key}" shows them`,
    { details: { key, consumer } },
  );
}
