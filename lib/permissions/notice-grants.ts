// SPDX-License-Identifier: Apache-2.0
// What the functions may do that tell people of requests for approval.
import { slackSecretName } from '../../core/contract/slack.ts';
import { identityOf } from '../config/notice-settings.ts';
import type { Grant } from './grant.ts';
import { type Duties, type GrantContext, tokenGrant } from './grant-context.ts';
import { writeTable } from './table-grants.ts';

export type NoticeFunction = 'notify-approvers' | 'answer-mail' | 'answer-slack';

/** Sends as the one sender, from its identity alone; whoever tells people casts no vote and wakes no workflow. */
export function sendMail({ names, mail }: GrantContext): readonly Grant[] {
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

/** The secret is not the stack's: whoever connects the workspace puts it there (`docs/slack.md`). */
function readSlackSecret({ names, hasSlack }: GrantContext): readonly Grant[] {
  if (!hasSlack) return [];
  const resources = [names.secretArn(slackSecretName(names.stage))];
  return [{ actions: ['secretsmanager:GetSecretValue'], resources }];
}

export function noticeGrants(context: GrantContext): Pick<Duties, NoticeFunction> {
  const { names, table, tokenKeyArn } = context;
  return {
    'notify-approvers': [
      ...writeTable(table),
      ...sendMail(context),
      ...readSlackSecret(context),
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
    'answer-slack': [
      ...writeTable(table),
      ...readSlackSecret(context),
      { actions: ['states:SendTaskSuccess'], resources: [names.stateMachineArn('approve')] },
      tokenGrant('kms:Decrypt', tokenKeyArn),
    ],
  };
}
