// SPDX-License-Identifier: Apache-2.0
// Consumers and the rotations that wait for them, as the API shows them.
import type { z } from 'zod';
import type * as bodies from '#core/contract/consumers.ts';
import { type ConsumerRecord, stopOf } from '#core/keys/consumers.ts';
import type { Instant } from '#core/keys/records.ts';
import type { RotationStatus } from '#core/operations/acknowledge-rotation.ts';
import type { AcknowledgementPolicy } from '#core/policies/acknowledgement.ts';
import type { KeySnapshot } from '#core/ports/ledger.ts';

/** True when what is known of the consumer is an older version than the current one. */
function isLagging(consumer: ConsumerRecord, { key, versions }: KeySnapshot): boolean {
  if (key.currentVersion === null) return false;
  if (consumer.kind === 'aws-service') {
    const bound = versions.find((version) => version.keyArn === consumer.boundKeyArn);
    return bound !== undefined && bound.version < key.currentVersion;
  }
  return consumer.lastSeenVersion !== null && consumer.lastSeenVersion < key.currentVersion;
}

export function consumerView(
  consumer: ConsumerRecord,
  snapshot: KeySnapshot,
  now: Instant,
): z.infer<typeof bodies.Consumer> {
  const { acknowledgement, delivery } = consumer;
  return {
    ...consumer,
    rights: [...consumer.rights],
    acknowledgement: { ...acknowledgement },
    delivery: delivery && { ...delivery },
    isLagging: isLagging(consumer, snapshot),
    stop: stopOf(consumer, snapshot, now),
  };
}

export function rotationView(
  status: RotationStatus,
  policy: AcknowledgementPolicy,
): z.infer<typeof bodies.Rotation> {
  const { operation, isWaiting, lagging, consumers } = status;
  const { id, key, version, previousVersion, state, step, acknowledgement } = operation;
  return {
    operationId: id,
    key,
    version,
    previousVersion,
    state,
    step,
    isWaiting,
    stagedAt: acknowledgement?.startedAt ?? null,
    deadlineAt: acknowledgement?.deadlineAt ?? null,
    remindedPercent: acknowledgement?.remindedPercent ?? null,
    onDeadline: policy.onDeadline,
    consumers: consumers.map((consumer) => ({
      name: consumer.name,
      kind: consumer.kind,
      mode: consumer.acknowledgement.mode,
      acknowledgedAt: consumer.acknowledgedVersion === version ? consumer.acknowledgedAt : null,
      isAcknowledged: !lagging.includes(consumer.name),
      lastSeenVersion: consumer.lastSeenVersion,
      lastSeenAt: consumer.lastSeenAt,
    })),
    lagging: [...lagging],
  };
}
