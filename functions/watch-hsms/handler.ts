// SPDX-License-Identifier: Apache-2.0
// Looks at the HSMs of the stage's key store every few minutes: counts what somebody has to know, and goes on with an
// addition or a replacement. The only function that can make an HSM, or end one, of a cluster in service.
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { z } from 'zod';
import { systemClock } from '#adapters/system/system.ts';
import { METRIC_NAMESPACE, METRICS } from '#core/contract/metrics.ts';
import { watchFleet } from '#core/provisioning/watch-fleet.ts';
import { environmentOf } from '../shared/environment.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { hsmFleet, ledger } from '../shared/wiring.ts';

const environment = environmentOf('watch-hsms');
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  clock: systemClock,
  fleet: hsmFleet(),
};
const { service } = METRICS.hsmsInOneZone;
const metrics = new Metrics({ namespace: METRIC_NAMESPACE, serviceName: service });

export const handler = stepHandler(z.unknown(), async () => {
  const watched = await watchFleet(deps, environment.KEY_STORE_NAME);
  if (watched === null) return { findings: [], change: null };
  const { findings, change, hasFailed } = watched;
  const count = (isFound: boolean) => (isFound ? 1 : 0);
  const add = (name: string, value: number) => metrics.addMetric(name, MetricUnit.Count, value);
  add(METRICS.hsmsInOneZone.name, count(findings.includes('one-zone')));
  add(METRICS.keyStoreNearlyFull.name, count(findings.includes('nearly-full')));
  add(METRICS.backupMissing.name, count(findings.includes('backup-missing')));
  add(METRICS.hsmChangeFailed.name, count(hasFailed));
  metrics.publishStoredMetrics();
  return { findings, change: change?.state ?? null };
});
