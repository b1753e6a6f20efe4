// SPDX-License-Identifier: Apache-2.0
// Use case: follow a change of class policies. Keys whose due dates were computed by another version of their class
// get new ones; a date that a person or an event set stays. It goes through the keys in pages, so it
// is run once a day and after a deployment, not by every sweep.
import type { Instant } from '../keys/records.ts';
import { type ClassPolicy, classOf, dueDates, policyDigest } from '../policies/classes.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock } from '../ports/platform.ts';
import { type Draft, mutateKey } from './mutate-key.ts';

export interface ReviewDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly classes: readonly ClassPolicy[];
}

function newDates({ key, versions }: KeySnapshot, policy: ClassPolicy, now: Instant) {
  const current = versions.find(({ version }) => version === key.currentVersion);
  if (key.state !== 'active' || key.releasedAt || !current?.activatedAt) return null;
  if (key.policyDigest === policyDigest(policy)) return null;
  const { activatedAt, materialExpiresAt = null } = current;
  const dates = dueDates(policy, key.name, activatedAt, now, materialExpiresAt);
  return key.dueBecause ? { policyDigest: dates.policyDigest } : dates;
}

async function reviewKey(deps: ReviewDeps, name: string, policy: ClassPolicy): Promise<boolean> {
  return mutateKey<boolean>(deps.ledger, name, (snapshot) => {
    const now = deps.clock.now();
    const dates = newDates(snapshot, policy, now);
    if (!dates) return { draft: null, result: false };
    const draft: Draft = {
      key: dates,
      audit: {
        at: now,
        actor: 'schedule/policy-review',
        action: 'key.policy-followed',
        decision: { effect: 'permit', rule: 'class-policy' },
        operationId: null,
        detail: {
          class: policy.name,
          from: snapshot.key.nextRotationAt,
          to: { ...snapshot.key, ...dates }.nextRotationAt,
        },
      },
    };
    return { draft, result: true };
  });
}

export interface PolicyReview {
  readonly reviewed: number;
  readonly changed: number;
  /** Keys of the page that have replaced versions, which may be ready to be retired. */
  readonly replaced: readonly string[];
  readonly nextCursor: string | null;
}

/** Reviews one page of keys, in name order. @returns how many changed, and where to go on */
export async function reviewPolicies(
  deps: ReviewDeps,
  after: string | null,
  limit: number,
): Promise<PolicyReview> {
  const page = await deps.ledger.listKeys(after, limit);
  let changed = 0;
  for (const key of page.items) {
    const policy = classOf(deps.classes, key.class);
    // The index nominates; only a key that it shows with another digest is read.
    if (!policy || key.releasedAt || key.policyDigest === policyDigest(policy)) continue;
    if (await reviewKey(deps, key.name, policy)) changed += 1;
  }
  const replaced = page.items
    .filter(
      ({ tier, releasedAt, currentVersion }) =>
        tier === 'kms' && !releasedAt && (currentVersion ?? 1) > 1,
    )
    .map(({ name }) => name);
  return { reviewed: page.items.length, changed, replaced, nextCursor: page.nextCursor };
}
