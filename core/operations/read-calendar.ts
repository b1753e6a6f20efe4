// SPDX-License-Identifier: Apache-2.0
// Use case: what rotates when, and which hours are crowded. It reads the index of what is due; operations that hold
// their keys are not part of it.
import { rotationDueAt } from '../keys/due.ts';
import type { Instant, KeyRecord } from '../keys/records.ts';
import { type ClassPolicy, classOf } from '../policies/classes.ts';
import type { Ledger } from '../ports/ledger.ts';

export interface CalendarEntry {
  readonly key: string;
  readonly class: string;
  readonly owner: string;
  readonly dueAt: Instant;
  readonly because: string | null;
}

/** An hour in which more of a class is due than may begin: the rest begins later. */
export interface CrowdedHour {
  readonly hour: Instant;
  readonly class: string;
  readonly due: number;
  readonly limit: number;
}

export interface CalendarQuery {
  readonly from: Instant;
  readonly until: Instant;
  readonly cursor: string | null;
  readonly limit: number;
}

function crowdedHours(
  entries: readonly CalendarEntry[],
  classes: readonly ClassPolicy[],
): readonly CrowdedHour[] {
  const counts = new Map<string, CrowdedHour>();
  for (const { class: name, dueAt } of entries) {
    const limit = classOf(classes, name)?.schedule?.maxStartsPerHour;
    if (limit === undefined) continue;
    const hour = `${dueAt.slice(0, 13)}:00:00.000Z`;
    const due = (counts.get(`${hour}#${name}`)?.due ?? 0) + 1;
    counts.set(`${hour}#${name}`, { hour, class: name, due, limit });
  }
  return [...counts.values()].filter(({ due, limit }) => due > limit);
}

function toEntry(key: KeyRecord, dueAt: Instant): CalendarEntry {
  const { name, class: className, owner } = key;
  return { key: name, class: className, owner, dueAt, because: key.dueBecause?.reason ?? null };
}

/** One page of the calendar. @param maySee keys the caller may not see are left out, and not counted */
export async function readDue(
  deps: { readonly ledger: Ledger; readonly classes: readonly ClassPolicy[] },
  query: CalendarQuery,
  maySee: (key: KeyRecord) => Promise<boolean>,
): Promise<{
  items: readonly CalendarEntry[];
  nextCursor: string | null;
  crowded: readonly CrowdedHour[];
}> {
  const found = await deps.ledger.listDueBetween(
    query.cursor ?? query.from,
    query.until,
    query.limit,
  );
  const keys = await Promise.all(found.map(({ name }) => deps.ledger.readKeyRecord(name)));
  const items: CalendarEntry[] = [];
  for (const key of keys) {
    const dueAt = key ? rotationDueAt(key) : null;
    if (key && dueAt !== null && (await maySee(key))) items.push(toEntry(key, dueAt));
  }
  const last = found.length === query.limit ? found.at(-1) : undefined;
  return {
    items,
    nextCursor: last ? `${last.dueAt}#${last.name}` : null,
    crowded: crowdedHours(items, deps.classes),
  };
}
