// SPDX-License-Identifier: Apache-2.0
// Metrics that functions write (CloudWatch embedded metric format) and alarms watch.

export const METRIC_NAMESPACE = 'Keyturn';
/** The one dimension of every metric; its value is the stage. */
export const METRIC_DIMENSION = 'Stage';

/** Metrics by name, with what a data point counts. */
export const METRICS = {
  /** Active keys whose `nextRotationAt` has passed and that no running operation rotates. */
  overdueKeys: 'OverdueKeys',
  /** Operations that are parked and wait for their `retryAt` or for a person. */
  parkedOperations: 'ParkedOperations',
} as const;
