// SPDX-License-Identifier: Apache-2.0
// What Keyturn tells others: the audit rows of the table's stream become events on the bus, and a rule on the bus
// feeds signed webhooks to consumers, others notices to those who decide and the work of mass brakes. What cannot be published or delivered waits in a queue each, with an alarm.
import { Duration, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { EventBus, EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import {
  CfnEventInvokeConfig,
  EventSourceMapping,
  FilterCriteria,
  FilterRule,
  type IFunction,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { filledUrl } from '../../core/contract/api-url.ts';
import { BRAKE_WORK } from '../../core/contract/brake-events.ts';
import { EVENT_SOURCE, TOLD_STREAMS } from '../../core/contract/events.ts';
import { NOTICE_EVENTS } from '../../core/contract/notices.ts';
import { PARTITION_KEY } from '../../core/contract/table.ts';
import { TOLD_EVENT_NAMES } from '../../core/contract/told-events.ts';
import type { Settings } from '../config/settings.ts';
import type { Names } from '../names.ts';
import type { Functions } from './functions-stack.ts';
import { EVENT_BUS_NAME, type StateStack } from './state-stack.ts';

export interface EventsStackProps extends StackProps {
  readonly settings: Settings;
  readonly names: Names;
  readonly functions: Functions;
  readonly state: StateStack;
  /** Id of the API of people, for links. */
  readonly apiId: string;
}

type Untold = 'events-unpublished' | 'webhooks-undelivered' | 'notices-undelivered';

/** A stream keeps a record for a day (DynamoDB developer guide, streams): so long publishing is tried. */
const STREAM_HOURS = 24;

/** Records of the audit streams of a kind. */
const inStream = (kind: string) => FilterRule.beginsWith(`audit#${kind}/`);

/** See the file's head. */
export class EventsStack extends Stack {
  /** By alarm: what was not published, what was not delivered. */
  readonly deadLetters: Readonly<Record<Untold, Queue>>;

  constructor(scope: Construct, id: string, props: EventsStackProps) {
    const { settings, names, functions, state, apiId, ...rest } = props;
    super(scope, id, rest);
    this.deadLetters = {
      'events-unpublished': this.#queue('Unpublished', names.of('events-unpublished')),
      'webhooks-undelivered': this.#queue('Undelivered', names.of('webhooks-undelivered')),
      'notices-undelivered': this.#queue('UndeliveredNotices', names.of('notices-undelivered')),
    };
    new EventSourceMapping(this, 'Audit', {
      target: functions['publish-events'],
      eventSourceArn: state.tableStreamArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      // One filter: AWS takes five, and more kinds of streams than that are told of.
      filters: [
        FilterCriteria.filter({
          eventName: FilterRule.isEqual('INSERT'),
          dynamodb: { NewImage: { [PARTITION_KEY]: { S: TOLD_STREAMS.flatMap(inStream) } } },
        }),
      ],
      reportBatchItemFailures: true,
      bisectBatchOnError: true,
      retryAttempts: 1000,
      maxRecordAge: Duration.hours(STREAM_HOURS),
      onFailure: new SqsDlq(this.deadLetters['events-unpublished']),
    });
    this.#webhooks(names, functions);
    this.#brakes(names, functions);
    const { region, stage, api } = settings;
    this.#approvalNotices(names, functions, filledUrl(api.urlTemplate, { apiId, region, stage }));
  }

  /** The function does not know its API, which is deployed after it: the rule says where links lead. */
  #approvalNotices(names: Names, functions: Functions, apiUrl: string): void {
    const lambda = functions['notify-approvers'];
    const queue = this.deadLetters['notices-undelivered'];
    const event = RuleTargetInput.fromObject({
      apiUrl,
      name: EventField.detailType,
      detail: {
        id: EventField.fromPath('$.detail.id'),
        approvalId: EventField.fromPath('$.detail.approvalId'),
      },
    });
    new Rule(this, 'ApprovalNotices', {
      ruleName: names.of('approval-notices'),
      description: 'Events of requests for approval that people are told of',
      eventBus: EventBus.fromEventBusName(this, 'ApprovalBus', EVENT_BUS_NAME),
      eventPattern: { source: [EVENT_SOURCE], detailType: [...TOLD_EVENT_NAMES] },
      targets: [new LambdaFunction(lambda, { event, deadLetterQueue: queue, retryAttempts: 185 })],
    });
    this.#retries('ApprovalNoticeRetries', lambda, queue);
  }

  /** At once, where the schedule would take up to a minute; so what is lost here is made good by it. */
  #brakes(names: Names, functions: Functions): void {
    new Rule(this, 'Brakes', {
      ruleName: names.of('brakes'),
      description:
        'Has the policy of a mass brake put on roles, or taken off, once that is decided',
      eventBus: EventBus.fromEventBusName(this, 'BrakeBus', EVENT_BUS_NAME),
      eventPattern: { source: [EVENT_SOURCE], detailType: [...BRAKE_WORK] },
      targets: [
        new LambdaFunction(functions['apply-brakes'], {
          event: RuleTargetInput.fromObject({}),
          retryAttempts: 3,
          maxEventAge: Duration.minutes(15),
        }),
      ],
    });
  }

  #webhooks(names: Names, functions: Functions): void {
    const lambda = functions['deliver-webhooks'];
    const queue = this.deadLetters['webhooks-undelivered'];
    new Rule(this, 'Notices', {
      ruleName: names.of('notices'),
      description: 'Events that consumers are told by signed webhook',
      eventBus: EventBus.fromEventBusName(this, 'Bus', EVENT_BUS_NAME),
      eventPattern: { source: [EVENT_SOURCE], detailType: [...NOTICE_EVENTS] },
      targets: [new LambdaFunction(lambda, { deadLetterQueue: queue, retryAttempts: 185 })],
    });
    this.#retries('NoticeRetries', lambda, queue);
  }

  /** Lambda tries at most twice more; reminders are the later tries. */
  #retries(id: string, lambda: IFunction, queue: Queue): void {
    new CfnEventInvokeConfig(this, id, {
      functionName: lambda.functionName,
      qualifier: '$LATEST',
      maximumRetryAttempts: 2,
      maximumEventAgeInSeconds: 3600,
      destinationConfig: { onFailure: { destination: queue.queueArn } },
    });
  }

  #queue(id: string, queueName: string): Queue {
    const queue = new Queue(this, id, {
      queueName,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    Validations.of(queue).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'this is a dead-letter queue; an alarm watches it',
    });
    return queue;
  }
}
