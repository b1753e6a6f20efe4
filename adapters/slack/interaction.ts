// SPDX-License-Identifier: Apache-2.0
// What a verified request of Slack asks for. It must be of our workspace, our app and our channel, press exactly one
// button of ours or submit our view by the one it was opened for; everything else is refused without a guess.
import { z } from 'zod';
import { Reason } from '#core/contract/approvals.ts';
import { KeyturnError } from '#core/errors.ts';
import { ACTION, REASON_BLOCK, REASON_ELEMENT, REASON_VIEW } from './action-ids.ts';
import { readButtonValue, type Subject } from './button-value.ts';
import { readReasonMetadata } from './reason-view.ts';

/** The only place that requests may come from. */
export interface SlackHome {
  readonly teamId: string;
  readonly appId: string;
  readonly channelId: string;
}

interface Click extends Subject {
  readonly userId: string;
  readonly channelId: string;
  readonly messageTs: string;
}

/** `ask-reason`: a view must be opened with the trigger, within 3 s. `opened-page` needs nothing but a 200. */
export type SlackInteraction =
  | ({ readonly kind: 'approve'; readonly triggerId: string } & Click)
  | ({ readonly kind: 'ask-reason'; readonly triggerId: string } & Click)
  | ({ readonly kind: 'deny'; readonly reason: string } & Click)
  | ({ readonly kind: 'ask-link' } & Click)
  | { readonly kind: 'opened-page'; readonly userId: string };

const Id = z.string().regex(/^[A-Z0-9]{2,32}$/);
const Timestamp = z.string().regex(/^\d{1,12}\.\d{1,9}$/);
const Sender = {
  api_app_id: Id,
  team: z.object({ id: Id }),
  user: z.object({ id: Id, team_id: Id.optional() }),
};

const BlockActions = z.object({
  type: z.literal('block_actions'),
  ...Sender,
  trigger_id: z.string().min(1).max(200),
  channel: z.object({ id: Id }),
  message: z.object({ ts: Timestamp }),
  actions: z
    .array(z.object({ action_id: z.enum(Object.values(ACTION)), value: z.string().max(200) }))
    .length(1),
});

const ViewSubmission = z.object({
  type: z.literal('view_submission'),
  ...Sender,
  view: z.object({
    callback_id: z.literal(REASON_VIEW),
    private_metadata: z.string().max(1000),
    state: z.object({
      values: z.object({
        [REASON_BLOCK]: z.object({
          [REASON_ELEMENT]: z.object({ value: z.string().max(10_000).nullable() }),
        }),
      }),
    }),
  }),
});

const Payload = z.discriminatedUnion('type', [BlockActions, ViewSubmission]);
type Sent = z.infer<typeof Payload>;

function invalid(why: string, pointer = ''): KeyturnError {
  return new KeyturnError('ValidationFailed', `the Slack request is not valid: ${why}`, {
    fields: [{ pointer, detail: why }],
  });
}

function denied(why: string): KeyturnError {
  return new KeyturnError('AccessDenied', `Slack: ${why}`);
}

/** The one `payload` of the form. Two would let one reader check what another one obeys. */
function payloadOf(body: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw invalid('the body is not UTF-8');
  }
  const form = new URLSearchParams(text);
  const [payload, ...others] = [...form.entries()];
  if (payload?.[0] !== 'payload' || others.length > 0)
    throw invalid('the form must hold `payload`, once, and nothing else');
  try {
    return JSON.parse(payload[1]);
  } catch {
    throw invalid('`payload` is not JSON', '/payload');
  }
}

function checkSender(sent: Sent, home: SlackHome): void {
  if (sent.team.id !== home.teamId) throw denied('another workspace');
  // In a channel shared between workspaces people of the other one may press too.
  if ((sent.user.team_id ?? home.teamId) !== home.teamId)
    throw denied('a person of another workspace');
  if (sent.api_app_id !== home.appId) throw denied('another app');
}

function checkChannel(channelId: string, home: SlackHome): void {
  if (channelId !== home.channelId) throw denied('another channel');
}

function readClick(sent: z.infer<typeof BlockActions>, home: SlackHome): SlackInteraction {
  checkChannel(sent.channel.id, home);
  const [action] = sent.actions;
  const subject = readButtonValue(action?.value ?? '');
  if (!action || !subject) throw invalid('the button carries no request', '/actions/0/value');
  const userId = sent.user.id;
  if (action.action_id === ACTION.page) return { kind: 'opened-page', userId };
  const click = { ...subject, userId, channelId: sent.channel.id, messageTs: sent.message.ts };
  if (action.action_id === ACTION.link) return { kind: 'ask-link', ...click };
  const kind = action.action_id === ACTION.approve ? 'approve' : 'ask-reason';
  return { kind, ...click, triggerId: sent.trigger_id };
}

function readSubmission(sent: z.infer<typeof ViewSubmission>, home: SlackHome): SlackInteraction {
  const metadata = readReasonMetadata(sent.view.private_metadata);
  if (!metadata) throw invalid('the view carries no request', '/view/private_metadata');
  checkChannel(metadata.channelId, home);
  if (metadata.userId !== sent.user.id) throw denied('the view was opened for somebody else');
  const text = sent.view.state.values[REASON_BLOCK]?.[REASON_ELEMENT]?.value?.trim() ?? '';
  const reason = Reason.safeParse(text);
  if (!reason.success)
    throw invalid('the reason must be one line of 1 to 2000 visible characters', '/reason');
  return { kind: 'deny', ...metadata, reason: reason.data };
}

/**
 * Reads the body of a request that `verifySlackRequest` has let through.
 * @throws KeyturnError `ValidationFailed` (pointer `/reason` when only the reason is wrong), `AccessDenied`
 */
export function readInteraction(body: Uint8Array, home: SlackHome): SlackInteraction {
  const { data: sent, error } = Payload.safeParse(payloadOf(body));
  if (!sent) {
    const path = error.issues[0]?.path ?? [];
    throw invalid('`payload` is not what buttons and views of Keyturn send', `/${path.join('/')}`);
  }
  checkSender(sent, home);
  return sent.type === 'block_actions' ? readClick(sent, home) : readSubmission(sent, home);
}
