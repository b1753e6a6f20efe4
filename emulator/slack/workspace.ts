// SPDX-License-Identifier: Apache-2.0
// State of the stand-in workspace, in memory: messages of its one channel, what only one person sees, open views.
import { randomBytes } from 'node:crypto';

/** A message; its blocks are kept as they were sent. */
export interface Message {
  readonly ts: string;
  readonly thread_ts: string | null;
  text: string;
  attachments: readonly unknown[];
  edited: boolean;
}

export interface Ephemeral {
  readonly user: string;
  readonly text: string;
}

/** A view that is open for somebody. */
export interface OpenView {
  readonly id: string;
  readonly user: string;
  readonly view: Readonly<Record<string, unknown>>;
}

/** What the app answered to a click or a submission. */
export interface Delivery {
  readonly user: string;
  readonly what: string;
  /** 0: no answer. */
  readonly status: number;
  readonly body: string;
  readonly milliseconds: number;
}

const TRIGGER_LIFETIME_MS = 3000;
const MOST_KEPT = 500;

export class Workspace {
  readonly messages: Message[] = [];
  readonly ephemerals: Ephemeral[] = [];
  readonly deliveries: Delivery[] = [];
  readonly views = new Map<string, OpenView>();
  readonly #triggers = new Map<string, { user: string; at: number }>();
  readonly #clock: () => number;
  #count = 0;
  /** Calls of the Web API that are still to be answered with 429. */
  rateLimit = { calls: 0, retryAfterSeconds: 1 };

  /** @param clock epoch milliseconds */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  post(text: string, attachments: readonly unknown[], thread_ts: string | null): Message {
    this.#count += 1;
    const seconds = Math.floor(this.#clock() / 1000);
    const ts = `${seconds}.${String(this.#count).padStart(6, '0')}`;
    const message = { ts, thread_ts, text, attachments, edited: false };
    keep(this.messages, message);
    return message;
  }

  find(ts: string): Message | undefined {
    return this.messages.find((message) => message.ts === ts);
  }

  tell(ephemeral: Ephemeral): void {
    keep(this.ephemerals, ephemeral);
  }

  record(delivery: Delivery): void {
    keep(this.deliveries, delivery);
  }

  /** A trigger as a click carries it: good for one view, 3 s long. */
  makeTrigger(user: string): string {
    const trigger = `${this.#clock()}.${randomBytes(8).toString('hex')}`;
    this.#triggers.set(trigger, { user, at: this.#clock() });
    return trigger;
  }

  /** @returns the view, or Slack's name of the error */
  openView(trigger: string, view: OpenView['view']): OpenView | string {
    const known = this.#triggers.get(trigger);
    if (known === undefined) return 'invalid_trigger_id';
    this.#triggers.delete(trigger);
    if (this.#clock() - known.at > TRIGGER_LIFETIME_MS) return 'expired_trigger_id';
    const open = {
      id: `V0${randomBytes(6).toString('hex').toUpperCase()}`,
      user: known.user,
      view,
    };
    this.views.set(open.id, open);
    return open;
  }
}

function keep<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > MOST_KEPT) list.shift();
}
