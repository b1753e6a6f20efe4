// SPDX-License-Identifier: Apache-2.0
// Reads the CloudTrail events of an emulator.
import type { TestEmulator } from './support.ts';

/** A CloudTrail event as JSON brought it. */
export type Event = Readonly<Record<string, unknown>>;

/** A page of the trail. */
export async function trail(emulator: TestEmulator, query = '') {
  const response = await fetch(`${emulator.url}/_admin/cloudtrail${query}`, {
    headers: { 'x-admin-token': emulator.adminToken },
  });
  return (await response.json()) as { events: Event[]; next: number };
}

/** The events that some work leaves. */
export async function eventsOf(emulator: TestEmulator, work: () => Promise<unknown>) {
  let { next } = await trail(emulator, '?limit=1000');
  for (let more = true; more; ) {
    const page = await trail(emulator, `?after=${next}&limit=1000`);
    more = page.events.length > 0;
    next = page.next;
  }
  await work();
  return (await trail(emulator, `?after=${next}`)).events;
}
