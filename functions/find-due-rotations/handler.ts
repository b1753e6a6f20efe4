// SPDX-License-Identifier: Apache-2.0
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { z } from 'zod';
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import { METRIC_NAMESPACE, METRICS } from '#core/contract/metrics.ts';
import { findDueRotations } from '#core/operations/rotation-sweep.ts';
import { CLASSES } from '#policies/classes.ts';
import { environmentOf } from '../shared/environment.ts';
import { logger } from '../shared/logging.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { ledger, pauseRows, startSlots } from '../shared/wiring.ts';

const environment = environmentOf('find-due-rotations');
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  pauses: pauseRows(environment.TABLE_NAME),
  slots: startSlots(environment.TABLE_NAME),
  classes: CLASSES,
  clock: systemClock,
  ids: ulidIds,
  waits: { settleSeconds: environment.SETTLE_SECONDS, bakeSeconds: environment.BAKE_SECONDS },
};
const metrics = new Metrics({
  namespace: METRIC_NAMESPACE,
  serviceName: METRICS.overdueKeys.service,
});

export const handler = stepHandler(z.unknown(), async () => {
  const found = await findDueRotations(
    deps,
    environment.STAGE,
    environment.MAX_ROTATIONS_PER_SWEEP,
  );
  if (found.failed > 0) logger.error('candidates could not be admitted', { failed: found.failed });
  metrics.addMetric(METRICS.overdueKeys.name, MetricUnit.Count, found.overdue);
  metrics.addMetric('ResumedOperations', MetricUnit.Count, found.resumed);
  metrics.publishStoredMetrics();
  return { starts: found.starts, searchOrphans: found.searchOrphans };
});
