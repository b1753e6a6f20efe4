// SPDX-License-Identifier: Apache-2.0
// How often KMS is asked to block a key: DisableKey and PutKeyPolicy are what a containment of thousands waits for.
import { beforeEach, describe, expect, it } from 'vitest';
import type { PortCall } from '#adapters/memory/faults.ts';
import { KeyturnError } from '#core/errors.ts';
import { type ContainKeyInput, containKey } from '#core/operations/contain-key.ts';

import { Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, PERMIT, type World } from '#test/support/world.ts';

describe('the block of a key at KMS', () => {
  let world: World;
  let asked: string[];
  const contain = (mode: ContainKeyInput['mode']) =>
    containKey(world.deps, {
      key: 'orders',
      version: null,
      kind: 'revocation',
      mode,
      reason: 'seen in a public log',
      occurredAt: null,
      isEmergency: false,
      by: ALICE.id,
      decision: PERMIT,
      claim: { scope: 'contain/1', bodyHash: 'body' },
    });
  const confirm = async (operationId: string, attempt = 1) => {
    const simulation = new Simulation(world);
    simulation.interrupt = watch;
    await simulation.run('revoke-key', operationId, attempt);
  };
  /** What KMS answers instead, to the method of that name. */
  let failing: { readonly method: string; readonly error: KeyturnError } | null;
  const watch = async ({ method, phase }: Pick<PortCall, 'method' | 'phase'>) => {
    if (phase !== 'before') return;
    if (method === failing?.method) throw failing.error;
    if (method === 'disable' || method === 'applyPolicy') asked.push(method);
  };
  const outage = new KeyturnError('DependencyUnavailable', 'KMS cannot be reached');

  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    asked = [];
    failing = null;
    world.onCall = watch;
  });

  it.each([
    ['hard', ['disable', 'applyPolicy']],
    ['locked', ['applyPolicy']],
  ] as const)('is asked for once, %s: the call did it, and KMS shows that', async (mode, calls) => {
    const { operationId } = await contain(mode);
    await confirm(operationId);
    expect(asked).toEqual(calls);
    expect((await world.key()).containment?.confirmedAt).not.toBeNull();
  });

  it('is asked for by the workflow where the call could not', async () => {
    failing = { method: 'disable', error: outage };
    const { operationId, kms } = await contain('hard');
    expect(kms).toBe('pending');
    failing = null;
    await confirm(operationId);
    expect(asked).toEqual(['disable', 'applyPolicy']);
  });

  it('is asked for again when somebody opened it behind the call', async () => {
    const { operationId } = await contain('hard');
    await world.vault.enable((await world.version(1)).keyId ?? '');
    await confirm(operationId);
    expect(asked).toEqual(['disable', 'disable', 'applyPolicy']);
    expect(world.vault.inspect()).toMatchObject([{ isDisabled: true, template: 'contained' }]);
  });

  it('trusts nothing that KMS shows in a second attempt', async () => {
    const { operationId } = await contain('hard');
    failing = { method: 'applyPolicy', error: outage };
    await confirm(operationId);
    expect((await world.store.readOperation(operationId))?.state).toBe('parked');
    failing = null;
    asked = [];
    const sweeps = new Simulation(world);
    sweeps.interrupt = watch;
    await sweeps.settle();
    expect(asked).toEqual(['disable', 'applyPolicy']);
    expect(await world.store.readOperation(operationId)).toMatchObject({
      state: 'done',
      attempt: 2,
    });
  });

  it('is asked for where KMS does not let us look: the policy is somebody else’s', async () => {
    const { operationId } = await contain('hard');
    failing = { method: 'isDisabled', error: new KeyturnError('AccessDenied', 'not for you') };
    await confirm(operationId);
    expect(asked).toEqual(['disable', 'disable', 'applyPolicy']);
  });
});
