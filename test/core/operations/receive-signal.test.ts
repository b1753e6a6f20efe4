// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryKeyUseLog } from '#adapters/memory/key-use-log.ts';
import { parseSignal, type Signal } from '#core/contract/signals.ts';
import { receiveSignal } from '#core/operations/receive-signal.ts';
import { begin, ROTATION_STEPS, runSteps, withActiveKey } from '#test/support/steps.ts';
import { aWorld, STAGE, type World } from '#test/support/world.ts';

const ACCOUNT = '000000000000';
const SENT = {
  id: 'e1',
  source: 'keyturn.signals',
  account: ACCOUNT,
  'detail-type': 'risk.score',
  time: '2026-06-01T00:00:00Z',
  detail: { version: 1, key: 'orders', score: 60 },
};

function signal(patch: Partial<typeof SENT> | Record<string, unknown> = {}): Signal {
  const parsed = parseSignal({ ...SENT, ...patch }, ACCOUNT);
  if (!parsed) throw new Error('the test sends no signal');
  return parsed;
}

describe('an event on the bus', () => {
  it.each<[string, unknown]>([
    ['of another account', { ...SENT, account: '111111111111' }],
    ['of an unknown type', { ...SENT, 'detail-type': 'key.rotated' }],
    ['of another version', { ...SENT, detail: { ...SENT.detail, version: 2 } }],
    ['with a member more', { ...SENT, detail: { ...SENT.detail, force: true } }],
    [
      'with a score beyond 100',
      { ...SENT, detail: { ...SENT.detail, score: Number.POSITIVE_INFINITY } },
    ],
    ['about no key name', { ...SENT, detail: { ...SENT.detail, key: '../orders' } }],
    ['at no time', { ...SENT, time: 'yesterday' }],
    ['without an id', { ...SENT, id: '' }],
    ['that is nothing', null],
  ])('%s is no signal', (_what, event) => {
    expect(parseSignal(event, ACCOUNT)).toBeNull();
  });
});

describe('a signal', () => {
  let world: World;
  let log: MemoryKeyUseLog;
  beforeEach(async () => {
    log = new MemoryKeyUseLog();
    world = await withActiveKey(await aWorld());
    world.clock.advance(3600);
  });
  const receive = (patch: Record<string, unknown> = {}) =>
    receiveSignal({ ...world.deps, log }, STAGE, signal(patch));
  const revision = async () => (await world.key()).revision;

  it('with a risk score at the threshold of the class starts a rotation that says why', async () => {
    expect(await receive({ detail: { version: 1, key: 'orders', score: 50 } })).toEqual({
      orders: 'due',
    });

    const { operation } = await world.snapshot();
    expect(operation).toMatchObject({ trigger: 'event', reason: 'risk score 50' });
    expect(world.workflows.started).toContainEqual(
      expect.objectContaining({ operationId: operation?.id }),
    );
  });

  it('that comes twice starts one rotation', async () => {
    const first = await receive();
    const second = await receive();

    expect([first, second]).toEqual([{ orders: 'due' }, { orders: 'repeated' }]);
  });

  it('that comes again with another detail is refused', async () => {
    await receive();

    await expect(receive({ detail: { version: 1, key: 'orders', score: 99 } })).rejects.toThrow(
      expect.objectContaining({ name: 'IdempotencyKeyReused' }),
    );
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['below the threshold', { detail: { version: 1, key: 'orders', score: 49 } }, 'untrue'],
    [
      'about a key that nobody knows',
      { detail: { version: 1, key: 'nothing', score: 99 } },
      'untrue',
    ],
  ])('%s changes nothing', async (_what, patch, outcome) => {
    const before = await revision();

    expect(Object.values(await receive(patch))).toEqual([outcome]);
    expect(await revision()).toBe(before);
  });

  it('about somebody the directory still knows changes nothing', async () => {
    const before = await revision();
    const outcomes = await receive({
      'detail-type': 'personnel.changed',
      detail: { version: 1, person: 'olga' },
    });

    expect([outcomes, await revision()]).toEqual([{}, before]);
  });

  it('about volume holds from the bound of the record of key use on', async () => {
    const volume = { 'detail-type': 'usage.volume', detail: { version: 1, key: 'orders' } };
    const use = {
      key: 'orders',
      principal: 'p',
      decrypts: 0,
      refusals: 0,
      lastEncryptAt: null,
      lastDecryptAt: null,
    };
    await log.add([{ ...use, version: 1, encrypts: 2 ** 31 - 1 }]);
    const before = await receive(volume);
    await log.add([{ ...use, version: 1, encrypts: 1 }]);

    expect([before, await receive({ ...volume, id: 'e2' })]).toEqual([
      { orders: 'untrue' },
      { orders: 'due' },
    ]);
  });

  it('about an owner who left makes exactly their keys due', async () => {
    world.directory.ownerExists = async () => false;

    expect(
      await receive({ 'detail-type': 'personnel.changed', detail: { version: 1, person: 'olga' } }),
    ).toEqual({ orders: 'due' });
    expect(
      await receive({
        id: 'e2',
        'detail-type': 'personnel.changed',
        detail: { version: 1, person: 'someone-else' },
      }),
    ).toEqual({});
  });

  it('a thousand forged ones change no key that they are not true of, and at most the cap otherwise', async () => {
    const before = await revision();
    for (let index = 0; index < 1000; index += 1) {
      await receive({
        id: `forged-${index}`,
        detail: { version: 1, key: 'orders', score: index % 50 },
      });
    }

    expect(await revision()).toBe(before);
  });

  it('does not hold back for a window when it is an incident', async () => {
    const [policy] = world.classes.filter(({ name }) => name === 'test');
    if (!policy) throw new Error('the class test is seeded');
    const windows = [{ days: ['sun' as const], from: '02:00', to: '04:00' }];
    world.classes = [{ ...policy, schedule: { timeZone: 'UTC', windows } }];
    await receive({
      'detail-type': 'dependency.incident',
      detail: { version: 1, keys: ['orders'], reference: 'CVE-2026-0001' },
    });

    expect((await world.snapshot()).operation).toMatchObject({
      kind: 'rotate-key',
      trigger: 'event',
    });
  });

  it('older than the last rotation is stale', async () => {
    await world.admitRotation();
    await runSteps(world, await begin(world), ROTATION_STEPS);

    expect(await receive({ time: '2026-01-01T00:30:00Z' })).toEqual({ orders: 'stale' });
  });

  it('about a key that rotates right now leaves it to that', async () => {
    await world.admitRotation();

    expect(await receive()).toEqual({ orders: 'busy' });
  });
});
