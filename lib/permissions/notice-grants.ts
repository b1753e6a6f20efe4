// SPDX-License-Identifier: Apache-2.0
// What the functions may do that tell people of requests for approval.
import { identityOf } from '../config/notice-settings.ts';
import type { Grant } from './grant.ts';
import { type Duties, type GrantContext, tokenGrant } from './grant-context.ts';
import { writeTable } from './table-grants.ts';

export type NoticeFunction = 'notify-approvers' | 'answer-mail';

/** Sends as the one sender, from its identity alone; whoever tells people casts no vote and wakes no workflow. */
function sendMail({ names, mail }: GrantContext): readonly Grant[] {
  const identity = identityOf(mail);
  if (identity === null || mail.from === null) return [];
  return [
    {
      actions: ['ses:SendEmail'],
      resources: [names.arn('ses', `identity/${identity}`)],
      conditions: { StringEquals: { 'ses:FromAddress': mail.from } },
    },
  ];
}

export function noticeGrants(context: GrantContext): Pick<Duties, NoticeFunction> {
  const { names, table, tokenKeyArn } = context;
  return {
    'notify-approvers': [
      ...writeTable(table),
      ...sendMail(context),
      {
        actions: ['sqs:SendMessage'],
        resources: [names.arn('sqs', names.of('notices-undelivered'))],
      },
    ],
    // Takes votes, as `cast-vote` does.
    'answer-mail': [
      ...writeTable(table),
      { actions: ['states:SendTaskSuccess'], resources: [names.stateMachineArn('approve')] },
      tokenGrant('kms:Decrypt', tokenKeyArn),
    ],
  };
}
