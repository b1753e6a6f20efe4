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
  readonly #onSilence: (cause: string) => void;
  #second = '';
  #told = 0;

  /** @param onSilence hears the name of what kept a failure from being told: nobody else would see it */
  constructor(client: EventBridgeClient, bus: string, onSilence: (cause: string) => void) {
    this.#client = client;
    this.#bus = bus;
    this.#onSilence = onSilence;
  }

  async tell({ key, keyVersion, at, principal }: UseFailure): Promise<void> {
    if (!this.#mayTell(at.slice(0, 19))) return;
    const Detail = JSON.stringify({ version: 1, key, keyVersion, at, principal });
    const entry = { EventBusName: this.#bus, Source: USE_FAILURE_SOURCE, Detail };
    try {
      const { Entries = [] } = await this.#client.send(
        new PutEventsCommand({ Entries: [{ ...entry, DetailType: USE_FAILURE_TYPE }] }),
      );
      const [{ ErrorCode } = {}] = Entries;
      if (ErrorCode !== undefined) this.#onSilence(ErrorCode);
    } catch (error) {
      // CloudTrail tells of most of them, later.
      this.#onSilence(error instanceof Error ? error.name : 'unknown');
    }
  }

  #mayTell(second: string): boolean {
    this.#told = second === this.#second ? this.#told + 1 : 1;
    this.#second = second;
    return this.#told <= MAX_PER_SECOND;
  }
}
