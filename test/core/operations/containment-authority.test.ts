// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { breakGlassReview } from '#core/approvals/acts/break-glass-review.ts';
import { type ContainKeyInput, containKey } from '#core/operations/contain-key.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, PERMIT, type World } from '#test/support/world.ts';

describe('who may stop a key', () => {
  let world: World;
  let claims = 0;
  const contain = (input: Partial<ContainKeyInput> = {}) => {
    claims += 1;
    return containKey(world.deps, {
      key: 'orders',
      version: null,
      kind: 'revocation',
      mode: 'hard',
      reason: 'seen in a public log',
      occurredAt: null,
      isEmergency: false,
      by: ALICE.id,
      decision: PERMIT,
      claim: { scope: `contain/${claims}`, bodyHash: 'body' },
      ...input,
    });
  };
  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
  });

  it('needs a quorum where the class says so, and changes nothing without', async () => {
    world.containmentRules = {
      protectedKeys: [],
      rules: [
        {
          name: 'by-quorum',
          alone: ['suspension'],
          modes: { suspension: 'hard', revocation: 'hard' },
          maxPerHour: 10,
        },
      ],
    };
    const before = await world.snapshot();
    await expect(contain()).rejects.toMatchObject({ name: 'ApprovalRequired' });
    expect(await world.snapshot()).toEqual(before);
    await expect(contain({ kind: 'suspension' })).resolves.toMatchObject({ isNew: true });
  });

  it('lets one act first in an emergency, and keeps its review open until a quorum closed it', async () => {
    world.containmentRules = {
      protectedKeys: [],
      rules: [
        {
          name: 'none',
          alone: [],
          modes: { suspension: 'hard', revocation: 'hard' },
          maxPerHour: 10,
        },
      ],
    };
    const { operationId } = await contain({ isEmergency: true });

    expect((await world.key()).openReviews).toEqual([
      { operationId, by: ALICE.id, at: expect.any(String) },
    ]);
    await expect(
      breakGlassReview.describe(world.deps, {
        key: 'orders',
        version: null,
        operationId: 'op_other',
        parameters: {},
      }),
    ).rejects.toMatchObject({ name: 'TransitionForbidden' });
  });

  it('stops at the cap of an hour, in an emergency too', async () => {
    const [rule] = world.containmentRules.rules.slice(-1);
    if (!rule) throw new Error('no rule');
    world.containmentRules = { protectedKeys: [], rules: [{ ...rule, maxPerHour: 1 }] };
    await contain({ kind: 'suspension', mode: 'locked' });
    await contain({ kind: 'suspension', mode: 'locked' });
    await expect(contain({ isEmergency: true })).rejects.toMatchObject({
      name: 'ApprovalRequired',
    });
    world.clock.advance(3600);
    await expect(contain()).resolves.toMatchObject({ isNew: true });
  });

  it('never contains what is protected', async () => {
    world.containmentRules = { ...world.containmentRules, protectedKeys: ['orders'] };
    await expect(contain({ isEmergency: true })).rejects.toMatchObject({ name: 'KeyProtected' });
    expect((await world.key()).containment).toBeUndefined();
  });
});
