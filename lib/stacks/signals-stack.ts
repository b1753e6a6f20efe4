// SPDX-License-Identifier: Apache-2.0
// What others tell Keyturn on its bus: a rule takes the published detail-types of the named sources of this account,
// and one function follows them. What cannot be delivered waits in a queue with an alarm.
import { Duration, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { EventBus, Match, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { ACKNOWLEDGEMENT_TYPE } from '../../core/contract/acknowledgement-events.ts';
import { EVENT_SOURCE } from '../../core/contract/events.ts';
import { SIGNAL_TYPES } from '../../core/contract/signals.ts';
import type { Settings } from '../config/settings.ts';
import type { Names } from '../names.ts';
import type { Functions } from './functions-stack.ts';
import { EVENT_BUS_NAME } from './state-stack.ts';

export interface SignalsStackProps extends StackProps {
  readonly settings: Settings;
  readonly names: Names;
  readonly functions: Functions;
}

/** See the file's head. */
export class SignalsStack extends Stack {
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: SignalsStackProps) {
    const { settings, names, functions, ...rest } = props;
    super(scope, id, rest);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    Validations.of(this.deadLetters).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'this is the dead-letter queue; an alarm watches it',
    });
    new Rule(this, 'Signals', {
      ruleName: names.of('signals'),
      description: 'Events that may make keys due before their time',
      eventBus: EventBus.fromEventBusName(this, 'Bus', EVENT_BUS_NAME),
      eventPattern: {
        source: [...settings.signals.sources],
        account: [settings.account],
        detailType: [...SIGNAL_TYPES],
      },
      targets: [
        new LambdaFunction(functions['receive-signals'], {
          deadLetterQueue: this.deadLetters,
          // Older than a day, an event says nothing that the daily review does not find.
          maxEventAge: Duration.hours(24),
          retryAttempts: 185,
        }),
      ],
    });
    new Rule(this, 'Acknowledgements', {
      ruleName: names.of('acknowledgements'),
      description: 'Consumers that are ready for a version; of which account, the function looks',
      eventBus: EventBus.fromEventBusName(this, 'AcknowledgementBus', EVENT_BUS_NAME),
      // Whatever the source but Keyturn itself: consumers name theirs as they like.
      eventPattern: {
        source: Match.anythingBut(EVENT_SOURCE),
        detailType: [ACKNOWLEDGEMENT_TYPE],
      },
      targets: [
        new LambdaFunction(functions['receive-acknowledgements'], {
          deadLetterQueue: this.deadLetters,
          maxEventAge: Duration.hours(24),
          retryAttempts: 185,
        }),
      ],
    });
  }
}
