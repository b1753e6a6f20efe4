// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { verifyChain } from '#core/audit/chain.ts';
import { keyStoreStream } from '#core/provisioning/key-store-change.ts';
import { admitKeyStore } from '#core/provisioning/provision-key-store.ts';
import { current } from '#test/support/functions.ts';
import { ALICE, PERMIT, World } from '#test/support/world.ts';

const { handler } = await import('#functions/record-key-store/handler.ts');

const INPUT = { operationId: 'op_1', keyStore: 'main' };
const recorded = () => current.world.store.readKeyStore('main');

beforeEach(async () => {
  current.world = new World();
  await admitKeyStore(current.world, {
    name: 'main',
    operationId: 'op_1',
    requestedBy: ALICE.id,
    decision: PERMIT,
    claim: { scope: 'scope', bodyHash: 'body' },
  });
});

describe('record-key-store', () => {
  it('records what a step found out, and keeps it when later steps do not say it again', async () => {
    await handler({ ...INPUT, step: 'ClusterActive', clusterId: 'cluster-1' }, {});
    await handler({ ...INPUT, step: 'KeyStoreCreated', keyStoreId: 'cks-1' }, {});

    expect(await recorded()).toMatchObject({
      state: 'running',
      step: 'KeyStoreCreated',
      clusterId: 'cluster-1',
      keyStoreId: 'cks-1',
      endedAt: null,
    });
  });

  it('ends the operation as done', async () => {
    await handler({ ...INPUT, step: 'Connected', keyStoreId: 'cks-1', outcome: 'done' }, {});

    expect(await recorded()).toMatchObject({
      state: 'done',
      cause: null,
      endedAt: current.world.clock.now(),
    });
  });

  it('parks it with what the workflow caught, read from the answer of the function', async () => {
    const Cause = JSON.stringify({ errorType: 'Throttled', errorMessage: 'slow down', trace: [] });
    const failure = { Error: 'Throttled', Cause };
    await handler({ ...INPUT, step: 'CreateCluster', outcome: 'parked', failure }, {});

    expect(await recorded()).toMatchObject({ state: 'parked', cause: 'Throttled: slow down' });
  });

  it('keeps a failure without members as unknown, and shortens a long one', async () => {
    await handler({ ...INPUT, step: 'A', failure: {} }, {});
    expect((await recorded())?.cause).toBe('Unknown: ');

    await handler({ ...INPUT, step: 'B', failure: { Error: 'X', Cause: 'y'.repeat(5000) } }, {});
    expect((await recorded())?.cause).toHaveLength(500);
  });

  it('writes one linked audit record for each change', async () => {
    await handler({ ...INPUT, step: 'ClusterActive', clusterId: 'cluster-1' }, {});
    await handler({ ...INPUT, step: 'Connected', outcome: 'done' }, {});
    await handler({ ...INPUT, step: 'Connected', outcome: 'done' }, {});

    const stream = keyStoreStream('main');
    const { records, head } = await current.world.store.readAudit(stream, 0, 100);
    expect(records.map(({ action }) => action)).toEqual([
      'key-store.admitted',
      'key-store.progressed',
      'key-store.done',
    ]);
    expect(verifyChain(stream, records, head)).toBeNull();
  });

  it('refuses an operation that no longer provisions the key store', async () => {
    await expect(
      handler({ operationId: 'op_0', keyStore: 'main', step: 'Connected' }, {}),
    ).rejects.toMatchObject({ name: 'LeaseLost' });
    expect(await recorded()).toMatchObject({ step: 'Admitted', revision: 1 });
  });

  it.each([
    ['no step', { ...INPUT }],
    ['a step of 65 characters', { ...INPUT, step: 'a'.repeat(65) }],
    ['an outcome it does not know', { ...INPUT, step: 'A', outcome: 'running' }],
    ['a failure that is text', { ...INPUT, step: 'A', failure: 'X' }],
    ['a cluster that is null', { ...INPUT, step: 'A', clusterId: null }],
    ['no operation', { keyStore: 'main', step: 'A' }],
  ])('refuses an input of %s', async (_what, input) => {
    await expect(handler(input, {})).rejects.toMatchObject({ name: 'InternalError' });
    expect(await recorded()).toMatchObject({ revision: 1 });
  });
});
