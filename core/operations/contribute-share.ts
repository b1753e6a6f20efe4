// SPDX-License-Identifier: Apache-2.0
// Use cases of custodians: they hand in their share, sealed to the session's one-time key, or prove that they can open it.

import { KeyturnError } from '../errors.ts';
import { envelopeFault } from '../escrow/judge-shares.ts';
import { digestOfProof } from '../escrow/open-share.ts';
import type {
  EscrowChange,
  EscrowSessionRecord,
  EscrowSetRecord,
  ShareFault,
} from '../escrow/records.ts';
import { emptied, openSessionOf, retired, setName } from '../escrow/sets.ts';
import type { ShareArchive, ShareVerifier } from '../ports/escrow.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock, Decision } from '../ports/platform.ts';
import { sessionDraft } from './escrow-session.ts';
import { keyNotFound, mutateKey } from './mutate-key.ts';

export interface ContributeDeps {
  readonly ledger: Ledger & ShareArchive;
  readonly clock: Clock;
}

interface ByCustodian {
  readonly key: string;
  readonly by: string;
  readonly decision: Decision;
}

export interface ContributeInput extends ByCustodian {
  readonly session: string;
  /** age file to the session's recipient, base64. */
  readonly sealed: string;
}

const AGE_HEADER = 'age-encryption.org/v1\n';

function refused(by: string, fault: ShareFault, what: string): KeyturnError {
  return new KeyturnError('ShareRefused', `${by}: ${fault}; ${what}`, {
    details: { custodian: by, fault },
  });
}

function requireCustodian({ custodians, name }: EscrowSetRecord, by: string): void {
  if (custodians.some(({ sub }) => sub === by)) return;
  throw refused(by, 'no-custodian', `generation ${name.split('#')[1]} has no share of theirs`);
}

/** @throws KeyturnError `EscrowNotFound` */
export function generationOf(
  { key, escrow }: KeySnapshot,
  version: number,
  generation: number,
): EscrowSetRecord {
  const found = escrow.sets.find(({ name }) => name === setName(version, generation));
  if (found) return found;
  throw new KeyturnError(
    'EscrowNotFound',
    `version ${version} of ${key.name} has no generation ${generation} in escrow`,
  );
}

/**
 * Takes a custodian's share in; until the session ends they may replace it. Nothing here can open it.
 * @throws KeyturnError `KeyNotFound`, `EscrowNotFound`, `TransitionForbidden`, `ShareRefused` of who holds none and for
 *   what is no age file
 */
export async function contributeShare(
  { ledger, clock }: ContributeDeps,
  { key, by, decision, session: name, sealed }: ContributeInput,
): Promise<EscrowSessionRecord> {
  if (!Buffer.from(sealed, 'base64').toString('latin1').startsWith(AGE_HEADER))
    throw refused(by, 'no-share', 'send the share sealed with age to the recipient of the session');
  return mutateKey(ledger, key, (snapshot) => {
    const now = clock.now();
    const session = openSessionOf(snapshot, name, now);
    requireCustodian(generationOf(snapshot, session.version, session.generation), by);
    const others = session.contributions.filter(({ custodian }) => custodian !== by);
    const contributions = [...others, { custodian: by, at: now, sealed }];
    const taken = { ...session, contributions };
    const draft = sessionDraft(taken, { by, decision }, now, 'escrow.contributed');
    return { draft, result: taken };
  });
}

export interface ProveInput extends ByCustodian {
  readonly version: number;
  readonly generation: number;
  /** `holdingProof` of the open share. */
  readonly proof: string;
}

/**
 * Takes a custodian's proof that they can open their share. With the last one that is needed, a re-shared generation
 * becomes the active one, and what is stored of the one before is emptied.
 * @throws KeyturnError `KeyNotFound`, `EscrowNotFound`, `TransitionForbidden` for a generation that is retired,
 *   `ShareRefused`
 */
export async function proveHolding(
  deps: ContributeDeps & { readonly verifier: ShareVerifier },
  input: ProveInput,
): Promise<EscrowSetRecord> {
  const { ledger, clock } = deps;
  const known = await ledger.readKey(input.key);
  if (!known) throw keyNotFound(input.key);
  const before = await requireProof(
    deps,
    generationOf(known, input.version, input.generation),
    input,
  );
  const active = known.escrow.sets.find(
    (set) => set.setId === before.setId && set.state === 'active',
  );
  const old = active ? await ledger.readShares(active.setId, active.generation) : [];
  return mutateKey(ledger, input.key, (snapshot) => {
    const set = generationOf(snapshot, input.version, input.generation);
    const now = clock.now();
    const proofs = [
      ...set.proofs.filter(({ custodian }) => custodian !== input.by),
      { custodian: input.by, at: now },
    ];
    const proven = { ...set, proofs };
    const replaced = snapshot.escrow.sets.find(
      (one) => one.setId === set.setId && one.state === 'active' && one.name !== set.name,
    );
    const isHeld = set.state === 'pending' && proofs.length >= set.required && replaced;
    const escrow: EscrowChange =
      isHeld && replaced
        ? {
            sets: [
              retired(replaced, now, `generation ${set.generation} is held by enough custodians`),
              { ...proven, state: 'active', activatedAt: now },
            ],
            shares: [emptied(replaced, old)],
          }
        : { sets: [proven] };
    const audit = {
      at: now,
      actor: input.by,
      action: isHeld ? 'escrow.activated' : 'escrow.proven',
      decision: input.decision,
      operationId: null,
      detail: {
        version: set.version,
        set: set.setId,
        generation: set.generation,
        proven: proofs.map(({ custodian }) => custodian).join(','),
        retired: isHeld && replaced ? replaced.generation : null,
      },
    };
    return { draft: { escrow, audit }, result: escrow.sets?.at(-1) ?? proven };
  });
}

async function requireProof(
  { ledger, verifier }: ContributeDeps & { readonly verifier: ShareVerifier },
  set: EscrowSetRecord,
  { by, proof }: ProveInput,
): Promise<EscrowSetRecord> {
  if (set.state === 'retired')
    throw new KeyturnError('TransitionForbidden', `generation ${set.generation} is retired`);
  requireCustodian(set, by);
  const envelopes = await ledger.readShares(set.setId, set.generation);
  const envelope = envelopes.find(({ custodian }) => custodian === by);
  if (!envelope) throw refused(by, 'no-custodian', 'no share of theirs is stored');
  const fault = await envelopeFault(set, envelope, verifier);
  if (fault) throw refused(by, fault, 'the stored share is not as it was made');
  if (digestOfProof(proof) === envelope.shareDigest) return set;
  throw refused(by, 'bent', `this is no proof of share ${envelope.index}`);
}
