// SPDX-License-Identifier: Apache-2.0
// Use case: the end of a session. The only place where contributed shares are opened; the material they make goes back
// into the vault key that it was made for, or into new shares, and never out of here.
import { wipe } from '../crypto/check-value.ts';
import { isError, KeyturnError, precondition } from '../errors.ts';
import { namedFaults, type RebuildDeps, rebuildSecret } from '../escrow/rebuild-secret.ts';
import type { EscrowSessionRecord, EscrowSetRecord, StoredShares } from '../escrow/records.ts';
import { type SealSharesDeps, sealShares } from '../escrow/seal-shares.ts';
import {
  activeSet,
  ended,
  nextGeneration,
  openSessionOf,
  retired,
  setsOf,
} from '../escrow/sets.ts';
import type { ClassPolicy } from '../policies/classes.ts';
import type { MaterialImporter, SessionSeal, ShareArchive } from '../ports/escrow.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock, Decision } from '../ports/platform.ts';
import { newSet, requireSameGeneration } from './escrow-material.ts';
import { sessionDraft } from './escrow-session.ts';
import { expiryFor } from './import-material.ts';
import { mutateKey, versionOf } from './mutate-key.ts';

export interface CompleteEscrowDeps extends RebuildDeps, SealSharesDeps {
  readonly ledger: Ledger & ShareArchive;
  readonly clock: Clock;
  readonly seal: SessionSeal;
  readonly importer: MaterialImporter;
  readonly classes: readonly ClassPolicy[];
}

export interface CompleteEscrowInput {
  readonly key: string;
  readonly session: string;
  readonly by: string;
  readonly decision: Decision;
}

/** What a session is about, read before anything is opened. */
interface Opened {
  readonly snapshot: KeySnapshot;
  readonly session: EscrowSessionRecord;
  readonly set: EscrowSetRecord;
}

/**
 * Opens what custodians contributed and does what the session is for. Asked again after a failure it does it again:
 * the vault takes the same material twice.
 * @throws KeyturnError `KeyNotFound`, `EscrowNotFound`, `TransitionForbidden`, `EscrowIncomplete` and `EscrowCheckFailed`,
 *   which name the shares that do not hold and leave everything as it was
 */
export async function completeEscrow(
  deps: CompleteEscrowDeps,
  input: CompleteEscrowInput,
): Promise<EscrowSessionRecord> {
  const opened = await announce(deps, input);
  const { session, set } = opened;
  const shares = await openContributions(deps, session);
  try {
    const envelopes = await deps.ledger.readShares(set.setId, set.generation);
    const { secret, judged } = await rebuildSecret(deps, set, envelopes, shares);
    try {
      const change = await use(deps, opened, secret, input);
      const used = judged.filter(({ fault }) => !fault).map(({ custodian }) => custodian);
      return await finish(deps, input, { used, refused: namedFaults(judged) || null, change });
    } finally {
      wipe(secret);
    }
  } catch (error) {
    if (isError(error, 'EscrowIncomplete', 'EscrowCheckFailed')) await refuse(deps, input, error);
    throw error;
  } finally {
    wipe(...shares.flatMap(({ share }) => (share ? [share] : [])));
  }
}

/** Recorded before the first share is opened: whatever happens afterwards, the log says that they were. */
async function announce(
  { ledger, clock }: CompleteEscrowDeps,
  input: CompleteEscrowInput,
): Promise<Opened> {
  return mutateKey(ledger, input.key, (snapshot) => {
    const now = clock.now();
    const session = openSessionOf(snapshot, input.session, now);
    const active = activeSet(snapshot, session.version);
    if (active.generation !== session.generation)
      throw new KeyturnError(
        'TransitionForbidden',
        `${session.name} is for generation ${session.generation}, which is not the active one any more`,
      );
    const set = { ...active, openedAt: now };
    const custodians = session.contributions.map(({ custodian }) => custodian).join(',');
    const draft = sessionDraft(session, input, now, 'escrow.opening', { custodians });
    return {
      draft: { ...draft, escrow: { sets: [set] } },
      result: { snapshot, session, set },
    };
  });
}

async function openContributions(
  { seal, sealer }: CompleteEscrowDeps,
  { sealedIdentity, name, contributions }: EscrowSessionRecord,
) {
  precondition(sealedIdentity, 'an open session has its one-time key');
  const identity = await seal.open(sealedIdentity, name);
  return Promise.all(
    contributions.map(async ({ custodian, sealed }) => ({
      custodian,
      share: await sealer.open(Buffer.from(sealed, 'base64'), identity),
    })),
  );
}

/** What a session did. */
interface Done {
  readonly sets: readonly EscrowSetRecord[];
  readonly shares: readonly StoredShares[];
  /** When the vault forgets what was imported. */
  readonly expiresAt: string | null;
}

/** What the session is for. @returns what it changes of the key's escrow, beside the session */
async function use(
  deps: CompleteEscrowDeps,
  { snapshot, session, set }: Opened,
  secret: Uint8Array,
  { by }: CompleteEscrowInput,
): Promise<Done> {
  if (session.purpose === 'recover') {
    const { keyId } = versionOf(snapshot, session.version);
    precondition(keyId === set.keyId, 'a version has the vault key that its material was made for');
    const expiresAt = expiryFor(deps, snapshot.key.class);
    await deps.importer.importMaterial(set.keyId, secret, expiresAt);
    return { sets: [], shares: [], expiresAt };
  }
  precondition(session.next, 'a re-share says who holds the next generation');
  const { setId, key, version, keyId, bytes, checkValue } = set;
  const generation = nextGeneration(snapshot, version);
  const createdAt = deps.clock.now();
  const shared = { setId, key, version, generation, createdAt, ...session.next };
  const envelopes = await sealShares(deps, shared, secret);
  const made = newSet({ ...shared, keyId, bytes, checkValue, createdBy: by });
  return { sets: [made], shares: [{ setId, generation, envelopes }], expiresAt: null };
}

/** Writes the end of the session. */
async function finish(
  { ledger, clock }: CompleteEscrowDeps,
  input: CompleteEscrowInput,
  done: {
    readonly used: readonly string[];
    readonly refused: string | null;
    readonly change: Done;
  },
): Promise<EscrowSessionRecord> {
  return mutateKey(ledger, input.key, (snapshot) => {
    const now = clock.now();
    const session = openSessionOf(snapshot, input.session, now);
    const { used, refused, change } = done;
    const [made] = change.sets;
    if (made) requireSameGeneration(snapshot, made);
    const older = setsOf(snapshot, session.version, 'pending').map((set) =>
      retired(set, now, 'its material was split again'),
    );
    const after = { ...ended(session, 'done', now), used, refused };
    const draft = sessionDraft(after, input, now, `escrow.${session.purpose}-done`, {
      used: used.join(','),
      refused,
      next: made?.generation ?? null,
    });
    const sets = made ? [...older, made] : [];
    const escrow = { sessions: [after], sets, shares: change.shares };
    const versions =
      session.purpose === 'recover'
        ? [{ ...versionOf(snapshot, session.version), materialExpiresAt: change.expiresAt }]
        : [];
    return { draft: { ...draft, escrow, versions }, result: after };
  });
}

/** Says in the audit log, and to who asks for the state, whose shares did not hold. */
async function refuse(
  { ledger, clock }: CompleteEscrowDeps,
  input: CompleteEscrowInput,
  error: KeyturnError,
): Promise<void> {
  await mutateKey(ledger, input.key, (snapshot) => {
    const now = clock.now();
    const session = { ...openSessionOf(snapshot, input.session, now), refused: error.message };
    const draft = sessionDraft(session, input, now, 'escrow.refused', {
      cause: error.code,
      found: error.message,
    });
    return { draft, result: null };
  });
}
