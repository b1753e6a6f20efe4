// SPDX-License-Identifier: Apache-2.0
import { Match } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import { ACCOUNT, REGION, synthesize } from './stub-app.ts';

const { schedules } = synthesize('production').templates;

it('fires the sweep in a named time zone, with retries and a dead-letter queue', () => {
  schedules.hasResourceProperties('AWS::Scheduler::Schedule', {
    Name: 'keyturn-production-rotation-sweep',
    GroupName: 'keyturn-production-schedules',
    ScheduleExpression: 'rate(15 minutes)',
    ScheduleExpressionTimezone: 'UTC',
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: {
      Arn: `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:keyturn-production-rotation-sweep`,
      RoleArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^SchedulerRole'), 'Arn'] },
      RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 900 },
      DeadLetterConfig: { Arn: Match.anyValue() },
    },
  });
});

it('keeps dead letters encrypted, over TLS only, from the scheduler role only', () => {
  schedules.hasResourceProperties('AWS::SQS::Queue', { SqsManagedSseEnabled: true });
  schedules.hasResourceProperties('AWS::SQS::QueuePolicy', {
    PolicyDocument: {
      Statement: [
        Match.objectLike({
          Effect: 'Deny',
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        }),
        Match.objectLike({
          Effect: 'Allow',
          Action: 'sqs:SendMessage',
          Principal: { AWS: { 'Fn::GetAtt': [Match.stringLikeRegexp('^SchedulerRole'), 'Arn'] } },
        }),
      ],
    },
  });
});

it('is assumed by EventBridge Scheduler for this account only', () => {
  const [role] = Object.values(schedules.findResources('AWS::IAM::Role'));

  expect(role?.['Properties'].AssumeRolePolicyDocument.Statement).toEqual([
    {
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Principal: { Service: 'scheduler.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } },
    },
  ]);
});
