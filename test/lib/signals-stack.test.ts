// SPDX-License-Identifier: Apache-2.0
import { Match } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import { ACCOUNT, synthesize } from './stub-app.ts';

const { signals } = synthesize('production').templates;

it('takes the published signals of named sources in this account only', () => {
  signals.hasResourceProperties('AWS::Events::Rule', {
    EventBusName: 'keyturn',
    EventPattern: {
      source: ['keyturn.signals'],
      account: [ACCOUNT],
      'detail-type': [
        'personnel.changed',
        'dependency.incident',
        'risk.score',
        'usage.volume',
        'material.expiring',
        'policy.changed',
      ],
    },
    Targets: [
      Match.objectLike({ DeadLetterConfig: Match.anyValue(), RetryPolicy: Match.anyValue() }),
    ],
  });
});

it('lets this rule alone invoke the function and write to the queue', () => {
  signals.hasResourceProperties('AWS::Lambda::Permission', {
    Principal: 'events.amazonaws.com',
    SourceArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Signals'), 'Arn'] },
  });
  const policies = Object.values(signals.findResources('AWS::SQS::QueuePolicy'));

  expect(JSON.stringify(policies)).toContain('aws:SourceArn');
});

it('takes acknowledgements of whatever source, but none that looks like Keyturn itself', () => {
  signals.hasResourceProperties('AWS::Events::Rule', {
    EventBusName: 'keyturn',
    EventPattern: {
      source: [{ 'anything-but': ['keyturn'] }],
      'detail-type': ['consumer.acknowledged'],
    },
  });
});
