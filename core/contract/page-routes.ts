// SPDX-License-Identifier: Apache-2.0
// Routes that pages and other systems call, not our client; a part of the route table. They are public: what proves who
// calls is in the request itself.
import * as mail from './mail.ts';
import * as signers from './signers.ts';
import * as slack from './slack.ts';

export const PAGE_ROUTES = {
  showMailPage: {
    method: 'GET',
    path: '/v1/mail/{id}',
    function: 'answer-mail',
    action: null,
    status: 200,
    summary: 'The page behind the link of a mail: the same for every id, and it decides nothing',
    response: null,
    content: 'text/html',
  },
  answerMail: {
    method: 'POST',
    path: '/v1/mail/{id}',
    function: 'answer-mail',
    action: null,
    status: 200,
    summary: 'What that page posts: the secret of the link to show the request, or a vote on it',
    request: mail.MailPageRequest,
    response: mail.MailPageAnswer,
  },
  showEnrollPage: {
    method: 'GET',
    path: '/v1/passkeys/{id}',
    function: 'manage-signers',
    action: null,
    status: 200,
    summary: 'The page behind that link: the same for every id, and it asks for nothing',
    response: null,
    content: 'text/html',
  },
  answerEnrollPage: {
    method: 'POST',
    path: '/v1/passkeys/{id}',
    function: 'manage-signers',
    action: null,
    status: 200,
    summary:
      'What that page posts: the secret of the link, to be told what to make, or a new passkey',
    request: signers.EnrollPageRequest,
    response: signers.EnrollPageAnswer,
  },
  answerSlack: {
    method: 'POST',
    path: '/v1/slack/interactions',
    function: 'answer-slack',
    action: null,
    status: 200,
    summary: 'What Slack posts when somebody presses a button or submits a view, signed by Slack',
    request: slack.SlackRequest,
    requestContent: 'application/x-www-form-urlencoded',
    response: slack.SlackAnswer,
  },
} as const;
