// SPDX-License-Identifier: Apache-2.0
// Use case: does to the KMS key, or to the wrapped data key, what the record of its destruction says was intended, and writes what came of it. It
// decides nothing: without the intent in the record it does nothing. Killed at any point, the next try does the same.

import { destructionOf, isDataTier, isErased } from '../keys/destruction.ts';
import type { DestructionRecord } from '../keys/destruction-record.ts';
import type { Instant, VersionRecord } from '../keys/records.ts';
import type { KeyRetirer, KeyReviver } from '../ports/key-destruction.ts';
import { later } from './admit-operation.ts';
import { type AdvanceDeps, destructionDraft } from './advance-destruction.ts';
import { type Draft, keyNotFound, mutateKey } from './mutate-key.ts';

export interface DestructionTarget {
  readonly key: string;
  readonly version: number;
}

/** Between two looks at a key that is pending, and between two notices of it. */
export const NOTICE_SECONDS = 86_400;
/** A call that was under way when it was stopped may reach KMS late: it is looked at once more. */
const AFTERCARE_SECONDS = 900;

const earlier = (a: Instant, b: Instant | null) => (b !== null && b < a ? b : a);

async function readTarget({ ledger }: AdvanceDeps, { key, version }: DestructionTarget) {
  const snapshot = await ledger.readKey(key);
  if (!snapshot) throw keyNotFound(key);
  return { ...destructionOf(snapshot, version), isData: isDataTier(snapshot) };
}

/**
 * Disables the KMS key, or schedules its deletion, whichever is intended; erases a data key whose date has come.
 * @throws KeyturnError `DestructionNotFound`, and what the vault answers
 */
export async function removeVersion(
  deps: AdvanceDeps & { readonly retirer: KeyRetirer },
  target: DestructionTarget,
): Promise<void> {
  const { head, record, isData } = await readTarget(deps, target);
  if (isData) return removeDataKey(deps, target, record);
  const keyId = head.keyId ?? '';
  if (record.phase === 'disabling') {
    await deps.retirer.disable(keyId);
    return disabled(deps, target);
  }
  if (record.phase !== 'scheduling') return;
  await deps.retirer.schedule(keyId, record.windowDays);
  const { deletionAt } = await deps.retirer.stateOf(keyId);
  return scheduled(deps, target, deletionAt);
}

/** Tier `data`: the record is what disables it, and what is erased at its date. No vault is asked. */
function removeDataKey(
  deps: AdvanceDeps,
  target: DestructionTarget,
  { phase, windowDays }: DestructionRecord,
): Promise<void> {
  if (phase === 'disabling') return disabled(deps, target);
  if (phase === 'scheduling')
    return scheduled(deps, target, later(deps.clock.now(), windowDays * 86_400));
  return erased(deps, target);
}

/** The one write that ends a data key. Whoever stopped it before is found here: one of the two transactions is first. */
function erased({ ledger, clock }: AdvanceDeps, target: DestructionTarget): Promise<void> {
  return mutateKey<void>(ledger, target.key, (snapshot) => {
    const now = clock.now();
    const { head, record } = destructionOf(snapshot, target.version);
    const isDue = record.phase === 'pending' && (record.deletionAt ?? now) <= now;
    if (!isDue || isErased(snapshot, head)) return { draft: null, result: undefined };
    const next = { ...record, dueAt: now };
    const draft = destructionDraft(snapshot, head, next, {
      at: now,
      action: 'destruction.erased',
      detail: { parent: head.dataKey?.parent ?? null },
    });
    const versions = draft.versions?.map((version) => ({ ...version, dataKey: null }));
    return { draft: { ...draft, ...(versions ? { versions } : {}) }, result: undefined };
  });
}

/** Writes what was done if it is still wanted; if it was stopped meanwhile, giving back is to be done again. */
function written(
  deps: AdvanceDeps,
  target: DestructionTarget,
  from: DestructionRecord['phase'],
  next: (record: DestructionRecord, now: Instant) => DestructionRecord,
  action: string,
): Promise<void> {
  return mutateKey<void>(deps.ledger, target.key, (snapshot) => {
    const now = deps.clock.now();
    const { head, record } = destructionOf(snapshot, target.version);
    if (record.phase === from) {
      const after = next(record, now);
      const detail = { quietUntil: after.quietUntil, deletionAt: after.deletionAt };
      return {
        draft: destructionDraft(snapshot, head, after, { at: now, action, detail }),
        result: undefined,
      };
    }
    if (record.phase !== 'stopped') return { draft: null, result: undefined };
    const again = { ...record, phase: 'stopping' as const, dueAt: now };
    const audit = { at: now, action: 'destruction.stop-repeated', detail: { late: from } };
    return { draft: destructionDraft(snapshot, head, again, audit), result: undefined };
  });
}

function disabled(deps: AdvanceDeps, target: DestructionTarget): Promise<void> {
  const next = (record: DestructionRecord, now: Instant): DestructionRecord => {
    const quietUntil = later(now, record.quietSeconds);
    return { ...record, phase: 'quiet', quietUntil, dueAt: quietUntil };
  };
  return written(deps, target, 'disabling', next, 'destruction.quarantined');
}

function scheduled(
  deps: AdvanceDeps,
  target: DestructionTarget,
  deletionAt: Instant | null,
): Promise<void> {
  const next = (record: DestructionRecord, now: Instant): DestructionRecord => ({
    ...record,
    phase: 'pending',
    deletionAt: deletionAt ?? later(now, record.windowDays * 86_400),
    noticedAt: now,
    dueAt: earlier(later(now, NOTICE_SECONDS), deletionAt),
  });
  return written(deps, target, 'scheduling', next, 'destruction.scheduled');
}

/**
 * Gives a KMS key back: its deletion is cancelled and, unless it is stopped by a containment, it is enabled. Looked at once more a quarter of an hour later.
 * @throws KeyturnError `DestructionNotFound`, and what the vault answers
 */
export async function restoreVersion(
  deps: AdvanceDeps & { readonly reviver: KeyReviver },
  target: DestructionTarget,
): Promise<void> {
  const { head, record, isData } = await readTarget(deps, target);
  if (record.phase !== 'stopping' && record.phase !== 'stopped') return;
  const isGone = isData ? !head.dataKey : !(await revive(deps.reviver, head));
  await mutateKey<void>(deps.ledger, target.key, (snapshot) => {
    const found = destructionOf(snapshot, target.version);
    return { draft: restored(deps, snapshot, found, isGone), result: undefined };
  });
}

/** @returns false when KMS had deleted it already */
async function revive(
  reviver: KeyReviver,
  { keyId, containment }: VersionRecord,
): Promise<boolean> {
  const { state } = await reviver.stateOf(keyId ?? '');
  if (state === 'gone') return false;
  if (state === 'pending-deletion') await reviver.cancelDeletion(keyId ?? '');
  // Stopped for another reason meanwhile: a revocation stays for ever, and who lifts a suspension enables it.
  const isKeptClosed = containment?.mode === 'hard';
  if (state !== 'enabled' && !isKeptClosed) await reviver.enable(keyId ?? '');
  return true;
}

function restored(
  { clock }: AdvanceDeps,
  snapshot: Parameters<typeof destructionOf>[0],
  { head, record }: ReturnType<typeof destructionOf>,
  isGone: boolean,
): Draft | null {
  const now = clock.now();
  if (record.phase === 'stopped') {
    // The look after it: nothing came late.
    const audit = { at: now, action: 'destruction.stop-confirmed' };
    return destructionDraft(snapshot, head, { ...record, dueAt: null }, audit);
  }
  if (record.phase !== 'stopping') return null;
  if (isGone) {
    // KMS was faster: the verification finds it gone.
    const late = { ...record, phase: 'pending' as const, dueAt: now };
    return destructionDraft(snapshot, head, late, {
      at: now,
      action: 'destruction.stopped-too-late',
    });
  }
  // No vault was asked of tier `data`, so nothing can come late.
  const dueAt = isDataTier(snapshot) ? null : later(now, AFTERCARE_SECONDS);
  const next = { ...record, phase: 'stopped' as const, dueAt };
  return destructionDraft(snapshot, head, next, {
    at: now,
    action: 'destruction.restored',
    detail: { reason: record.stopped?.reason ?? null },
  });
}
