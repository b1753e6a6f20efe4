// SPDX-License-Identifier: Apache-2.0
// Names by which Slack tells us what was pressed.
export const ACTION = {
  approve: 'keyturn_approve',
  deny: 'keyturn_deny',
  /** A link: Slack opens it by itself, and tells us. */
  page: 'keyturn_page',
  /** Asks for a link of one's own to the page. */
  link: 'keyturn_link',
} as const;

export const REASON_VIEW = 'keyturn_reason';
/** Block and element of the reason, within the view. */
export const REASON_BLOCK = 'reason';
export const REASON_ELEMENT = 'text';
/** As the contract's reason. */
export const MAX_REASON = 2000;
