// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { parseAcknowledgement } from '#core/contract/acknowledgement-events.ts';
import { receiveAcknowledgement } from '#core/operations/receive-acknowledgement.ts';
import { registered } from '#test/support/consumers.ts';
import { Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { aWorld, type World } from '#test/support/world.ts';

describe('an acknowledgement by event', () => {
  let world: World;
  let simulation: Simulation;
  let operationId: string;
  const byEvent = { mode: 'event' as const, waitSeconds: null, url: null };
  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    world.waits = { settleSeconds: 5, bakeSeconds: 0 };
    simulation = new Simulation(world);
    await registered(simulation, 'billing', { acknowledgement: byEvent });
    operationId = await world.admitRotation();
    await simulation.runStarted();
  });
  const receive = (patch: object = {}) =>
    receiveAcknowledgement(world.deps, {
      id: 'event-1',
      account: '444455556666',
      operationId,
      consumer: 'billing',
      keyVersion: 2,
      ...patch,
    });
  const state = async () => (await world.store.readOperation(operationId))?.state;

  it('from the account of the consumer lets the rotation go on', async () => {
    expect(await receive()).toBe('acknowledged');
    expect(await receive()).toBe('acknowledged');
    await simulation.runStarted();
    expect(await state()).toBe('done');
  });

  it.each([
    ['another account', { account: '000000000000' }, 'refused'],
    ['a consumer that nobody knows', { consumer: 'shipping' }, 'refused'],
    ['a rotation that nobody knows', { operationId: 'op_unknown' }, 'refused'],
    ['another version', { keyVersion: 1 }, 'late'],
  ])('of %s changes nothing', async (_what, patch, outcome) => {
    const { revision } = await world.key();
    expect(await receive(patch)).toBe(outcome);
    expect((await world.key()).revision).toBe(revision);
  });

  it('is not taken for a consumer that answers otherwise', async () => {
    await registered(simulation, 'reports', { acknowledgement: { ...byEvent, mode: 'api' } }).catch(
      () => undefined,
    );
    expect(await receive({ consumer: 'reports' })).toBe('refused');
  });
});

describe('the published shape', () => {
  const EVENT = {
    id: 'e1',
    source: 'com.example.billing',
    account: '444455556666',
    'detail-type': 'consumer.acknowledged',
    detail: {
      version: 1,
      operationId: 'op_01JD2Q4Y8Z5V7K3M9N6P0R1S2T',
      consumer: 'billing',
      keyVersion: 2,
    },
  };

  it('is read', () => {
    expect(parseAcknowledgement(EVENT)).toMatchObject({ account: '444455556666', keyVersion: 2 });
  });

  it.each([
    ['no account', { ...EVENT, account: undefined }],
    ['another version of the shape', { ...EVENT, detail: { ...EVENT.detail, version: 2 } }],
    ['a member more', { ...EVENT, detail: { ...EVENT.detail, account: '1' } }],
    ['no version of a key', { ...EVENT, detail: { ...EVENT.detail, keyVersion: 0 } }],
    ['another type', { ...EVENT, 'detail-type': 'consumer.ready' }],
    ['nothing', null],
  ])('is not %s', (_what, event) => {
    expect(parseAcknowledgement(event)).toBeNull();
  });
});
