// SPDX-License-Identifier: Apache-2.0
// The record of key use: CloudTrail's events of KMS calls that protect or process data, from the account's default bus
// into a queue, and from there in batches to one function. The queue makes thousands of calls a few writes.
import { Duration, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import {
  KEY_USE_CALLS,
  USE_FAILURE_SOURCE,
  USE_FAILURE_TYPE,
} from '../../core/contract/key-use-events.ts';
import type { Settings } from '../config/settings.ts';
import type { Names } from '../names.ts';
import type { Functions } from './functions-stack.ts';
import { EVENT_BUS_NAME } from './state-stack.ts';

export interface KeyUseStackProps extends StackProps {
  readonly settings: Settings;
  readonly names: Names;
  readonly functions: Functions;
}

/** Tries of one batch before its messages are set aside. */
const MAX_TRIES = 5;
/** Messages in one batch at most: they must be counted within the function's time. */
const BATCH_SIZE = 1000;

/** See the file's head. */
export class KeyUseStack extends Stack {
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: KeyUseStackProps) {
    const { settings, names, functions, ...rest } = props;
    super(scope, id, rest);
    this.deadLetters = this.#queue('DeadLetters', { retentionPeriod: Duration.days(14) });
    const queue = this.#queue('KeyUse', {
      // Named: the function's role names it, in a stack that is deployed before this one.
      queueName: names.of('key-use'),
      // Six times the function's time, as Lambda asks for (Lambda developer guide, SQS event sources).
      visibilityTimeout: Duration.minutes(6),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_TRIES },
    });
    const rules = [
      this.#rule(names, settings.account, queue),
      this.#failures(names, settings.account, queue),
    ];
    queue.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [queue.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': rules.map(({ attrArn }) => attrArn) } },
      }),
    );
    new EventSourceMapping(this, 'Batches', {
      target: functions['record-key-use'],
      eventSourceArn: queue.queueArn,
      batchSize: BATCH_SIZE,
      maxBatchingWindow: Duration.seconds(settings.keyUse.batchSeconds),
      reportBatchItemFailures: true,
    });
  }

  #queue(id: string, props: ConstructorParameters<typeof Queue>[2]): Queue {
    const queue = new Queue(this, id, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      ...props,
    });
    if (props?.deadLetterQueue === undefined) {
      Validations.of(queue).acknowledge({
        id: 'AwsSolutions-SQS3',
        reason: 'this is the dead-letter queue; an alarm watches it',
      });
    }
    return queue;
  }

  /** What the data plane tells of its own failures, which CloudTrail tells late. */
  #failures(names: Names, account: string, queue: Queue): CfnRule {
    return new CfnRule(this, 'UseFailures', {
      name: names.of('use-failures'),
      description: 'Failed calls of the data plane',
      eventBusName: EVENT_BUS_NAME,
      eventPattern: {
        source: [USE_FAILURE_SOURCE],
        account: [account],
        'detail-type': [USE_FAILURE_TYPE],
      },
      targets: [{ id: 'queue', arn: queue.queueArn }],
    });
  }

  /** CloudTrail counts these calls as read-only: only a rule in this state gets them (EventBridge user guide). */
  #rule(names: Names, account: string, queue: Queue): CfnRule {
    return new CfnRule(this, 'KmsCalls', {
      name: names.of('key-use'),
      description: 'KMS calls that protect or process data',
      state: 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS',
      eventPattern: {
        source: ['aws.kms'],
        account: [account],
        'detail-type': ['AWS API Call via CloudTrail'],
        detail: { eventSource: ['kms.amazonaws.com'], eventName: [...KEY_USE_CALLS] },
      },
      targets: [{ id: 'queue', arn: queue.queueArn }],
    });
  }
}
