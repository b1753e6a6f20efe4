// SPDX-License-Identifier: Apache-2.0
// A plan and the run that is held to it, with something between them. R7: what runs is what was planned.
import { planRotation } from '#core/operations/plan-rotation.ts';
import { rotateKey } from '#core/operations/rotate-key.ts';
import { aRotation, type World } from '#test/support/world.ts';

type Change = (world: World) => Promise<void>;

/** What happens between a plan and its run, by its name in a history. */
export const CHANGES: Readonly<Record<'nothing' | 'policy', Change>> = {
  nothing: async () => {},
  policy: async (world) => {
    world.classes = world.classes.map((policy) => ({
      ...policy,
      retentionDays: policy.retentionDays + 1,
    }));
  },
};

/**
 * Plans, changes, runs.
 * @returns what the run did although it was not what the plan showed
 * @throws KeyturnError when it was refused, which is allowed at any time
 */
export async function applyPlan(
  world: World,
  name: string,
  change: Change,
): Promise<readonly string[]> {
  const before = world.classes;
  const site = { hsmType: 'hsm2m.medium', budget: { share: 0.5, quotas: {} } };
  try {
    const plan = await planRotation({ ...world.deps, ...site }, name);
    await change(world);
    const request = { ...aRotation(), name, planDigest: plan.digest };
    const { operationId } = await rotateKey(world.deps, request);
    const operation = await world.store.readOperation(operationId);
    const isPlanned =
      change !== CHANGES.policy &&
      operation?.previousVersion === plan.versions.current.version &&
      operation.version === plan.versions.next;
    return isPlanned ? [] : [`R7 ${name} was rotated by a stale plan`];
  } finally {
    world.classes = before;
  }
}
