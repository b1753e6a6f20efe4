// SPDX-License-Identifier: Apache-2.0
// A storm of requests is no storm of mails (fault F34): beyond some mails in an hour a person gets one that says so, every
// ten minutes at most, instead of one for each. What is about to expire is never grouped.
import type { NoticeKind } from '#core/approvals/notice.ts';
import type { TellOnce } from '#core/ports/approval-notices.ts';
import type { Clock } from '#core/ports/platform.ts';
import type { StartSlots } from '#core/ports/start-slots.ts';
import { type MailMessage, plainMail } from './message.ts';

const GROUP_MINUTES = 10;
const MINUTE_MS = 60_000;

/** A window that ends: each of these comes alone, whatever else came. */
const ALWAYS_ALONE: readonly NoticeKind[] = ['reminder', 'escalated'];

export interface MailLimitDeps {
  readonly slots: StartSlots;
  /** Mails to one person in a clock hour before they are grouped. */
  readonly perHour: number;
  readonly tellOnce: TellOnce;
  readonly clock: Clock;
}

/** True when a mail may go out by itself; it is counted then. */
export async function goesAlone(
  { slots, perHour, clock }: Pick<MailLimitDeps, 'slots' | 'perHour' | 'clock'>,
  kind: NoticeKind,
  sub: string,
): Promise<boolean> {
  if (ALWAYS_ALONE.includes(kind)) return true;
  return slots.take(`mails/${sub}`, clock.now(), perHour);
}

/**
 * Says once in ten minutes that there is more than is mailed.
 * @returns what the channel calls the mail that stands for this notice
 */
export async function groupInstead(
  { tellOnce, clock }: Pick<MailLimitDeps, 'tellOnce' | 'clock'>,
  sub: string,
  send: (message: MailMessage) => Promise<string>,
): Promise<string> {
  const turn = Math.floor(Date.parse(clock.now()) / (GROUP_MINUTES * MINUTE_MS));
  const slot = {
    approvalId: 'grouped',
    channel: 'email' as const,
    occasion: String(turn),
    recipient: sub,
  };
  return tellOnce(slot, () => send(GROUPED));
}

const TITLE = 'More requests for approval than are mailed one by one';
const WORDS = [
  `There were very many mails to you in this hour. Until the next one begins, what is new is not mailed one by one; this mail comes at most every ${GROUP_MINUTES} minutes.`,
  'Requests that wait for you at 50 and 80 % of their time are mailed each, with a link.',
];
const GROUPED = plainMail(TITLE, WORDS, {
  lead: 'All that wait now, with the command line:',
  command: 'keyturn approval list',
});
