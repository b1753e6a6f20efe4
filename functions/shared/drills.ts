// SPDX-License-Identifier: Apache-2.0
// What the functions of drills share: how a drill begins, and how one is shown.
import type { z } from 'zod';
import { systemClock } from '#adapters/system/system.ts';
import type * as contract from '#core/contract/drills.ts';
import type { Stage } from '#core/contract/vocabulary.ts';
import { drillTimes } from '#core/drills/judge-drills.ts';
import type { DrillRecord } from '#core/drills/records.ts';
import { secondsBetween } from './views.ts';
import { drillRows, electorate, ledger } from './wiring.ts';

/** A day: a custodian who needs longer is not there on the day of a recovery. */
const ANSWER_SECONDS = 86_400;

/** What beginning and going on with a drill needs. */
export function drillDeps(environment: { readonly STAGE: Stage; readonly TABLE_NAME: string }) {
  const table = ledger(environment.TABLE_NAME);
  return {
    ledger: table,
    drills: drillRows(environment.TABLE_NAME),
    electorate: electorate(environment.STAGE, table),
    clock: systemClock,
    answerSeconds: ANSWER_SECONDS,
  };
}

/** A drill as the API shows it. */
export function drillView(drill: DrillRecord): z.infer<typeof contract.Drill> {
  const { id, keyStore, state, phase, startedBy, startedAt, endedAt, required, answerUntil } =
    drill;
  const { sourceClusterId, backupId, backupAt, keys, removalRefusal } = drill;
  const answered = drill.custodians.filter(({ answeredAt }) => answeredAt !== null).length;
  return {
    ...{ id, keyStore, state, phase, startedBy, startedAt, endedAt },
    ...{ sourceClusterId, backupId, backupAt, removalRefusal },
    causes: [...drill.causes],
    clusterIds: [...drill.clusterIds],
    phases: drill.phases.map((one) => ({
      ...one,
      seconds: secondsBetween(one.startedAt, one.endedAt),
    })),
    ...drillTimes(drill),
    keys: keys && { ...keys, missing: [...keys.missing], lingering: [...keys.lingering] },
    custodians: {
      required,
      answered,
      isQuorumReached: answered >= required,
      answerUntil,
      items: drill.custodians.map(({ user, toldAt, answeredAt }) => ({
        user,
        toldAt,
        answeredAt,
        answerSeconds: secondsBetween(startedAt, answeredAt),
      })),
    },
  };
}
