// SPDX-License-Identifier: Apache-2.0
// The last events, oldest first, and when each may be delivered. Held in memory, bounded: the oldest go first.
// The gateway delivers to EventBridge; tests read here at once.
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import { drawMilliseconds, generator, SecondsRange } from '../faults/seeded.ts';
import type { CloudTrailEvent } from './shape.ts';

/** How late events are delivered. CloudTrail's own delay is minutes at worst. */
export const DeliveryRequest = z.strictObject({
  deliveryDelaySeconds: SecondsRange,
  seed: z.int().default(1),
});

/** Which events are wanted: those after a sequence number; `due` leaves out what is not delivered yet. */
export const TrailQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  due: z.literal('true').optional(),
  waitSeconds: z.coerce.number().min(0).max(30).default(0),
});

/** Some events, and the `after` of the next question. */
export interface TrailPage {
  readonly events: readonly CloudTrailEvent[];
  readonly next: number;
}

interface Entry {
  /** As JSON: a tenth of the memory of the objects, and nothing for the garbage collector to walk through. */
  readonly json: string;
  readonly deliverAt: number;
}

const KEPT = 10_000;
const POLL_MILLISECONDS = 25;

/** The recent events of this emulator. */
export class Trail {
  readonly #clock: Clock;
  readonly #ring: (Entry | undefined)[] = new Array(KEPT).fill(undefined);
  #count = 0;
  #delay: z.infer<typeof DeliveryRequest> = { deliveryDelaySeconds: [0, 0], seed: 1 };
  #random = generator(1);

  /** The clock must not be one that is set: a delay is real time. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Keeps an event. */
  add(event: CloudTrailEvent): void {
    const delay = drawMilliseconds(this.#delay.deliveryDelaySeconds, this.#random);
    this.#ring[this.#count % KEPT] = {
      json: JSON.stringify(event),
      deliverAt: this.#clock() + delay,
    };
    this.#count += 1;
  }

  /** Sets the delay of deliveries to come. */
  setDelay(request: z.infer<typeof DeliveryRequest>): void {
    this.#delay = request;
    this.#random = generator(request.seed);
  }

  /** The delay, and how many events there have been. */
  describe() {
    return { ...this.#delay, recorded: this.#count, kept: Math.min(this.#count, KEPT) };
  }

  /** Events after a sequence number, in order; numbers that fell out of the buffer are skipped. */
  page({ after, limit, due }: z.infer<typeof TrailQuery>): TrailPage {
    const now = this.#clock();
    const events: CloudTrailEvent[] = [];
    // A number beyond the last is of an earlier emulator: begin again.
    let next = after > this.#count ? 0 : Math.max(after, this.#count - KEPT);
    for (; next < this.#count && events.length < limit; next += 1) {
      const entry = this.#ring[next % KEPT];
      if (entry === undefined || (due !== undefined && entry.deliverAt > now)) break;
      events.push(JSON.parse(entry.json));
    }
    return { events, next };
  }

  /** Like {@link page}, but an empty answer waits until there is an event. */
  async wait(query: z.infer<typeof TrailQuery>, isGone: () => boolean): Promise<TrailPage> {
    const deadline = performance.now() + query.waitSeconds * 1000;
    for (;;) {
      const page = this.page(query);
      if (page.events.length > 0 || performance.now() >= deadline || isGone()) return page;
      await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS).unref());
    }
  }
}
