// SPDX-License-Identifier: Apache-2.0
// Consumers and the rotations that wait for them, as the API shows them.
import type { z } from 'zod';
import type * as bodies from '#core/contract/consumers.ts';
import type { ConsumerRecord } from '#core/keys/consumers.ts';
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
): z.infer<typeof bodies.Consumer> {
  const { acknowledgement, delivery } = consumer;
  return {
    ...consumer,
    rights: [...consumer.rights],
    acknowledgement: { ...acknowledgement },
    delivery: delivery && { ...delivery },
    isLagging: isLagging(consumer, snapshot),
  };
}
