// SPDX-License-Identifier: Apache-2.0
// Rebuilds a secret of shares that hold, and answers it only when it is the one that was split.
import { checkValue, wipe } from '../crypto/check-value.ts';
import { equalDigests } from '../crypto/hashing.ts';
import { KeyturnError } from '../errors.ts';
import type { SecretSplitter, ShareVerifier } from '../ports/escrow.ts';
import {
  type ExpectedSet,
  type JudgedShare,
  judgeShares,
  type Submission,
} from './judge-shares.ts';
import { shareIn } from './open-share.ts';
import type { ShareEnvelope } from './records.ts';

export interface RebuildDeps {
  readonly splitter: SecretSplitter;
  readonly verifier: ShareVerifier;
}

/** `usr_dan: bent; usr_erin: other-generation`. */
export function namedFaults(judged: readonly JudgedShare[]): string {
  return judged
    .filter(({ fault }) => fault !== null)
    .map(({ custodian, fault }) => `${custodian}: ${fault}`)
    .join('; ');
}

/**
 * @returns the secret, the caller's to wipe, and what was found of each share
 * @throws KeyturnError `EscrowIncomplete` naming each share that does not hold when fewer than needed do,
 *   `EscrowCheckFailed` when they all hold and the secret is another one
 */
export async function rebuildSecret(
  { splitter, verifier }: RebuildDeps,
  set: ExpectedSet,
  envelopes: readonly ShareEnvelope[],
  submissions: readonly Submission[],
): Promise<{ readonly secret: Uint8Array; readonly judged: readonly JudgedShare[] }> {
  const judged = await judgeShares(set, envelopes, submissions, verifier);
  const good = judged.flatMap(({ fault, share }) => (fault === null && share ? [share] : []));
  if (good.length < set.required) throw incomplete(set, good.length, judged);
  const secret = await splitter.combine(good.slice(0, set.required).map(shareIn));
  const check = Buffer.from(checkValue(secret, set.setId), 'hex');
  if (equalDigests(check, Buffer.from(set.checkValue, 'hex'))) return { secret, judged };
  wipe(secret);
  throw new KeyturnError(
    'EscrowCheckFailed',
    `the shares of ${set.setId} hold, and what they rebuild is not what was split; nothing was imported`,
    { details: { setId: set.setId, generation: set.generation } },
  );
}

function incomplete(set: ExpectedSet, good: number, judged: readonly JudgedShare[]): KeyturnError {
  const faults = namedFaults(judged);
  return new KeyturnError(
    'EscrowIncomplete',
    `${good} of ${set.required} needed shares hold${faults ? `; refused: ${faults}` : ''}`,
    { details: { setId: set.setId, good, required: set.required, refused: faults } },
  );
}
