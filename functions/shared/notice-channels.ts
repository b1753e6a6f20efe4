// SPDX-License-Identifier: Apache-2.0
// The channels of a deployment: one that its settings do not name is not there.
import { SESClient } from '@aws-sdk/client-ses';
import { addressBook } from '#adapters/access-table/addresses.ts';
import { DrillMail } from '#adapters/mail/drill-mail.ts';
import { MailChannel } from '#adapters/mail/mail-channel.ts';
import { SesSender } from '#adapters/mail/ses-sender.ts';
import { SlackChannel } from '#adapters/slack/slack-channel.ts';
import { systemClock, systemRandom } from '#adapters/system/system.ts';
import { tellOnceBy } from '#core/approvals/tell-once.ts';
import type { People } from '#core/contract/people.ts';
import type { SlackSetting } from '#core/contract/slack.ts';
import type { Stage } from '#core/contract/vocabulary.ts';
import type { NoticeChannel } from '#core/ports/approval-notices.ts';
import type { ApprovalLedger } from '#core/ports/approvals.ts';
import type { DrillNotices } from '#core/ports/drill-site.ts';
import { DIRECTORY } from '#policies/directory.ts';
import { slackApp } from './slack-app.ts';
import { noticeRows, startSlots } from './wiring.ts';

/** What all channels share. */
export interface ChannelSite {
  readonly stage: Stage;
  readonly tableName: string;
  readonly people: People;
}

/** Mail, where a sender is named. */
export function mailChannel(site: ChannelSite, from: string, perHour: number): NoticeChannel[] {
  if (from === '') return [];
  const rows = noticeRows(site.tableName);
  const channel = new MailChannel({
    tellOnce: tellOnceBy({ log: rows, clock: systemClock }),
    slots: startSlots(site.tableName),
    perHour,
    clock: systemClock,
    links: rows,
    random: systemRandom,
    // The news come again anyway.
    sender: new SesSender(new SESClient({ maxAttempts: 2 }), from),
    addressOf: addressBook(DIRECTORY[site.stage], site.people),
  });
  return [channel];
}

/** How custodians are told of a drill: by mail, where a sender is named; else not at all, and the report says so. */
export function drillNotices(site: ChannelSite, from: string): DrillNotices {
  if (from === '') return { tell: async () => false };
  return new DrillMail({
    tellOnce: tellOnceBy({ log: noticeRows(site.tableName), clock: systemClock }),
    sender: new SesSender(new SESClient({ maxAttempts: 2 }), from),
    addressOf: addressBook(DIRECTORY[site.stage], site.people),
  });
}

/** Slack, where a workspace is named. */
export function slackChannel(
  site: ChannelSite,
  setting: SlackSetting | null,
  approvals: Pick<ApprovalLedger, 'readApproval'>,
): NoticeChannel[] {
  if (setting === null) return [];
  const channel = new SlackChannel({
    api: slackApp(site.stage, setting).api,
    channelId: setting.channelId,
    tellOnce: tellOnceBy({ log: noticeRows(site.tableName), clock: systemClock }),
    approvals,
  });
  return [channel];
}
