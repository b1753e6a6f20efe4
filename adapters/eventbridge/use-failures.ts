// SPDX-License-Identifier: Apache-2.0
// Tells of failed calls of the data plane at once. Telling is for the watch of a bake alone: it never fails the answer
// to a caller, and a storm of failures is told in part.
import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  USE_FAILURE_SOURCE,
  USE_FAILURE_TYPE,
  type UseFailure,
} from '#core/contract/key-use-events.ts';

/** Of one process: a bake is judged by far fewer. */
const MAX_PER_SECOND = 20;

export class UseFailures {
  readonly #client: EventBridgeClient;
  readonly #bus: string;
  #second = '';
  #told = 0;

  constructor(client: EventBridgeClient, bus: string) {
    this.#client = client;
    this.#bus = bus;
  }

  /** @returns whether it was told */
  async tell({ key, keyVersion, at, principal }: UseFailure): Promise<boolean> {
    if (!this.#mayTell(at.slice(0, 19))) return false;
    const Detail = JSON.stringify({ version: 1, key, keyVersion, at, principal });
    const entry = { EventBusName: this.#bus, Source: USE_FAILURE_SOURCE, Detail };
    try {
      const { FailedEntryCount = 0 } = await this.#client.send(
        new PutEventsCommand({ Entries: [{ ...entry, DetailType: USE_FAILURE_TYPE }] }),
      );
      return FailedEntryCount === 0;
    } catch {
      // CloudTrail tells it, later.
      return false;
    }
  }

  #mayTell(second: string): boolean {
    this.#told = second === this.#second ? this.#told + 1 : 1;
    this.#second = second;
    return this.#told <= MAX_PER_SECOND;
  }
}
