// SPDX-License-Identifier: Apache-2.0
// Realism that an emulator standing alone begins without: slow answers, throttling, late effects.
import type { Clock } from '../clock.ts';
import { Consistency } from './consistency.ts';
import { Latency } from './latency.ts';
import { Throttling } from './throttling.ts';

/** The switches that act on every call. */
export interface Switches {
  readonly latency: Latency;
  readonly consistency: Consistency;
  readonly throttling: Throttling;
}

/** All of them off. */
export function switchesOff(region: string, clock: Clock): Switches {
  return {
    latency: new Latency(),
    consistency: new Consistency(),
    throttling: new Throttling(region, clock),
  };
}
