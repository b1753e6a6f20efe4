// SPDX-License-Identifier: Apache-2.0
// What functions count for alarms. Import before the handler.
import { vi } from 'vitest';

const wired = vi.hoisted(() => ({ metrics: [] as unknown[][] }));
vi.mock('@aws-lambda-powertools/metrics', () => ({
  MetricUnit: { Count: 'Count' },
  Metrics: class {
    addMetric = (...metric: unknown[]) => wired.metrics.push(metric);
    publishStoredMetrics = () => wired.metrics.push(['published']);
  },
}));

/** Every data point, and `['published']` where they were written; empty it before each test. */
export const { metrics } = wired;
