// SPDX-License-Identifier: Apache-2.0
// Sends what a person pressed to the app, signed as Slack signs; on request with a wrong signature, at another time, or
// twice, so that tests see the app refuse it.
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { buttonsOf, questionOf } from './block-kit.ts';
import { APP_ID, CHANNEL_ID, MEMBERS, TEAM_ID } from './members.ts';
import type { Delivery, Workspace } from './workspace.ts';

/** How a delivery differs from an honest one. */
export const Tampering = z.strictObject({
  signature: z.enum(['none', 'wrong', 'other-version']).optional(),
  timestampOffsetSeconds: z.int().optional(),
  timestamp: z.string().optional(),
  /** Sends exactly what was sent last once more. */
  replay: z.boolean().optional(),
  /** Members of the payload to put in place of the honest ones. */
  payload: z.record(z.string(), z.unknown()).optional(),
});
export type Tampering = z.infer<typeof Tampering>;

export interface App {
  readonly workspace: Workspace;
  readonly signingSecret: string;
  /** Where interactions go; null: not set yet. */
  requestUrl: string | null;
  last: { readonly body: string; readonly headers: Record<string, string> } | null;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

/** A person asked for something that is not there. */
export class NoSuch extends Error {}

const TIMEOUT_MS = 3000;
const MOST_SHOWN = 2000;

function signed(app: App, payload: object, tampering: Tampering) {
  const body = `payload=${encodeURIComponent(JSON.stringify({ ...payload, ...tampering.payload }))}`;
  const offset = tampering.timestampOffsetSeconds ?? 0;
  const timestamp = tampering.timestamp ?? String(Math.floor(app.clock() / 1000) + offset);
  const secret = tampering.signature === 'wrong' ? `${app.signingSecret}x` : app.signingSecret;
  const version = tampering.signature === 'other-version' ? 'v1' : 'v0';
  const hmac = createHmac('sha256', secret).update(`${version}:${timestamp}:${body}`).digest('hex');
  const signature =
    tampering.signature === 'none' ? {} : { 'x-slack-signature': `${version}=${hmac}` };
  const type = 'application/x-www-form-urlencoded';
  return {
    body,
    headers: { 'content-type': type, 'x-slack-request-timestamp': timestamp, ...signature },
  };
}

async function deliver(
  app: App,
  { user, what, payload }: { user: string; what: string; payload: object },
  tampering: Tampering,
): Promise<Delivery> {
  if (app.requestUrl === null) throw new NoSuch('no request address is set');
  const request = tampering.replay && app.last ? app.last : signed(app, payload, tampering);
  app.last = request;
  const began = performance.now();
  let status = 0;
  let body = 'the app did not answer within 3 s';
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await fetch(app.requestUrl, {
      method: 'POST',
      ...request,
      redirect: 'error',
      signal,
    });
    body = (await answer.text()).slice(0, MOST_SHOWN);
    status = answer.status;
  } catch {
    // Told by status 0.
  }
  const delivery = {
    user,
    what,
    status,
    body,
    milliseconds: Math.round(performance.now() - began),
  };
  app.workspace.record(delivery);
  return delivery;
}

function memberOf(user: string) {
  const member = MEMBERS.find(({ id, name }) => id === user || name === user);
  if (!member) throw new NoSuch('no such person');
  return member;
}

const senderOf = ({ id, name, team_id }: ReturnType<typeof memberOf>) => ({
  api_app_id: APP_ID,
  team: { id: TEAM_ID, domain: 'local' },
  user: { id, username: name, name, team_id },
});

/** Presses a button of a message. @throws NoSuch */
export async function click(
  app: App,
  { ts, button: id, user }: { ts: string; button: string; user: string },
  tampering: Tampering = {},
): Promise<Delivery> {
  const member = memberOf(user);
  const message = app.workspace.find(ts);
  const buttons = buttonsOf(message?.attachments ?? []);
  const button = buttons.find(({ action_id }) => action_id === id) ?? buttons[Number(id)];
  // A person can press what another one's screen still shows; a test names it with the payload.
  if (!message || (!button && tampering.payload === undefined)) throw new NoSuch('no such button');
  const action = button && {
    type: 'button',
    action_id: button.action_id,
    block_id: 'vote',
    value: button.value,
  };
  const payload = {
    type: 'block_actions',
    ...senderOf(member),
    container: { type: 'message', message_ts: ts, channel_id: CHANNEL_ID },
    channel: { id: CHANNEL_ID, name: 'approvals' },
    message: { type: 'message', ts, text: message.text },
    trigger_id: app.workspace.makeTrigger(member.id),
    actions: action ? [{ ...action, action_ts: ts }] : [],
  };
  return deliver(app, { user: member.id, what: `pressed ${id}`, payload }, tampering);
}

/** Submits an open view; it closes when the app takes it. @throws NoSuch */
export async function submit(
  app: App,
  { view: id, user, value }: { view: string; user: string; value: string },
  tampering: Tampering = {},
): Promise<Delivery> {
  const open = app.workspace.views.get(id);
  const question = questionOf(open?.view);
  if (!open || !question) throw new NoSuch('no such view');
  const member = memberOf(user);
  const answer = { [question.action]: { type: 'plain_text_input', value } };
  const payload = {
    type: 'view_submission',
    ...senderOf(member),
    view: {
      id,
      ...open.view,
      app_id: APP_ID,
      team_id: TEAM_ID,
      state: { values: { [question.block]: answer } },
    },
  };
  const delivery = await deliver(app, { user: member.id, what: 'submitted', payload }, tampering);
  const isTaken = delivery.status === 200 && !delivery.body.includes('"response_action"');
  if (isTaken) app.workspace.views.delete(id);
  return delivery;
}
