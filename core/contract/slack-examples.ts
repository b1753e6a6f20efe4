// SPDX-License-Identifier: Apache-2.0
// Examples of what Slack posts and is answered; a part of `examples.ts`.
export const SLACK_EXAMPLES = {
  SlackRequest: { payload: '{"type":"block_actions", …}' },
  SlackAnswer: {
    response_action: 'errors',
    errors: { reason: 'the reason must be one line of 1 to 2000 visible characters' },
  },
} as const;
