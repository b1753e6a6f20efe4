// SPDX-License-Identifier: Apache-2.0
// The window that asks who denies for the reason. It remembers whom it was opened for: nobody else's answer counts.
import type { ModalView } from '@slack/types';
import { z } from 'zod';
import { digestWords } from '#core/approvals/digest-words.ts';
import { ApprovalId, Digest } from '#core/contract/approvals.ts';
import { MAX_REASON, REASON_BLOCK, REASON_ELEMENT, REASON_VIEW } from './action-ids.ts';

const Metadata = z.strictObject({
  approvalId: ApprovalId,
  digest: Digest,
  userId: z.string(),
  channelId: z.string(),
  messageTs: z.string(),
});
/** What the view carries; Slack gives it back, signed with the rest of the request. */
export type ReasonMetadata = z.infer<typeof Metadata>;

/** Undefined when it is not one of ours. */
export function readReasonMetadata(text: string): ReasonMetadata | undefined {
  try {
    return Metadata.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

const plain = (text: string) => ({ type: 'plain_text', text, emoji: false }) as const;

/** The view to open with the trigger of the click. */
export function reasonView(click: ReasonMetadata): ModalView {
  const { approvalId, digest, userId, channelId, messageTs } = click;
  return {
    type: 'modal',
    callback_id: REASON_VIEW,
    private_metadata: JSON.stringify({ approvalId, digest, userId, channelId, messageTs }),
    title: plain('Deny the request'),
    submit: plain('Deny'),
    close: plain('Back'),
    blocks: [
      { type: 'section', text: plain(`Request ${approvalId}, digest ${digestWords(digest)}`) },
      {
        type: 'input',
        block_id: REASON_BLOCK,
        label: plain('Reason, for the requester and the record'),
        element: {
          type: 'plain_text_input',
          action_id: REASON_ELEMENT,
          multiline: false,
          min_length: 1,
          max_length: MAX_REASON,
        },
      },
    ],
  };
}

/** Body of the answer that keeps the view open and says what is wrong beside the reason. */
export function reasonRefused(why: string) {
  return { response_action: 'errors', errors: { [REASON_BLOCK]: why.slice(0, 150) } } as const;
}
