// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { genesisHash, verifyChain } from '#core/audit/chain.ts';
import { toEvent } from '#core/contract/events.ts';
import { INCIDENT_TYPES } from '#core/contract/incidents.ts';
import {
  addNote,
  addTask,
  closeIncident,
  type OpenIncidentInput,
  openIncident,
  updateTask,
} from '#core/incidents/manage-incidents.ts';
import type { IncidentRecord } from '#core/incidents/records.ts';
import { incidentStream } from '#core/incidents/records.ts';
import { timelineOf } from '#core/incidents/timeline.ts';
import { containKey } from '#core/operations/contain-key.ts';
import { keyStream } from '#core/operations/mutate-key.ts';
import { PLAYBOOKS } from '#policies/playbooks.ts';
import { Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, PERMIT, type World } from '#test/support/world.ts';

const ACTOR = { by: ALICE.id, decision: PERMIT };

describe('an incident', () => {
  let world: World;
  let claims = 0;
  const claim = () => {
    claims += 1;
    return {
      scope: claims.toString(16).padStart(64, '0').split('').reverse().join(''),
      bodyHash: 'body',
    };
  };
  const deps = () => ({
    incidents: world.incidents,
    ledger: world.ledger,
    clock: world.clock,
    playbooks: PLAYBOOKS,
  });
  const open = (input: Partial<OpenIncidentInput> = {}) =>
    openIncident(deps(), {
      ...ACTOR,
      type: 'leaked-credential',
      title: 'a token in a log',
      keys: ['orders'],
      occurredAt: null,
      claim: claim(),
      ...input,
    });
  const endAll = async ({ id, tasks }: IncidentRecord) => {
    for (const { id: task } of tasks)
      await updateTask(deps(), { ...ACTOR, id, task, state: 'done', note: 'see the ticket' });
  };

  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
  });

  it.each(INCIDENT_TYPES)('of type %s begins with the tasks of its playbook', async (type) => {
    const incident = await open({ type });

    expect(incident).toMatchObject({ state: 'open', keys: ['orders'], owners: ['olga'] });
    const phases = incident.tasks.map(({ phase }) => phase);
    expect(phases).toContain('identify');
    expect(phases.at(-1)).toBe('root-cause');
    expect(JSON.stringify(incident.tasks)).not.toContain('{key}');
    expect(new Set(incident.tasks.map(({ id }) => id)).size).toBe(incident.tasks.length);
  });

  it('is one for a request that is sent twice, and none for another body', async () => {
    const same = claim();
    const first = await open({ claim: same });
    const [second, third] = await Promise.all([open({ claim: same }), open({ claim: same })]);

    expect([second.id, third.id]).toEqual([first.id, first.id]);
    expect(await world.incidents.listIncidents()).toHaveLength(1);
    await expect(open({ claim: { ...same, bodyHash: 'other' } })).rejects.toMatchObject({
      name: 'IdempotencyKeyReused',
    });
  });

  it('is one for two requests at the same time', async () => {
    const same = claim();
    const [first, second] = await Promise.all([open({ claim: same }), open({ claim: same })]);

    expect(first).toEqual(second);
    expect(world.incidents.audit).toHaveLength(1);
  });

  it('is not opened for keys that do not exist, or in the future', async () => {
    await expect(open({ keys: ['nothing'] })).rejects.toMatchObject({ name: 'KeyNotFound' });
    await expect(open({ occurredAt: '2999-01-01T00:00:00.000Z' })).rejects.toMatchObject({
      name: 'ValidationFailed',
    });
    expect(await world.incidents.listIncidents()).toEqual([]);
  });

  it('takes in keys that are found to be concerned, with their tasks', async () => {
    await world.admitKey({ name: 'invoices' });
    const { id, tasks } = await open();
    const input = { ...ACTOR, id, phase: 'identify' as const, text: 'it reads these too' };
    const noted = { ...input, keys: ['invoices', 'orders'], claim: claim() };
    const next = await addNote(deps(), noted);
    await addNote(deps(), noted);

    expect(next.keys).toEqual(['invoices', 'orders']);
    const more = next.tasks.slice(tasks.length);
    expect(more.length).toBeGreaterThan(0);
    expect(more.every(({ text }) => text.endsWith(': invoices'))).toBe(true);
    expect((await world.incidents.readIncident(id))?.notes).toHaveLength(1);
  });

  it('adds a task once, and remembers how it ended first', async () => {
    const { id, tasks } = await open();
    const task = { ...ACTOR, id, phase: 'identify' as const, text: 'ask', owner: 'olga' };
    const same = { ...task, claim: claim() };
    await addTask(deps(), same);
    const { tasks: after } = await addTask(deps(), same);
    expect(after).toHaveLength(tasks.length + 1);
    const last = after.at(-1)?.id ?? '';
    await updateTask(deps(), { ...ACTOR, id, task: last, state: 'done', note: 'asked' });
    await updateTask(deps(), { ...ACTOR, id, task: last, state: 'done', note: 'again' });

    expect((await world.incidents.readIncident(id))?.tasks.at(-1)).toMatchObject({
      state: 'done',
      note: 'asked',
      by: ALICE.id,
    });
    await expect(
      updateTask(deps(), { ...ACTOR, id, task: 't99', state: 'done', note: 'x' }),
    ).rejects.toMatchObject({ name: 'IncidentNotFound' });
  });

  it('closes with its root cause once no task is open, and stays closed', async () => {
    const incident = await open();
    const closing = { ...ACTOR, id: incident.id, rootCause: 'a log', followUps: ['scan logs'] };
    await expect(closeIncident(deps(), closing)).rejects.toMatchObject({
      name: 'TransitionForbidden',
      message: expect.stringContaining('t1'),
    });
    await endAll(incident);
    expect(await closeIncident(deps(), closing)).toMatchObject({
      state: 'closed',
      rootCause: 'a log',
      followUps: ['scan logs'],
    });
    expect((await closeIncident(deps(), closing)).state).toBe('closed');
    const refused = { name: 'TransitionForbidden' };
    await expect(closeIncident(deps(), { ...closing, rootCause: 'x' })).rejects.toMatchObject(
      refused,
    );
    await expect(
      addNote(deps(), {
        ...ACTOR,
        id: incident.id,
        phase: 'identify',
        text: 'x',
        keys: [],
        claim: claim(),
      }),
    ).rejects.toMatchObject(refused);
    await expect(
      addTask(deps(), {
        ...ACTOR,
        id: incident.id,
        phase: 'identify',
        text: 'x',
        owner: null,
        claim: claim(),
      }),
    ).rejects.toMatchObject(refused);
  });

  it('is a chain of audit records that holds, one for each change', async () => {
    const incident = await open();
    await endAll(incident);
    const { revision, auditHead } = (await world.incidents.readIncident(incident.id)) ?? incident;
    const stream = incidentStream(incident.id);

    expect(world.incidents.audit).toHaveLength(revision);
    expect(world.incidents.audit[0]?.previousHash).toBe(genesisHash(stream));
    const head = { sequence: revision, hash: auditHead };
    expect(verifyChain(stream, world.incidents.audit, head)).toBeNull();
  });

  it('is told when it is opened and closed', async () => {
    const incident = await open();
    await endAll(incident);
    const closing = { rootCause: 'a log', followUps: ['scan logs'] };
    await closeIncident(deps(), { ...ACTOR, id: incident.id, ...closing });
    const events = world.incidents.audit.flatMap(
      (record) => toEvent({ ...record, detail: { ...record.detail } }) ?? [],
    );

    expect(events.map(({ name }) => name)).toEqual(['incident.opened', 'incident.closed']);
    expect(events[0]?.detail).toMatchObject({
      incidentId: incident.id,
      key: null,
      keys: 'orders',
      type: 'leaked-credential',
    });
  });

  it('shows what was done to its keys, as their audit records prove it', async () => {
    const simulation = new Simulation(world);
    const incident = await open({ occurredAt: '2025-12-31T00:00:00.000Z' });
    world.clock.advance(60);
    const { operationId } = await containKey(world.deps, {
      key: 'orders',
      version: 1,
      kind: 'revocation',
      mode: 'locked',
      reason: 'leaked',
      occurredAt: null,
      withSuccessor: true,
      isEmergency: false,
      by: ALICE.id,
      decision: PERMIT,
      claim: { scope: 'revoke', bodyHash: 'body' },
    });
    await simulation.run('revoke-key', operationId, 1);
    const { records } = await world.store.readAudit(keyStream('orders'), 0, 1000);
    const timeline = timelineOf(incident, new Map([['orders', records]]));

    expect(timeline.map(({ at }) => at)).toEqual(timeline.map(({ at }) => at).sort());
    expect(timeline[0]).toMatchObject({ what: 'it happened, as far as known' });
    const told = timeline.filter(({ auditHash }) => auditHash !== null);
    expect(told.map(({ phase }) => phase)).toEqual(expect.arrayContaining(['revoke', 'rekey']));
    const revoking = told.find(({ what }) => what.startsWith('key.revoking'));
    expect(revoking).toMatchObject({ key: 'orders', operationId, by: ALICE.id });
    expect(revoking?.what).toContain('reason leaked');
    expect(records.map(({ hash }) => hash)).toContain(revoking?.auditHash);
  });
});
