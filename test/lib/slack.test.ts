// SPDX-License-Identifier: Apache-2.0
// Which Slack a deployment is connected with, and who may read the secret of its app.
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../lib/config/load-settings.ts';
import { rolesOf } from './statements.ts';
import { ACCOUNT, context, REGION, synthesizeAnew } from './stub-app.ts';

const HOME = { teamId: 'T0123ABC', appId: 'A0123ABC', channelId: 'C0123ABC' };
const SLACK = { ...HOME, apiUrl: 'https://slack.com/api' };
const load = (slack: unknown, stage: 'production' | 'local' = 'production') =>
  loadSettings((name) => ({ ...context(stage), slack })[name]);

describe('the secret of the Slack app', () => {
  const { functions } = synthesizeAnew('production', { slack: JSON.stringify(SLACK) }).templates;
  const roles = rolesOf(functions);

  it('is read, by its name, by those who send and answer, and by nobody else', () => {
    const readers = [...roles].flatMap(([role, statements]) =>
      statements
        .filter(({ resources }) => JSON.stringify(resources).includes('/slack'))
        .map(({ action, resources }) => ({ role, action, resources })),
    );

    const resources = [
      `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:keyturn/production/slack-??????`,
    ];
    const action = 'secretsmanager:GetSecretValue';
    expect(readers).toEqual([
      { role: 'keyturn-production-answer-slack', action, resources },
      { role: 'keyturn-production-notify-approvers', action, resources },
    ]);
  });

  it('is out of reach where no workspace is named, and so is Slack', () => {
    const silent = synthesizeAnew('production').templates.functions;

    expect(JSON.stringify([...rolesOf(silent)])).not.toContain('/slack');
    silent.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'keyturn-production-answer-slack',
      Environment: { Variables: Match.objectLike({ SLACK: '' }) },
    });
  });

  it('answers within what Slack waits: it starts with more memory than others', () => {
    functions.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'keyturn-production-answer-slack',
      MemorySize: 1024,
      Environment: { Variables: Match.objectLike({ SLACK: JSON.stringify(SLACK) }) },
    });
  });
});

describe('settings of Slack', () => {
  it.each([
    ['a channel by its name', { ...SLACK, channelId: '#approvals' }],
    ['a workspace by its name', { ...SLACK, teamId: 'acme' }],
    ['no app', { ...SLACK, appId: undefined }],
    ['an address without TLS', { ...SLACK, apiUrl: 'http://slack.com/api' }],
    ['an address with a query', { ...SLACK, apiUrl: 'https://slack.com/api?x=1' }],
    ['more than it knows', { ...SLACK, botToken: 'xoxb-1' }],
  ])('refuse %s', (_name, slack) => {
    expect(() => load(slack)).toThrow(/slack/);
  });

  it('take a workspace, and none', () => {
    expect(load(SLACK).slack).toEqual(SLACK);
    expect(load(undefined).slack).toBeNull();
  });
});
