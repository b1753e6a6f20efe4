// SPDX-License-Identifier: Apache-2.0

/**
 * Text for mrkdwn. Without this `<!channel>` calls everybody and `<https://a|b>` is a link that says something else.
 * Together with `verbatim`, which keeps Slack from looking for names and addresses by itself.
 * @see https://docs.slack.dev/messaging/formatting-message-text#escaping
 */
export function escapeMrkdwn(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
