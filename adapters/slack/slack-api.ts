// SPDX-License-Identifier: Apache-2.0
// The methods of Slack's Web API that Keyturn calls. Only 429 is repeated, because only then Slack says that it
// did nothing: a message whose answer was lost would appear twice.
import type { ModalView } from '@slack/types';
import { z } from 'zod';
import { KeyturnError } from '#core/errors.ts';
import type { SlackMessage } from './message.ts';

const TIMEOUT_MS = 5000;
const MAX_ATTEMPTS = 4;
/** All waits of one call together: the clock of a request for approval goes on meanwhile. */
const MAX_WAIT_SECONDS = 20;
const MAX_ANSWER_CHARACTERS = 1_000_000;

export interface SlackApiSettings {
  /** `https://slack.com/api`, or that of the stand-in. */
  readonly baseUrl: string;
  /** Asked at each call, so that a changed token is used without a restart. */
  readonly botToken: () => Promise<string>;
  readonly pause: (milliseconds: number) => Promise<void>;
  /** For who cannot wait: of one call, without a second attempt. */
  readonly timeoutMilliseconds?: number;
}

/** Where a message is. */
export interface MessagePlace {
  readonly channel: string;
  readonly ts: string;
}

const User = z.object({
  id: z.string(),
  team_id: z.string().optional(),
  deleted: z.boolean().optional(),
  is_bot: z.boolean().optional(),
  is_app_user: z.boolean().optional(),
  is_restricted: z.boolean().optional(),
  is_ultra_restricted: z.boolean().optional(),
  is_stranger: z.boolean().optional(),
});
/** What Slack says of a person. */
export type SlackUser = z.infer<typeof User>;

const Answer = z.looseObject({ ok: z.boolean(), error: z.string().optional() });
type Answer = z.infer<typeof Answer>;
const Posted = z.object({ channel: z.string(), ts: z.string() });

function failed(method: string, why: string, cause?: unknown): KeyturnError {
  return new KeyturnError('DependencyUnavailable', `Slack did not do ${method}: ${why}`, {
    details: { method },
    cause,
  });
}

/** Seconds of `Retry-After`; one when it says nothing usable. */
function waitOf(response: Response): number {
  const header = response.headers.get('retry-after') ?? '';
  return /^\d{1,6}$/.test(header) ? Math.max(1, Number(header)) : 1;
}

async function answerOf(method: string, response: Response): Promise<Answer> {
  try {
    const text = await response.text();
    if (text.length > MAX_ANSWER_CHARACTERS) throw new RangeError('too long');
    return Answer.parse(JSON.parse(text));
  } catch (cause) {
    throw failed(method, `its answer (HTTP ${response.status}) is not of the API`, cause);
  }
}

async function checked(method: string, response: Response): Promise<Answer> {
  const answer = await answerOf(method, response);
  if (answer.ok && response.ok) return answer;
  const code = /^[a-z_]{1,64}$/.test(answer.error ?? '') ? answer.error : 'no reason given';
  throw failed(method, `${code} (HTTP ${response.status})`);
}

/** Every method throws KeyturnError `DependencyUnavailable` or `Throttled`. */
export class SlackApi {
  readonly #settings: SlackApiSettings;

  constructor(settings: SlackApiSettings) {
    this.#settings = settings;
  }

  /** @returns where it stands, for updates and for its thread */
  async postMessage(
    channel: string,
    message: SlackMessage | { readonly text: string },
    threadTs?: string,
  ): Promise<MessagePlace> {
    const thread = threadTs === undefined ? {} : { thread_ts: threadTs };
    const quiet = { unfurl_links: false, unfurl_media: false };
    const members = { channel, ...message, ...thread, ...quiet };
    const { data } = Posted.safeParse(await this.#call('chat.postMessage', members));
    if (!data) throw failed('chat.postMessage', 'its answer does not say where the message is');
    return data;
  }

  /** Replaces a message. */
  async updateMessage({ channel, ts }: MessagePlace, message: SlackMessage): Promise<void> {
    await this.#call('chat.update', { channel, ts, ...message });
  }

  /** Tells one person in the channel. */
  async postEphemeral(channel: string, user: string, text: string): Promise<void> {
    await this.#call('chat.postEphemeral', { channel, user, text });
  }

  /** @param triggerId of the click, 3 s old at most */
  async openView(triggerId: string, view: ModalView): Promise<void> {
    await this.#call('views.open', { trigger_id: triggerId, view });
  }

  async user(userId: string): Promise<SlackUser> {
    const { data } = User.safeParse((await this.#call('users.info', { user: userId }))['user']);
    if (data?.id !== userId) throw failed('users.info', 'its answer is of nobody asked for');
    return data;
  }

  async #call(method: string, members: object): Promise<Answer> {
    const attempts = this.#settings.timeoutMilliseconds === undefined ? MAX_ATTEMPTS : 1;
    let waited = 0;
    for (let attempt = 1; ; attempt += 1) {
      const response = await this.#send(method, members);
      if (response.status !== 429) return checked(method, response);
      await response.body?.cancel();
      const seconds = waitOf(response);
      waited += seconds;
      if (attempt === attempts || waited > MAX_WAIT_SECONDS)
        throw new KeyturnError('Throttled', `Slack asks to wait before ${method}; try later`, {
          details: { method, retryAfterSeconds: seconds },
        });
      await this.#settings.pause(seconds * 1000);
    }
  }

  async #send(method: string, members: object): Promise<Response> {
    const token = await this.#settings.botToken();
    // `users.info` takes no JSON; a form is taken by all, with JSON for what is not a text.
    const form = Object.entries(members).map(([name, value]): [string, string] => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]);
    try {
      return await fetch(`${this.#settings.baseUrl}/${method}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: new URLSearchParams(form),
        redirect: 'error',
        signal: AbortSignal.timeout(this.#settings.timeoutMilliseconds ?? TIMEOUT_MS),
      });
    } catch (cause) {
      throw failed(method, 'it cannot be reached', cause);
    }
  }
}
