// SPDX-License-Identifier: Apache-2.0
// What of Block Kit the stand-in knows: enough to refuse what Slack would refuse, and to find buttons.
import { z } from 'zod';

const Text = (most: number) =>
  z.object({ type: z.enum(['plain_text', 'mrkdwn']), text: z.string().min(1).max(most) });

const Button = z.object({
  type: z.literal('button'),
  action_id: z.string().min(1).max(255),
  text: Text(75),
  value: z.string().max(2000).optional(),
  url: z.url().max(3000).optional(),
  style: z.enum(['primary', 'danger']).optional(),
  confirm: z
    .object({ title: Text(100), text: Text(300), confirm: Text(30), deny: Text(30) })
    .optional(),
});
export type Button = z.infer<typeof Button>;

const Actions = z.object({
  type: z.literal('actions'),
  block_id: z.string().max(255).optional(),
  elements: z.array(Button).min(1).max(25),
});
const Section = z.object({ type: z.literal('section'), text: Text(3000) });
const Input = z.object({
  type: z.literal('input'),
  block_id: z.string().min(1).max(255),
  label: Text(2000),
  element: z.looseObject({ type: z.literal('plain_text_input'), action_id: z.string().min(1) }),
});

export const Attachments = z
  .array(
    z.looseObject({
      color: z.string().optional(),
      blocks: z.array(z.discriminatedUnion('type', [Section, Actions])).max(50),
    }),
  )
  .max(20);

export const View = z.looseObject({
  type: z.literal('modal'),
  callback_id: z.string().max(255),
  private_metadata: z.string().max(3000).optional(),
  title: Text(24),
  submit: Text(24).optional(),
  close: Text(24).optional(),
  blocks: z.array(z.discriminatedUnion('type', [Section, Input])).max(100),
});

/** The buttons of a message, in order. */
export function buttonsOf(attachments: readonly unknown[]): readonly Button[] {
  const { data } = Attachments.safeParse(attachments);
  const blocks = data?.flatMap((attachment) => attachment.blocks) ?? [];
  return blocks.flatMap((block) => (block.type === 'actions' ? block.elements : []));
}

/** Block and element of the first question of a view. */
export function questionOf(view: unknown): { block: string; action: string } | undefined {
  const { data } = View.safeParse(view);
  const input = data?.blocks.find((block) => block.type === 'input');
  return input && { block: input.block_id, action: input.element.action_id };
}
