// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type AuditRecord, link } from '#core/audit/chain.ts';
import type { KeyturnEvent } from '#core/contract/events.ts';
import { publishEvents } from '#core/operations/publish-events.ts';
import { anAuditEntry } from '#test/support/records.ts';

const record = (sequence: number, action: string, detail = {}): AuditRecord =>
  link('key/orders', { sequence: sequence - 1, hash: 'h' }, anAuditEntry({ action, detail }));
const at = (position: string, one: AuditRecord | null) => ({ position, record: one });

/** A bus that takes so many events. */
function busTaking(limit: number) {
  const published: KeyturnEvent[] = [];
  const publish = async (events: readonly KeyturnEvent[]) => {
    const taken = Math.min(limit, events.length);
    published.push(...events.slice(0, taken));
    return taken;
  };
  return { published, publish };
}
const CREATED = record(1, 'key.created', { version: 1 });
const NAMED = record(2, 'version.named', { version: 1 });
const PARKED = record(3, 'operation.parked', {
  step: 'ProbeAlias',
  retryAt: '2026-01-01T00:00:00.000Z',
});

describe('publishEvents', () => {
  it('publishes the events of a batch in order', async () => {
    const bus = busTaking(10);

    const done = await publishEvents(bus, [at('1', CREATED), at('2', NAMED), at('3', PARKED)]);

    expect(done).toEqual({ failed: null, untold: [] });
    expect(bus.published.map(({ name }) => name)).toEqual(['key.created', 'operation.parked']);
  });

  it('asks for everything from the first event on that was not taken', async () => {
    const both = [at('1', CREATED), at('3', PARKED)];

    expect(await publishEvents(busTaking(1), both)).toEqual({ failed: '3', untold: [] });
    expect(await publishEvents(busTaking(0), both)).toEqual({ failed: '1', untold: [] });
  });

  it('passes over a record that cannot be told, names it, and goes on behind it', async () => {
    const bus = busTaking(10);
    const broken = record(2, 'version.staged', {});
    const batch = [at('1', CREATED), at('2', broken), at('3', PARKED)];

    expect(await publishEvents(bus, batch)).toEqual({ failed: null, untold: ['key/orders#2'] });
    expect(bus.published.map(({ name }) => name)).toEqual(['key.created', 'operation.parked']);
  });

  it('does not call the bus when there is nothing to tell', async () => {
    const silent = { publish: async () => Promise.reject(new Error('was called')) };

    const done = await publishEvents(silent, [at('1', NAMED), at('2', null)]);
    expect(done).toEqual({ failed: null, untold: [] });
  });
});
