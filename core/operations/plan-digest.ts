// SPDX-License-Identifier: Apache-2.0
// What a plan of a rotation rests on, as one digest. A run that was given the digest computes it again on the very
// revision that it commits on: whoever changed version, consumers, access, policy or waits in between makes it refuse.
import { canonicalHash } from '../crypto/hashing.ts';
import { KeyturnError } from '../errors.ts';
import { accessOf } from '../keys/consumers.ts';
import { mayProcess } from '../keys/transitions.ts';
import { type ClassPolicy, classOf } from '../policies/classes.ts';
import type { KeySnapshot } from '../ports/ledger.ts';
import type { Waits } from './begin-operation.ts';

export interface PlanSite {
  readonly classes: readonly ClassPolicy[];
  readonly waits: Waits;
}

/** Left out on purpose: due dates, notices, and who was seen when. They change daily and touch nothing. */
function basisOf({ classes, waits }: PlanSite, { key, versions, consumers }: KeySnapshot) {
  return {
    operation: 'rotate-key',
    key: key.name,
    state: key.state,
    owner: key.owner,
    tier: key.tier,
    keyStore: key.keyStore,
    alias: key.alias,
    access: accessOf(key),
    class: classOf(classes, key.class) ?? key.class,
    currentVersion: key.currentVersion,
    currentKeyId: key.currentKeyId,
    nextVersion: key.latestVersion + 1,
    versions: versions
      .filter(({ state, keyId }) => keyId !== null && mayProcess(state))
      .map(({ version, keyId, state, policyTemplate, substate }) => ({
        version,
        keyId,
        state,
        policyTemplate,
        substate,
      })),
    consumers: consumers.map((consumer) => ({
      name: consumer.name,
      principal: consumer.principal,
      rights: consumer.rights,
      kind: consumer.kind,
      acknowledgement: consumer.acknowledgement,
      boundKeyArn: consumer.boundKeyArn,
      state: consumer.state,
    })),
    waits: { settleSeconds: waits.settleSeconds, bakeSeconds: waits.bakeSeconds },
  };
}

/** SHA-256 of the RFC 8785 form of what a rotation would start from. */
export function planDigest(site: PlanSite, snapshot: KeySnapshot): string {
  return canonicalHash(basisOf(site, snapshot));
}

/** @throws KeyturnError `PlanStale` when the key is no longer what the plan was made of */
export function requireFreshPlan(site: PlanSite, snapshot: KeySnapshot, seen: string): void {
  if (planDigest(site, snapshot) === seen) return;
  const { name, revision } = snapshot.key;
  throw new KeyturnError(
    'PlanStale',
    `${name} changed since the plan was made: its versions, access, consumers, class or waits are others now; make a new plan and look at it`,
    { details: { key: name, revision } },
  );
}
