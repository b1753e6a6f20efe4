// SPDX-License-Identifier: Apache-2.0
// Slack as a surface of approvals: which workspace, app and channel it is, what Slack posts to us, and who its people are.
import { z } from 'zod';

const id = (prefix: string, what: string) =>
  z.string().regex(new RegExp(`^[${prefix}][A-Z0-9]{2,31}$`), `must be the id of ${what}`);

/** Somebody's id in the workspace, such as `U0123ABCDEF`; names and mail addresses there can be changed by their owners. */
export const SlackUserId = id('UW', 'a person in Slack, such as U0123ABCDEF');

/** The one place that requests may come from and messages go to (`docs/slack.md`). */
export const SlackSetting = z.strictObject({
  teamId: id('T', 'a workspace, such as T0123ABCDEF'),
  appId: id('A', 'an app, such as A0123ABCDEF'),
  channelId: id('CG', 'a channel, such as C0123ABCDEF'),
  /** Base of Slack's Web API. */
  apiUrl: z
    .string()
    .max(200)
    .regex(/^https?:\/\/[\w.:-]+(\/[\w.-]+)*$/, 'must be a URL without query and slash at its end'),
});
export type SlackSetting = z.infer<typeof SlackSetting>;

/** JSON in one variable; empty: this deployment has no Slack. */
export const SlackVariable = z
  .string()
  .transform((json) => (json === '' ? null : SlackSetting.parse(JSON.parse(json))));

/** Name of the app's secret in Secrets Manager. */
export const slackSecretName = (stage: string): string => `keyturn/${stage}/slack`;

export const SlackRequest = z
  .strictObject({
    payload: z.string().max(262_144).describe('what was pressed or submitted, as JSON'),
  })
  .meta({ id: 'SlackRequest' });

export const SlackAnswer = z
  .object({
    response_action: z.literal('errors'),
    errors: z.record(z.string(), z.string()),
  })
  .describe('Only for a reason that is refused; everything else that is taken has an empty body')
  .meta({ id: 'SlackAnswer' });
