// SPDX-License-Identifier: Apache-2.0
// The part of Slack's Web API that an app for approvals calls, with Slack's names for what goes wrong.
import { z } from 'zod';
import { Attachments, View } from './block-kit.ts';
import { BOT_ID, CHANNEL_ID, MEMBERS, TEAM_ID } from './members.ts';
import type { Workspace } from './workspace.ts';

export type ApiAnswer = Readonly<Record<string, unknown>> & { readonly ok: boolean };
type Members = Readonly<Record<string, unknown>>;
type Method = (workspace: Workspace, members: Members) => ApiAnswer;

const refused = (error: string): ApiAnswer => ({ ok: false, error });

const Posted = z.object({
  channel: z.string(),
  text: z.string().max(40_000).default(''),
  attachments: Attachments.default([]),
  thread_ts: z.string().optional(),
});

const post: Method = (workspace, members) => {
  const { data } = Posted.safeParse(members);
  if (!data) return refused('invalid_blocks');
  if (data.channel !== CHANNEL_ID) return refused('channel_not_found');
  if (data.text === '' && data.attachments.length === 0) return refused('no_text');
  const thread = data.thread_ts ?? null;
  if (thread !== null && !workspace.find(thread)) return refused('thread_not_found');
  const { ts } = workspace.post(data.text, data.attachments, thread);
  return { ok: true, channel: CHANNEL_ID, ts };
};

const update: Method = (workspace, members) => {
  const { data } = Posted.extend({ ts: z.string() }).safeParse(members);
  if (!data) return refused('invalid_blocks');
  const message = data.channel === CHANNEL_ID ? workspace.find(data.ts) : undefined;
  if (!message) return refused('message_not_found');
  Object.assign(message, { text: data.text, attachments: data.attachments, edited: true });
  return { ok: true, channel: CHANNEL_ID, ts: message.ts, text: message.text };
};

const tell: Method = (workspace, members) => {
  const Told = z.object({
    channel: z.literal(CHANNEL_ID),
    user: z.string(),
    text: z.string().min(1),
  });
  const { data } = Told.safeParse(members);
  if (!data) return refused('invalid_arguments');
  if (!MEMBERS.some(({ id }) => id === data.user)) return refused('user_not_in_channel');
  workspace.tell({ user: data.user, text: data.text });
  return { ok: true, message_ts: '0.1' };
};

const openView: Method = (workspace, members) => {
  const { data } = z.object({ trigger_id: z.string(), view: View }).safeParse(members);
  if (!data) return refused('invalid_arguments');
  const view = workspace.openView(data.trigger_id, data.view);
  return typeof view === 'string'
    ? refused(view)
    : { ok: true, view: { id: view.id, ...data.view } };
};

const userInfo: Method = (_workspace, members) => {
  const user = MEMBERS.find(({ id }) => id === members['user']);
  return user ? { ok: true, user } : refused('user_not_found');
};

const METHODS: Readonly<Record<string, Method>> = {
  'auth.test': () => ({ ok: true, team_id: TEAM_ID, user_id: BOT_ID }),
  'chat.postMessage': post,
  'chat.update': update,
  'chat.postEphemeral': tell,
  'views.open': openView,
  'users.info': userInfo,
};

/** Members of a form; values that are JSON lists or objects are read, as Slack does. */
export function membersOf(body: string): Members {
  const read = (text: string): unknown => {
    if (!/^[[{]/.test(text)) return text;
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  };
  return Object.fromEntries(
    [...new URLSearchParams(body)].map(([name, value]) => [name, read(value)]),
  );
}

/** Does a method by its name. */
export function callMethod(workspace: Workspace, name: string, members: Members): ApiAnswer {
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  return method ? method(workspace, members) : refused('unknown_method');
}
