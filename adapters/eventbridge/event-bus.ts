// SPDX-License-Identifier: Apache-2.0
// The bus on EventBridge. PutEvents takes ten entries and can refuse single ones; after the first refused one nothing
// more is put, so that what comes later for a key is never told before what came first.
import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { EVENT_SOURCE, type KeyturnEvent } from '#core/contract/events.ts';
import { KeyturnError } from '#core/errors.ts';
import type { EventBus } from '#core/ports/event-bus.ts';

/** EventBridge API reference, PutEvents: at most ten entries. */
const MAX_ENTRIES = 10;

export class EventBridgeBus implements EventBus {
  readonly #client: EventBridgeClient;
  readonly #bus: string;

  constructor(client: EventBridgeClient, bus: string) {
    this.#client = client;
    this.#bus = bus;
  }

  async publish(events: readonly KeyturnEvent[]): Promise<number> {
    let taken = 0;
    while (taken < events.length) {
      const batch = events.slice(taken, taken + MAX_ENTRIES);
      const accepted = await this.#put(batch);
      taken += accepted;
      if (accepted < batch.length) break;
    }
    return taken;
  }

  async #put(batch: readonly KeyturnEvent[]): Promise<number> {
    const Entries = batch.map(({ name, detail }) => ({
      EventBusName: this.#bus,
      Source: EVENT_SOURCE,
      DetailType: name,
      Detail: JSON.stringify(detail),
      Time: new Date(detail.at),
    }));
    try {
      const answer = await this.#client.send(new PutEventsCommand({ Entries }));
      const refused = (answer.Entries ?? []).findIndex((entry) => entry.ErrorCode !== undefined);
      return refused === -1 ? batch.length : refused;
    } catch (cause) {
      throw new KeyturnError('DependencyUnavailable', 'the event bus did not take the events', {
        cause,
      });
    }
  }
}
