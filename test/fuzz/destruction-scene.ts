// SPDX-License-Identifier: Apache-2.0
// A version that routes of destruction are asked about, in the phase that each needs.
import type { RouteId } from '#core/contract/routes.ts';
import { headOf, withDestruction } from '#core/keys/destruction.ts';
import type { DestructionPhase } from '#core/keys/destruction-record.ts';
import { beginDestruction } from '#core/operations/destroy-version.ts';
import { mutateKey } from '#core/operations/mutate-key.ts';
import { PERMIT, type World } from '#test/support/world.ts';

const PHASES: Partial<Record<RouteId, DestructionPhase>> = {
  getDestruction: 'pending',
  stopDestruction: 'pending',
  reportMaterial: 'logical',
};
const BEGINNING = {
  id: 'des_1',
  approvalId: 'apr_1',
  requestedBy: 'usr_alice',
  reason: null,
  wrappedKeys: 0,
  lossAccepted: [],
};

/** Version 1 as it is behind a confirmed revocation, and a successor. */
async function revokedFirst(world: World): Promise<void> {
  await mutateKey(world.ledger, 'orders', ({ versions }) => {
    const at = world.clock.now();
    const [first] = versions;
    if (!first) throw new Error('orders has no version');
    const { state, policyTemplate } = first;
    const containment = {
      kind: 'revocation' as const,
      mode: 'locked' as const,
      operationId: 'op_1',
      reason: 'leaked',
      by: 'usr_alice',
      at,
      occurredAt: null,
      confirmedAt: at,
      before: { state, policyTemplate },
    };
    const revoked = { state: 'compromised' as const, policyTemplate: 'contained' as const };
    const audit = {
      at,
      actor: 'test',
      action: 'test',
      decision: PERMIT,
      operationId: null,
      detail: {},
    };
    const draft = {
      key: { currentVersion: 2, lease: null },
      versions: [{ ...first, ...revoked, substate: null, containment }],
      audit,
    };
    return { draft, result: undefined };
  });
}

/** Bodies and paths by route; version 1 is replaced, and nobody consumes the key any more. */
export async function destructionScene(route: RouteId, world: World) {
  const path = { name: 'orders', version: '1' };
  const found = {
    bodies: {
      requestDestruction: { version: 1, confirm: 'orders', acceptLoss: true, reason: 'asked' },
      openVersion: { hours: 24, reason: 'asked' },
      stopDestruction: { reason: 'asked' },
      reportMaterial: {
        clusterId: 'cluster-abcdefghijk',
        listingDigest: 'ab'.repeat(32),
        objectsListed: 1,
        objectsFound: 0,
      },
    },
    paths: { openVersion: path, getDestruction: path, stopDestruction: path, reportMaterial: path },
  };
  if (route === 'openVersion') await revokedFirst(world);
  const phase = PHASES[route];
  if (!phase && route !== 'requestDestruction') return found;
  await mutateKey(world.ledger, 'orders', (snapshot) => {
    const at = world.clock.now();
    const head = { ...headOf(snapshot, 1), state: 'deactivated' as const, deactivatedAt: at };
    const versions = snapshot.versions.map((one) => (one.version === 1 ? head : one));
    const now = { ...snapshot, versions };
    const facts = { snapshot: now, head, acceptLoss: true, lastUse: null };
    const record = { ...beginDestruction(world.deps, facts, BEGINNING), phase: phase ?? 'stopped' };
    const written = phase ? withDestruction(now, head, record) : [head];
    const audit = {
      at,
      actor: 'test',
      action: 'test',
      decision: PERMIT,
      operationId: null,
      detail: {},
    };
    const consumers = snapshot.consumers.map((one) => ({ ...one, state: 'removed' as const }));
    const holds = snapshot.holds.map((one) => ({ ...one, releasedAt: at }));
    const draft = { key: { currentVersion: 2 }, versions: written, consumers, holds, audit };
    return { draft, result: undefined };
  });
  return found;
}
