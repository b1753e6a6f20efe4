// SPDX-License-Identifier: Apache-2.0
// Port of the bus on which others hear what happened.
import type { KeyturnEvent } from '../contract/events.ts';

export interface EventBus {
  /** Publishes events in order. @returns how many were taken before the first that was not */
  publish(events: readonly KeyturnEvent[]): Promise<number>;
}
