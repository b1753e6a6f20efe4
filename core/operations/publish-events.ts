// SPDX-License-Identifier: Apache-2.0
// Use case: turns audit records, as the table's stream hands them over, into events on the bus. A record that was not
// published is handed over again with everything behind it, so order within a key is kept and nothing is lost.
import type { AuditRecord } from '../audit/chain.ts';
import { type KeyturnEvent, toEvent } from '../contract/events.ts';
import type { EventBus } from '../ports/event-bus.ts';

/** A record with its place in the stream. */
export interface StreamedRecord {
  readonly position: string;
  /** Null for a row that is no audit record: there is nothing to tell. */
  readonly record: AuditRecord | null;
}

interface Placed {
  readonly position: string;
  readonly event: KeyturnEvent;
}

/** Events up to the first record that cannot be told, and the place of that record. */
function toEvents(records: readonly StreamedRecord[]): { placed: Placed[]; broken: string | null } {
  const placed: Placed[] = [];
  for (const { position, record } of records) {
    try {
      const event = record && toEvent({ ...record, detail: { ...record.detail } });
      if (event) placed.push({ position, event });
    } catch {
      // The record lacks what its event needs: it ends in the dead-letter queue, where its alarm is.
      return { placed, broken: position };
    }
  }
  return { placed, broken: null };
}

/** Publishes a batch. @returns the place of the first record that was not published; null when all were */
export async function publishEvents(
  bus: EventBus,
  records: readonly StreamedRecord[],
): Promise<string | null> {
  const { placed, broken } = toEvents(records);
  const taken = placed.length === 0 ? 0 : await bus.publish(placed.map(({ event }) => event));
  return placed[taken]?.position ?? broken;
}
