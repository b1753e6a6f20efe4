// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EVENT_NAMES, EVENTS, eventSchema, toEvent } from '#core/contract/events.ts';
import { openApiDocument } from '#core/contract/openapi.ts';
import { watchPurges } from '#core/operations/watch-purges.ts';
import { registered } from '#test/support/consumers.ts';
import { suspended } from '#test/support/containment.ts';
import { Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { aWorld } from '#test/support/world.ts';

const page = readFileSync(new URL('../../../docs/events.md', import.meta.url), 'utf8');

/** A key through its life with a consumer that never answers, then with one that need not. */
async function lifeOfAKey() {
  const world = await withActiveKey(await aWorld());
  world.waits = { settleSeconds: 5, bakeSeconds: 0 };
  const simulation = new Simulation(world);
  await registered(simulation);
  await world.admitRotation();
  await simulation.runStarted();
  world.clock.advance(20);
  await simulation.sweep();
  world.clock.advance(20);
  await simulation.sweep();
  await registered(simulation, 'billing', {
    acknowledgement: { mode: 'wait', waitSeconds: 0, url: null },
  });
  await world.admitRotation();
  await simulation.runStarted();
  return (await world.store.readAudit('key/orders', 0, 1000)).records;
}

describe('events', () => {
  it('are made of the audit records of a key, in order, each with its record as its id', async () => {
    const events = (await lifeOfAKey()).flatMap((record) => toEvent({ ...record }) ?? []);

    expect(events.map(({ name }) => name)).toEqual([
      'key.created',
      'consumer.registered',
      'key.access.updated',
      'key.rotation.started',
      'key.version.staged',
      'rotation.acknowledgement-reminder',
      'rotation.acknowledgement-overdue',
      'operation.compensated',
      'consumer.changed',
      'key.rotation.started',
      'key.version.staged',
      'key.rotated',
      'key.rotation.completed',
    ]);
    expect(new Set(events.map(({ detail }) => detail.id)).size).toBe(events.length);
    for (const { name, detail } of events)
      expect(eventSchema(name).strict().parse(detail)).toEqual(detail);
  });

  it('tell consumers what they need to take a version up', async () => {
    const events = (await lifeOfAKey()).flatMap((record) => toEvent({ ...record }) ?? []);
    const staged = events.find(({ name }) => name === 'key.version.staged');

    expect(staged?.detail).toMatchObject({
      version: 1,
      key: 'orders',
      keyVersion: 2,
      alias: 'alias/keyturn/local/orders/v2',
      lagging: ['billing'],
      owner: 'olga',
    });
  });

  it('tell who of a stopped key has not said that its caches are empty, and whom to ask', async () => {
    const world = await withActiveKey(await aWorld());
    const simulation = new Simulation(world);
    await registered(simulation);
    await suspended(simulation);
    world.clock.advance(300);
    await watchPurges(world.deps);
    const { records } = await world.store.readAudit('key/orders', 0, 1000);
    const { name, detail } = toEvent({ ...records.at(-1) } as (typeof records)[number]) ?? {};
    const { at: since, operationId } = (await world.key()).containment ?? {};

    expect(name).toBe('key.purge-overdue');
    expect(detail).toEqual({
      ...{ version: 1, id: `key/orders#${records.length}`, key: 'orders', at: world.clock.now() },
      ...{ operationId, since, lagging: ['billing'], owner: 'olga' },
    });
  });

  it('hold nothing of a record that their schema does not name', async () => {
    const events = (await lifeOfAKey()).flatMap((record) => toEvent({ ...record }) ?? []);

    expect(JSON.stringify(events)).not.toMatch(/cause|contact|rule|decision|hash|principal/);
  });

  it('are not made of records of key stores, nor of records that tell nobody', async () => {
    const [record] = await lifeOfAKey();
    if (!record) throw new Error('no record');

    expect(toEvent({ ...record, stream: 'key-store/main', action: 'key.created' })).toBeNull();
    expect(toEvent({ ...record, action: 'version.named' })).toBeNull();
  });

  it('are refused when the record lacks what they need', async () => {
    const [record] = await lifeOfAKey();
    if (!record) throw new Error('no record');

    expect(() => toEvent({ ...record, action: 'version.staged', detail: {} })).toThrow();
  });

  it('come from one action each', () => {
    const actions = EVENT_NAMES.map((name) => EVENTS[name].action);

    expect(new Set(actions).size).toBe(actions.length);
  });

  it('are published as schemas in the contract, and listed in docs/events.md', () => {
    const webhooks = Object(openApiDocument('1.0.0')['webhooks']);
    const listed = [...page.matchAll(/^\| `([a-z.-]+)` \| `([a-z.-]+)` \|/gm)];

    expect(Object.keys(webhooks)).toEqual(EVENT_NAMES);
    expect(listed.map(([, name, action]) => [name, action])).toEqual(
      EVENT_NAMES.map((name) => [name, EVENTS[name].action]),
    );
  });
});
