// SPDX-License-Identifier: Apache-2.0
// Counts for alarms, written to the log in CloudWatch's embedded metric format.
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { METRIC_NAMESPACE, type METRICS } from '#core/contract/metrics.ts';

/** @returns what adds a data point to the metric, at once */
export function counter({
  name,
  service: serviceName,
}: (typeof METRICS)[keyof typeof METRICS]): (value: number) => void {
  const metrics = new Metrics({ namespace: METRIC_NAMESPACE, serviceName });
  return (value) => {
    metrics.addMetric(name, MetricUnit.Count, value);
    metrics.publishStoredMetrics();
  };
}
