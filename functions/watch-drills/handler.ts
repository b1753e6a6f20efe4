// SPDX-License-Identifier: Apache-2.0
// Begins the drill of the quarter, and looks every minute at the one that runs: does the next thing that is missing, and
// counts what somebody has to know. The only function that makes clusters of drills, and ends them.
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { z } from 'zod';
import { METRIC_NAMESPACE, METRICS } from '#core/contract/metrics.ts';
import { advanceDrill } from '#core/drills/advance-drill.ts';
import { judgeDrills } from '#core/drills/judge-drills.ts';
import { startDrill } from '#core/drills/start-drill.ts';
import { isError } from '#core/errors.ts';
import { drillDeps } from '../shared/drills.ts';
import { environmentOf } from '../shared/environment.ts';
import { drillNotices } from '../shared/notice-channels.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { drillSite } from '../shared/wiring.ts';

const environment = environmentOf('watch-drills');
const { pollSeconds, pollLimit, ...place } = environment.CLUSTER_SETTINGS;
/** Looks after the end of a cluster in which a last backup of it may show itself: ten minutes where a look is 30 s. */
const SETTLE_POLLS = 20;
const deps = {
  ...drillDeps(environment),
  site: drillSite(place),
  notices: drillNotices(
    {
      stage: environment.STAGE,
      tableName: environment.TABLE_NAME,
      people: environment.PEOPLE,
    },
    environment.MAIL_FROM,
  ),
  patienceSeconds: pollSeconds * pollLimit,
  settleSeconds: pollSeconds * SETTLE_POLLS,
};
const { service } = METRICS.drillFailed;
const metrics = new Metrics({ namespace: METRIC_NAMESPACE, serviceName: service });
const Input = z.object({ act: z.enum(['start', 'look']) });
const DECISION = { effect: 'permit' as const, rule: 'drills-are-quarterly' };

/** What works on the key store, or the lack of one, is no error of the schedule: the alarm for overdue drills waits. */
async function begin(): Promise<void> {
  const keyStore = environment.KEY_STORE_NAME;
  try {
    await startDrill(deps, { keyStore, by: 'schedule/watch-drills', decision: DECISION });
  } catch (error) {
    if (!isError(error, 'OperationInProgress', 'KeyStoreNotFound', 'RevisionConflict')) throw error;
  }
}

async function look() {
  try {
    return await advanceDrill(deps);
  } catch (error) {
    // Another look was faster, or the answer of CloudHSM was lost: the next look sees what it did.
    if (!isError(error, 'RevisionConflict', 'DependencyUnavailable')) throw error;
    return null;
  }
}

export const handler = stepHandler(Input, async ({ act }) => {
  if (act === 'start') await begin();
  const drill = await look();
  const keyStore = await deps.ledger.readKeyStore(environment.KEY_STORE_NAME);
  const now = deps.clock.now();
  const { isOverdue, isStuck } = judgeDrills(await deps.drills.listDrills(), keyStore, now);
  const add = (name: string, isSo: boolean) =>
    metrics.addMetric(name, MetricUnit.Count, isSo ? 1 : 0);
  // A drill that has ended is looked at no more, so it is counted once.
  add(METRICS.drillFailed.name, drill?.state === 'failed');
  add(METRICS.drillOverdue.name, isOverdue);
  add(METRICS.drillStuck.name, isStuck);
  metrics.publishStoredMetrics();
  return { drill: drill?.id ?? null, phase: drill?.phase ?? null, isOverdue, isStuck };
});
