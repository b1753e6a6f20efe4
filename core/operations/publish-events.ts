// SPDX-License-Identifier: Apache-2.0
// Use case: turns audit records, as the table's stream hands them over, into events on the bus. A record that was not
// published is handed over again with everything behind it, so order within a key is kept and nothing is lost. One of which
// no event can be made is passed over and reported; the record itself is in the audit trail.
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

/** What became of a batch. */
export interface Published {
  /** Place of the first record that was not published; null when all were. */
  readonly failed: string | null;
  /** Ids of records that lack what their event needs: however often they are tried, nobody can be told. */
  readonly untold: readonly string[];
}

function toEvents(records: readonly StreamedRecord[]) {
  const placed: Placed[] = [];
  const untold: string[] = [];
  for (const { position, record } of records) {
    try {
      const event = record && toEvent({ ...record, detail: { ...record.detail } });
      if (event) placed.push({ position, event });
    } catch {
      // What comes behind it, such as the revocation of another key, must not wait for a record that never gets better.
      untold.push(`${record?.stream}#${record?.sequence}`);
    }
  }
  return { placed, untold };
}

/** Publishes a batch, in order. */
export async function publishEvents(
  bus: EventBus,
  records: readonly StreamedRecord[],
): Promise<Published> {
  const { placed, untold } = toEvents(records);
  const taken = placed.length === 0 ? 0 : await bus.publish(placed.map(({ event }) => event));
  return { failed: placed[taken]?.position ?? null, untold };
}
