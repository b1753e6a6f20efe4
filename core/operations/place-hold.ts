// SPDX-License-Identifier: Apache-2.0
// Use cases: a hold keeps every version of a key from being retired, for a lawsuit or a doubt, and is taken away again.
import { KeyturnError } from '../errors.ts';
import type { Instant } from '../keys/records.ts';
import type { HoldRecord } from '../keys/reencryption.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Clock, Decision } from '../ports/platform.ts';
import { mutateKey } from './mutate-key.ts';
import { withdrawn } from './withdraw-retirement.ts';

export interface HoldDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
}

export interface HoldInput {
  readonly key: string;
  readonly name: string;
  readonly reason: string;
  readonly until: Instant | null;
  readonly by: string;
  readonly decision: Decision;
}

/** Places a hold, or changes its reason or end. @throws KeyturnError `KeyNotFound` */
export async function placeHold(deps: HoldDeps, input: HoldInput): Promise<HoldRecord> {
  return mutateKey(deps.ledger, input.key, (snapshot) => {
    const at = deps.clock.now();
    const known = snapshot.holds.find(({ name }) => name === input.name);
    const hold: HoldRecord = {
      key: input.key,
      name: input.name,
      reason: input.reason,
      until: input.until,
      placedAt: known?.placedAt ?? at,
      placedBy: known?.placedBy ?? input.by,
      releasedAt: null,
    };
    const draft = {
      holds: [hold],
      versions: withdrawn(snapshot),
      audit: {
        at,
        actor: input.by,
        action: 'hold.placed',
        decision: input.decision,
        operationId: null,
        detail: { hold: input.name, reason: input.reason, until: input.until },
      },
    };
    return { draft, result: hold };
  });
}

/** Takes a hold away. @throws KeyturnError `KeyNotFound`, `HoldNotFound` */
export async function releaseHold(
  deps: HoldDeps,
  input: Pick<HoldInput, 'key' | 'name' | 'by' | 'decision'>,
): Promise<HoldRecord> {
  return mutateKey(deps.ledger, input.key, (snapshot) => {
    const hold = snapshot.holds.find(({ name }) => name === input.name);
    if (!hold) throw new KeyturnError('HoldNotFound', `${input.key} has no hold ${input.name}`);
    const at = deps.clock.now();
    const released = { ...hold, releasedAt: at };
    const draft = {
      holds: [released],
      audit: {
        at,
        actor: input.by,
        action: 'hold.released',
        decision: input.decision,
        operationId: null,
        detail: { hold: input.name },
      },
    };
    return { draft, result: released };
  });
}
