// SPDX-License-Identifier: Apache-2.0
// Sets and sessions of escrow as the API shows them; check values, sealed identities and contributions stay inside.
import type { z } from 'zod';
import type * as contract from '#core/contract/escrow.ts';
import type { EscrowSessionRecord, EscrowSetRecord } from '#core/escrow/records.ts';
import { isLive } from '#core/escrow/sets.ts';

export function setView(set: EscrowSetRecord): z.infer<typeof contract.EscrowSet> {
  return {
    setId: set.setId,
    version: set.version,
    generation: set.generation,
    state: set.state,
    required: set.required,
    total: set.total,
    custodians: set.custodians.map(({ sub, recipient }) => ({
      sub,
      recipient,
      provenAt: set.proofs.find(({ custodian }) => custodian === sub)?.at ?? null,
    })),
    createdAt: set.createdAt,
    activatedAt: set.activatedAt,
    openedAt: set.openedAt,
    retiredAt: set.retiredAt,
    cause: set.cause,
  };
}

/** @param sets of the session's key: one of them is the generation that it brings together */
export function sessionView(
  session: EscrowSessionRecord,
  sets: readonly EscrowSetRecord[],
  now: string,
): z.infer<typeof contract.EscrowSession> {
  const { setId, version, generation } = session;
  const set = sets.find((one) => one.version === version && one.generation === generation);
  const contributed = session.contributions.map(({ custodian }) => custodian);
  const missing = (set?.custodians ?? []).filter(({ sub }) => !contributed.includes(sub));
  const hasEnded = session.endedAt !== null;
  return {
    id: session.name,
    purpose: session.purpose,
    setId,
    version,
    generation,
    state: hasEnded || isLive(session, now) ? session.state : 'expired',
    recipient: session.recipient,
    required: set?.required ?? 0,
    contributed,
    missing: hasEnded ? [] : missing.map(({ sub }) => sub),
    used: [...session.used],
    refused: session.refused,
    next: session.next && {
      required: session.next.required,
      custodians: session.next.custodians.map(({ sub, recipient }) => ({ sub, recipient })),
    },
    reason: session.reason,
    requestedBy: session.requestedBy,
    requestedAt: session.requestedAt,
    expiresAt: session.expiresAt,
    endedAt: session.endedAt,
    approvalId: session.approvalId,
  };
}
