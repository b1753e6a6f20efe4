// SPDX-License-Identifier: Apache-2.0
// Fed by a rule on the bus `keyturn`, which adds the address of the API: tells people what happened to requests for
// approval, on every channel of the deployment. What fails is thrown: Lambda tries again, and what fails for good waits
// in a queue with an alarm.
import { z } from 'zod';
import { systemClock } from '#adapters/system/system.ts';
import { TOLD_EVENT_NAMES } from '#core/contract/told-events.ts';
import { notifyApprovers } from '#core/operations/notify-approvers.ts';
import { environmentOf } from '../shared/environment.ts';
import { mailChannel, slackChannel } from '../shared/notice-channels.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { electorate, ledger } from '../shared/wiring.ts';

const environment = environmentOf('notify-approvers');
const table = ledger(environment.TABLE_NAME);
const site = {
  stage: environment.STAGE,
  tableName: environment.TABLE_NAME,
  people: environment.PEOPLE,
};
const deps = {
  ledger: table,
  approvals: table,
  electorate: electorate(environment.STAGE, table),
  channels: [
    ...mailChannel(site, environment.MAIL_FROM, environment.MAIL_PER_HOUR),
    ...slackChannel(site, environment.SLACK, table),
  ],
  clock: systemClock,
};
const Input = z.object({
  apiUrl: z.url(),
  name: z.enum(TOLD_EVENT_NAMES),
  detail: z.object({ id: z.string(), approvalId: z.string() }),
});

export const handler = stepHandler(Input, async ({ apiUrl, name, detail }) => ({
  told: await notifyApprovers(deps, {
    apiUrl,
    name,
    approvalId: detail.approvalId,
    eventId: detail.id,
  }),
}));
