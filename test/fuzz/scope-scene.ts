// SPDX-License-Identifier: Apache-2.0
// What the routes take that stop keys, one or many, and a containment of a scope for the one that shows it.
import { EXAMPLES } from '#core/contract/examples.ts';
import { admitScope } from '#core/operations/contain-scope.ts';
import { ALICE, PERMIT, type World } from '#test/support/world.ts';

const SCOPE = { kind: 'owner', value: 'olga' } as const;

export async function scopeScene(world: World, route: string) {
  const bodies = {
    revokeKey: EXAMPLES['RevokeKeyRequest'],
    suspendKey: EXAMPLES['SuspendKeyRequest'],
    resumeKey: EXAMPLES['ResumeKeyRequest'],
    planContainment: EXAMPLES['PlanContainmentRequest'],
    containScope: EXAMPLES['ContainScopeRequest'],
    liftContainment: EXAMPLES['ResumeKeyRequest'],
  };
  if (route !== 'getContainment' && route !== 'liftContainment') return { bodies, paths: {} };
  const { containment } = await admitScope(world.deps, {
    ...{ scope: SCOPE, kind: 'suspension', mode: null, reason: 'asked', occurredAt: null },
    ...{ isEmergency: false, by: ALICE.id, decision: PERMIT },
    claim: { scope: '0'.repeat(64), bodyHash: 'body' },
  });
  const { id } = containment;
  return { bodies, paths: { getContainment: { id }, liftContainment: { id } } };
}
