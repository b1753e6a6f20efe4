// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { registered } from '#test/support/consumers.ts';
import { ACCOUNT, type Caller, current, renewWorld, request } from '#test/support/functions.ts';
import { Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';

const { handler } = await import('#functions/acknowledge-rotation/handler.ts');
const { handler: takeBack } = await import('#functions/watch-rotation/handler.ts');

let operationId: string;
const path = () => ({ operationId });
const ack = (as: Caller, body: unknown = { consumer: 'billing', version: 2 }) =>
  request(handler, 'acknowledgeRotation', { as, body, path: path() });
const show = (as: Caller = { person: 'alice' }) =>
  request(handler, 'getRotation', { as, path: path() });

beforeEach(async () => {
  const world = await renewWorld();
  await withActiveKey(world);
  const simulation = new Simulation(world);
  await registered(simulation, 'billing', { principal: `arn:aws:iam::${ACCOUNT}:role/billing` });
  operationId = await world.admitRotation();
  await simulation.runStarted();
});

describe('POST /v1/rotations/{operationId}/acks', () => {
  it('takes the word of the consumer itself', async () => {
    const answer = await ack({ role: 'billing' });

    expect(answer).toMatchObject({
      status: 200,
      body: { name: 'billing', acknowledgedVersion: 2, lastSeenVersion: 2 },
    });
    expect((await show()).body).toMatchObject({ isWaiting: false, lagging: [] });
    expect(current.world.workflows.started.at(-1)).toMatchObject({ operationId, attempt: 2 });
  });

  it.each<[string, Caller]>([
    ['an operator', { person: 'alice' }],
    ['an owner', { person: 'olga' }],
    ['another workload with access to the key', { role: 'orders-api' }],
    ['a role of the same name elsewhere', { role: 'billing2' }],
  ])('does not take it from %s', async (_who, as) => {
    expect(await ack(as)).toMatchObject({ status: 403, body: { code: 'AccessDenied' } });
    expect((await show()).body.lagging).toEqual(['billing']);
  });

  it('refuses another version, naming the member', async () => {
    expect(await ack({ role: 'billing' }, { consumer: 'billing', version: 3 })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/version' }] },
    });
  });

  it('tells a stranger neither consumers nor rotations', async () => {
    const known = await ack({ role: 'stranger' });
    const body = { consumer: 'nobody', version: 2 };

    expect((await ack({ role: 'stranger' }, body)).status).toBe(known.status);
    operationId = 'op_none';
    expect((await ack({ role: 'stranger' })).status).toBe(known.status);
  });
});

describe('GET /v1/rotations/{operationId}', () => {
  it('shows who lags, until when, and what happens then', async () => {
    expect((await show({ person: 'ada' })).body).toMatchObject({
      operationId,
      key: 'orders',
      version: 2,
      previousVersion: 1,
      state: 'running',
      isWaiting: true,
      onDeadline: 'abort',
      remindedPercent: 0,
      lagging: ['billing'],
      consumers: [{ name: 'billing', mode: 'api', isAcknowledged: false, acknowledgedAt: null }],
    });
  });

  it('answers 404 for what is no rotation', async () => {
    operationId = 'op_none';

    expect(await show()).toMatchObject({ status: 404, body: { code: 'OperationNotFound' } });
  });
});

describe('POST /v1/rotations/{operationId}/extension', () => {
  const extend = (as: Caller, until: string) =>
    request(handler, 'extendRotation', { as, body: { until }, path: path() });

  it('moves the deadline, for operators and owners', async () => {
    expect(await extend({ person: 'alice' }, '2026-01-01T01:00:00Z')).toMatchObject({
      status: 200,
      body: { deadlineAt: '2026-01-01T01:00:00.000Z', isWaiting: true },
    });
    expect(await extend({ person: 'olga' }, '2026-01-01T02:00:00Z')).toMatchObject({ status: 200 });
    expect(await extend({ person: 'bob' }, '2026-01-01T03:00:00Z')).toMatchObject({ status: 403 });
  });
});

describe('POST /v1/rotations/{operationId}/cancellation', () => {
  const cancel = (as: Caller, body: object = { reason: 'billing is gone' }) =>
    request(takeBack, 'cancelRotation', { as, body, path: path() });

  it('takes the rotation back, for operators and owners, once', async () => {
    expect(await cancel({ person: 'bob' })).toMatchObject({ status: 403 });
    expect(await cancel({ person: 'olga' }, {})).toMatchObject({ status: 400 });
    expect((await show()).body).toMatchObject({ isWaiting: true });
    expect(await cancel({ person: 'olga' })).toMatchObject({
      status: 200,
      body: { id: operationId, kind: 'rotate-key', state: 'running' },
    });
    expect((await show()).body).toMatchObject({ isWaiting: false });
    expect(await cancel({ person: 'alice' })).toMatchObject({ status: 200 });
  });
});

describe('POST /v1/rotations/{operationId}/force', () => {
  it('asks for approvals, and names who would break', async () => {
    const answer = await request(handler, 'forceRotation', {
      as: { person: 'alice' },
      body: { reason: 'billing is off' },
      headers: { 'Idempotency-Key': 'force-1' },
      path: path(),
    });

    expect(answer).toMatchObject({ status: 202, body: { operationId: null } });
    const { approvalId } = answer.body;
    expect(answer.headers).toMatchObject({ location: `/v1/approvals/${approvalId}` });
    expect(await current.world.store.readApproval(approvalId)).toMatchObject({
      what: expect.stringContaining('billing'),
      state: 'pending',
    });
    expect((await show()).body.isWaiting).toBe(true);
  });
});
