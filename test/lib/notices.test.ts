// SPDX-License-Identifier: Apache-2.0
// What tells people of requests: who may send as whom, from which events, and what waits when it could not.
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { TOLD_EVENT_NAMES } from '../../core/contract/told-events.ts';
import { loadSettings } from '../../lib/config/load-settings.ts';
import { actionsOf, rolesOf } from './statements.ts';
import { ACCOUNT, context, REGION, synthesizeAnew } from './stub-app.ts';

const FROM = 'keyturn@notices.example.com';
const { templates } = synthesizeAnew('production', { mailFrom: FROM });
const role = rolesOf(templates.functions).get('keyturn-production-notify-approvers') ?? [];

describe('who tells people', () => {
  it('sends as the one sender, from the identity of its domain', () => {
    expect(role.filter(({ action }) => action.startsWith('ses:'))).toEqual([
      {
        action: 'ses:SendEmail',
        resources: [`arn:aws:ses:${REGION}:${ACCOUNT}:identity/notices.example.com`],
        conditions: { StringEquals: { 'ses:FromAddress': FROM } },
      },
    ]);
  });

  it('has no key, starts and wakes no workflow, and of all others only the look at drills sends mail', () => {
    expect(actionsOf(role, 'states')).toEqual([]);
    expect(role.filter(({ action }) => action.startsWith('kms:'))).toEqual(
      role.filter(({ conditions }) => JSON.stringify(conditions).includes('kms:ViaService')),
    );
    const senders = [...rolesOf(templates.functions)].filter(
      ([, statements]) => actionsOf(statements, 'ses').length > 0,
    );
    expect(senders.map(([name]) => name)).toEqual([
      'keyturn-production-notify-approvers',
      'keyturn-production-watch-drills',
    ]);
  });

  it('may send nothing where no sender is named', () => {
    const silent = synthesizeAnew('production').templates.functions;
    const quiet = rolesOf(silent).get('keyturn-production-notify-approvers') ?? [];

    expect(actionsOf(quiet, 'ses')).toEqual([]);
    silent.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'keyturn-production-notify-approvers',
      Environment: { Variables: Match.objectLike({ MAIL_FROM: '' }) },
    });
  });
});

describe('the rule of the notices', () => {
  it('takes the events of requests, and says where links lead', () => {
    templates.events.hasResourceProperties('AWS::Events::Rule', {
      Name: 'keyturn-production-approval-notices',
      EventPattern: { source: ['keyturn'], 'detail-type': [...TOLD_EVENT_NAMES] },
      Targets: [
        Match.objectLike({
          DeadLetterConfig: Match.anyValue(),
          InputTransformer: Match.objectLike({
            InputTemplate: Match.objectLike({
              'Fn::Join': [
                '',
                Match.arrayWith([
                  Match.stringLikeRegexp(`\\.execute-api\\.${REGION}\\.amazonaws\\.com/production`),
                ]),
              ],
            }),
          }),
        }),
      ],
    });
  });

  it('has a queue for what could not be told, and an alarm on it', () => {
    templates.events.hasResourceProperties('AWS::SQS::Queue', {
      QueueName: 'keyturn-production-notices-undelivered',
    });
    templates.observability.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'keyturn-production-notices-undelivered',
      AlarmDescription: Match.stringLikeRegexp('docs/runbook/notices-undelivered\\.md'),
    });
  });
});

describe('settings of notices', () => {
  const load = (over: Record<string, unknown>) =>
    loadSettings((name) => ({ ...context('production'), ...over })[name]);

  it.each([
    ['two addresses', 'a@example.com,b@example.com'],
    ['a name beside the address', 'Keyturn <keyturn@example.com>'],
    ['a line end', 'keyturn@example.com\nBcc: eve@example.com'],
    ['no domain', 'keyturn'],
  ])('refuse %s as sender', (_name, mailFrom) => {
    expect(() => load({ mailFrom })).toThrow(/mail\.from/);
  });

  it.each([
    ['a link without TLS', 'http://keyturn.example.com'],
    ['a query', 'https://keyturn.example.com/?a=b'],
    ['a slash at the end', 'https://keyturn.example.com/'],
    ['something else to fill in', 'https://{host}/v1'],
    ['an open brace', 'https://{apiId.example.com'],
    ['another scheme', 'javascript:alert(1)'],
  ])('refuse %s as address of links', (_name, apiUrlTemplate) => {
    expect(() => load({ apiUrlTemplate })).toThrow(/urlTemplate/);
  });

  it('take an own domain', () => {
    const { api } = load({ apiUrlTemplate: 'https://keyturn.example.com/api' });

    expect(api.urlTemplate).toBe('https://keyturn.example.com/api');
  });
});
