// SPDX-License-Identifier: Apache-2.0
// Use cases of people, and of the schedule: a drill begins; a custodian answers.
import { KeyturnError } from '../errors.ts';
import type { Instant } from '../keys/records.ts';
import { later } from '../operations/admit-operation.ts';
import { electorsOf, ruleFor } from '../policies/approval-rules.ts';
import type { Electorate } from '../ports/approvals.ts';
import type { Ledger } from '../ports/ledger.ts';
import { recoverableKeyStore } from '../recovery/key-store-recovery.ts';
import { type DrillActor, type DrillStore, drillChange, mutateDrill } from './drill-record.ts';
import type { DrillCustodian, DrillRecord } from './records.ts';

export interface StartDrillDeps extends DrillStore {
  readonly ledger: Ledger;
  readonly electorate: Electorate;
  /** Seconds in which custodians answer for the drill to pass. */
  readonly answerSeconds: number;
}

/** What a drill is for: an id can come again in another table, its start cannot. */
export const drillTag = ({ keyStore, id, startedAt }: DrillRecord) =>
  `${keyStore}/${id}/${startedAt}`;

/** Ids follow each other, so that of two drills that are begun at once one alone can be written. */
const idAfter = (drills: readonly DrillRecord[]) =>
  `drl_${String(drills.length + 1).padStart(4, '0')}`;

/** Who signs recoveries of key stores, and how many of them it takes. */
async function rosterOf(electorate: Electorate) {
  const rule = ruleFor(await electorate.rules(), 'key-store.recover', '');
  const people = electorsOf(rule, await electorate.people(), '');
  const custodians = people.map(
    ({ sub, user }): DrillCustodian => ({ sub, user, toldAt: null, answeredAt: null }),
  );
  // A rule without a number of its own goes by the class of a key, and there is none here: everybody is needed then.
  return { required: rule.required ?? people.length, custodians };
}

/**
 * Records that a drill begins; what it takes is done by looks (`advance-drill.ts`). While one runs, that one is answered.
 * @throws KeyturnError `KeyStoreNotFound`, `OperationInProgress` while something else works on the key store,
 * `RevisionConflict` when another was begun at the same moment
 */
export async function startDrill(
  deps: StartDrillDeps,
  input: DrillActor & { readonly keyStore: string },
): Promise<DrillRecord> {
  const known = await deps.drills.listDrills();
  const running = known.find(({ state }) => state === 'running');
  if (running) return running;
  const keyStore = await recoverableKeyStore(deps.ledger, input.keyStore);
  const { required, custodians } = await rosterOf(deps.electorate);
  const now = deps.clock.now();
  const change = drillChange(
    null,
    {
      id: idAfter(known),
      keyStore: keyStore.name,
      state: 'running',
      phase: 'find-backup',
      phases: [{ name: 'find-backup', startedAt: now, endedAt: null }],
      causes: [],
      sourceClusterId: keyStore.clusterId ?? '',
      backupId: null,
      backupAt: null,
      clusterIds: [],
      askedAt: null,
      goneAt: null,
      removalRefusal: null,
      keys: null,
      required,
      custodians,
      answerUntil: later(now, deps.answerSeconds),
      startedBy: input.by,
      startedAt: now,
      endedAt: null,
    },
    {
      at: now,
      actor: input.by,
      action: 'drill.started',
      decision: input.decision,
      detail: { keyStore: keyStore.name, custodians: custodians.length, required },
    },
  );
  await deps.drills.commitDrill(change);
  return change.drill;
}

const answered = (custodians: readonly DrillCustodian[], sub: string, at: Instant) =>
  custodians.map((one) => (one.sub === sub ? { ...one, answeredAt: at } : one));

/**
 * A custodian says that they are there. Said again, the first answer stays.
 * @throws KeyturnError `OperationNotFound`, `NotEligible`, `TransitionForbidden` when the time is over
 */
export async function answerDrill(
  deps: DrillStore,
  input: DrillActor & { readonly id: string; readonly sub: string },
): Promise<DrillRecord> {
  return mutateDrill(deps, input.id, input, (drill, now) => {
    const found = drill.custodians.find(({ sub }) => sub === input.sub);
    if (!found)
      throw new KeyturnError(
        'NotEligible',
        `${drill.id} asks those who sign recoveries, and you are none of them`,
      );
    if (found.answeredAt !== null) return null;
    if (drill.state !== 'running' || drill.answerUntil <= now)
      throw new KeyturnError(
        'TransitionForbidden',
        `${drill.id} took answers until ${drill.answerUntil}; the next drill asks you again`,
      );
    return {
      action: 'drill.answered',
      patch: { custodians: answered(drill.custodians, input.sub, now) },
      detail: { custodian: found.sub },
    };
  });
}
