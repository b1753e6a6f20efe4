// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { StatusListPayload } from '#core/contract/status-list.ts';
import { containKey } from '#core/operations/contain-key.ts';
import { StatusPublisher } from '#core/operations/publish-status.ts';
import { ScopeStatuses } from '#core/operations/scope-statuses.ts';
import { ask, execute, vote } from '#test/support/approvals.ts';
import { suspended } from '#test/support/containment.ts';
import { Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, PERMIT, type World } from '#test/support/world.ts';

describe('the published list of stopped keys', () => {
  let world: World;
  let simulation: Simulation;
  let signed: string[];
  let publisher: StatusPublisher;
  const read = async () => {
    const { list, etag } = await publisher.publish();
    return { ...StatusListPayload.parse(JSON.parse(list.payload)), etag };
  };
  const revoke = (version: number | null) =>
    containKey(world.deps, {
      key: 'orders',
      version,
      kind: 'revocation',
      mode: 'hard',
      reason: 'what only insiders should read',
      occurredAt: null,
      isEmergency: false,
      by: ALICE.id,
      decision: PERMIT,
      claim: { scope: `revoke/${version}`, bodyHash: 'body' },
    });
  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    simulation = new Simulation(world);
    signed = [];
    publisher = new StatusPublisher({
      rows: world.store.statuses,
      scopes: new ScopeStatuses(world.deps),
      signer: {
        signList: async (payload) => {
          signed.push(payload);
          return { payload, protected: 'header', signature: String(signed.length) };
        },
      },
      clock: world.clock,
      stage: 'local',
    });
  });

  it('says nothing of keys that are not stopped', async () => {
    expect(await read()).toMatchObject({ stage: 'local', entries: [] });
  });

  it('has a key from its denial on, in the state that is proven, without what people wrote', async () => {
    const { operationId } = await revoke(null);
    const entry = {
      key: 'orders',
      version: null,
      since: world.clock.now(),
      reason: 'key-compromise',
    };
    expect((await read()).entries).toEqual([{ ...entry, state: 'revoking' }]);
    await simulation.run('revoke-key', operationId, 1);

    expect((await read()).entries).toEqual([{ ...entry, state: 'revoked' }]);
    expect(signed.join()).not.toContain('insiders');
  });

  it('has a version by its number', async () => {
    await simulation.run('rotate-key', await world.admitRotation(), 1);
    const { operationId } = await revoke(1);
    await simulation.run('revoke-key', operationId, 1);

    expect((await read()).entries).toMatchObject([{ key: 'orders', version: 1, state: 'revoked' }]);
  });

  it('drops a key whose suspension was lifted', async () => {
    await suspended(simulation);
    expect((await read()).entries).toMatchObject([{ state: 'suspended', reason: 'hold' }]);
    const approval = await ask(world, 'key.lift-suspension', { key: 'orders' });
    await vote(world, approval, 'bob');
    await vote(world, approval, 'carol');
    const { executedAs } = await execute(world, approval);
    await simulation.run('resume-key', executedAs ?? '', 1);

    expect((await read()).entries).toEqual([]);
  });

  it('is signed anew when it changed, and before it is too old to be believed', async () => {
    const first = await read();
    expect((await read()).etag).toBe(first.etag);
    world.clock.advance(149);
    expect((await read()).etag).toBe(first.etag);
    world.clock.advance(1);
    const second = await read();
    expect(second.etag).not.toBe(first.etag);
    expect(second.exp).toBeGreaterThan(first.exp);
    await revoke(null);
    expect((await read()).etag).not.toBe(second.etag);
    expect(signed).toHaveLength(3);
  });
});
