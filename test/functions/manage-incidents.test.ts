// SPDX-License-Identifier: Apache-2.0
import '#test/support/functions.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Call, current, renewWorld, request } from '#test/support/functions.ts';
import { withActiveKey } from '#test/support/steps.ts';

const { handler } = await import('#functions/manage-incidents/handler.ts');

beforeEach(async () => {
  await renewWorld();
  await withActiveKey(current.world);
});

const BODY = { type: 'insider', title: 'case 4711', keys: ['orders'] };
const ask = (route: Parameters<typeof request>[1], call: Partial<Call> = {}) =>
  request(handler, route, {
    as: { person: 'alice' },
    headers: { 'Idempotency-Key': crypto.randomUUID() },
    ...call,
  });
const open = async (person = 'alice') => ask('openIncident', { as: { person }, body: BODY });

describe('incidents', () => {
  it('are opened by people, noted on, and closed with their root cause', async () => {
    const { status, body, headers } = await open();
    expect(status).toBe(200);
    expect(headers).toMatchObject({ location: `/v1/incidents/${body.id}` });
    const path = { id: body.id };
    const note = { text: 'seen', phase: 'identify', keys: [] };
    expect((await ask('addIncidentNote', { path, body: note })).status).toBe(200);
    const closing = { rootCause: 'a colleague', followUps: ['two keys for the door'] };
    expect((await ask('closeIncident', { path, body: closing })).body).toMatchObject({
      code: 'TransitionForbidden',
    });
    for (const { id: task } of body.tasks)
      await ask('updateIncidentTask', {
        path: { ...path, task },
        body: { state: 'dropped', note: 'not needed here' },
      });
    expect((await ask('closeIncident', { path, body: closing })).body).toMatchObject({
      state: 'closed',
      openTasks: 0,
      affected: [{ key: 'orders', owner: 'olga', revokedVersions: [] }],
    });
    expect((await ask('listIncidents')).body.items).toMatchObject([{ id: body.id }]);
  });

  it.each(['alice', 'olga', 'bob'])('may be opened by %s', async (person) => {
    expect((await open(person)).status).toBe(200);
  });

  it('may be read, and not opened, by an auditor', async () => {
    const { body } = await open();
    expect((await open('ada')).status).toBe(403);
    const shown = await ask('getIncident', { as: { person: 'ada' }, path: { id: body.id } });
    expect(shown.status).toBe(200);
  });

  it.each([
    ['another type', { ...BODY, type: 'weather' }],
    ['a key twice', { ...BODY, keys: ['orders', 'orders'] }],
    ['no title', { type: 'insider' }],
    ['direction marks', { ...BODY, title: 'a\u202Eb' }],
    ['more members', { ...BODY, extra: 1 }],
  ])('are refused with %s', async (_what, body) => {
    expect((await ask('openIncident', { body })).status).toBe(400);
    expect(await current.world.incidents.listIncidents()).toEqual([]);
  });

  it.each(['inc_1', '../x', `inc_${'0'.repeat(26)}`])('are not found by %s', async (id) => {
    expect((await ask('getIncident', { path: { id } })).status).toBe(404);
  });
});
