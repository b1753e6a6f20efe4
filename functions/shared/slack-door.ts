// SPDX-License-Identifier: Apache-2.0
// The way in for what Slack posts: only what Slack signed, once, of our workspace; whose it is; and how somebody is told
// that it did not count.
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { withSlackIds } from '#adapters/access-table/slack-ids.ts';
import { escapeMrkdwn } from '#adapters/slack/escape.ts';
import { readInteraction, type SlackInteraction } from '#adapters/slack/interaction.ts';
import { checkSlackUser, personOfSlackUser } from '#adapters/slack/slack-user.ts';
import { REPLAY_MEMORY_SECONDS, verifySlackRequest } from '#adapters/slack/verify-request.ts';
import { systemClock } from '#adapters/system/system.ts';
import { ERRORS } from '#core/contract/errors.ts';
import type { People } from '#core/contract/people.ts';
import type { SlackSetting } from '#core/contract/slack.ts';
import type { Stage } from '#core/contract/vocabulary.ts';
import { KeyturnError } from '#core/errors.ts';
import type { Principal } from '#core/ports/platform.ts';
import type { ReplayMemory } from '#core/ports/replays.ts';
import { DIRECTORY } from '#policies/directory.ts';
import { singleHeaderOf } from './api-request.ts';
import { logger } from './logging.ts';
import { type SlackApp, slackApp } from './slack-app.ts';

/** Slack waits 3 s in all; at most two calls of its API lie in that. */
const CALL_MILLISECONDS = 1000;

export interface SlackSite {
  readonly stage: Stage;
  readonly people: People;
  readonly home: SlackSetting;
  readonly replays: ReplayMemory;
}

/** The body's own bytes: the signature is over them. */
function bodyOf(event: APIGatewayProxyEvent): Uint8Array {
  return Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
}

export class SlackDoor {
  readonly #site: SlackSite;
  readonly #app: SlackApp;

  constructor(site: SlackSite) {
    this.#site = site;
    this.#app = slackApp(site.stage, site.home, CALL_MILLISECONDS);
  }

  get api(): SlackApp['api'] {
    return this.#app.api;
  }

  /**
   * What a request asks for.
   * @throws KeyturnError `Unauthenticated` for what Slack did not send, or sent before; `PayloadTooLarge`; and what
   *   `readInteraction` throws
   */
  async admit(event: APIGatewayProxyEvent): Promise<SlackInteraction> {
    const body = bodyOf(event);
    const timestamp = singleHeaderOf(event, 'x-slack-request-timestamp') ?? undefined;
    const signature = singleHeaderOf(event, 'x-slack-signature') ?? undefined;
    const { signingSecrets: secrets } = await this.#app.secret();
    const at = systemClock.now();
    const trust = { secrets, now: Math.floor(Date.parse(at) / 1000) };
    const { replayKey } = verifySlackRequest({ body, timestamp, signature }, trust);
    const { replays, home } = this.#site;
    if (await replays.remember(`slack/${replayKey}`, at, REPLAY_MEMORY_SECONDS))
      return readInteraction(body, home);
    throw new KeyturnError('Unauthenticated', 'the request was sent before');
  }

  /** The one person of the directory, whom the workspace takes for a full member today. */
  async personOf(userId: string): Promise<Principal> {
    const { stage, people, home } = this.#site;
    const person = personOfSlackUser(withSlackIds(DIRECTORY[stage], people), userId);
    checkSlackUser(await this.api.user(userId), home.teamId);
    return { id: person.sub, kind: 'person', name: person.user, groups: person.groups };
  }

  /** Gives who pressed, and nobody else, a link. @throws KeyturnError `DependencyUnavailable` */
  async handOver(userId: string, url: string): Promise<void> {
    const text = `<${url}|Your page of this request>: open it within 15 minutes. It is for you alone and decides nothing by itself: you vote there with your passkey. Compare the words of the digest.`;
    await this.api.postEphemeral(this.#site.home.channelId, userId, text);
  }

  /** Tells who pressed, and nobody else, why it did not count. That it cannot be told changes nothing. */
  async explain(userId: string, error: unknown): Promise<void> {
    const isTheirs = error instanceof KeyturnError && ERRORS[error.code].status < 500;
    const why = isTheirs ? error.message : 'Keyturn could not take it just now; try again';
    const text = `Not counted: ${escapeMrkdwn(why)}`;
    try {
      await this.api.postEphemeral(this.#site.home.channelId, userId, text);
    } catch (cause) {
      const { message } = cause instanceof Error ? cause : { message: 'unknown' };
      logger.warn('refusal not told', { cause: message });
    }
  }
}
