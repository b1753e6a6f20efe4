// SPDX-License-Identifier: Apache-2.0
// What fires by itself: the recurring sweep, the daily review of class policies, the look after requests for
// approval and destructions, the looks at mass brakes, HSMs and drills, and a drill each quarter. The role may start these two state machines and invoke these functions. What cannot be delivered waits in a queue with an alarm.
import { CfnOutput, Duration, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Settings } from '../config/settings.ts';
import type { Names, WorkflowName } from '../names.ts';
import { toPolicy } from '../permissions/grant.ts';
import { startGrant } from '../permissions/workflow-grants.ts';

export interface SchedulesStackProps extends StackProps {
  readonly settings: Settings;
  readonly names: Names;
}

/** At night in most places; a deployment is followed within a day. */
const DAILY = 'cron(30 1 * * ? *)';
/** What an execution that was lost should have reminded of or executed is taken up within minutes. */
const OFTEN = 'rate(1 minute)';
/** An HSM takes about ten minutes to be made; one that is lost should be known sooner. */
const HSM_LOOK = 'rate(5 minutes)';
/** Once a quarter, on a working morning: custodians are asked, and an HSM administrator. */
const QUARTERLY = 'cron(0 9 ? 1,4,7,10 TUE#2 *)';

interface Firing {
  readonly name: string;
  readonly arn: string;
  readonly description: string;
  readonly when: string;
  readonly input: string;
}

/** See the file's head. */
export class SchedulesStack extends Stack {
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { settings, names, ...props }: SchedulesStackProps) {
    super(scope, id, props);
    const sweepArn = names.stateMachineArn('rotation-sweep');
    const reviewArn = names.stateMachineArn('review-policies');
    const tendArn = names.arn('lambda', `function:${names.of('tend-approval')}`);
    const destroyArn = names.arn('lambda', `function:${names.of('tend-destruction')}`);
    const containArn = names.arn('lambda', `function:${names.of('enforce-containment')}`);
    const liftArn = names.arn('lambda', `function:${names.of('lift-scopes')}`);
    const brakesArn = names.arn('lambda', `function:${names.of('apply-brakes')}`);
    const hsmsArn = names.arn('lambda', `function:${names.of('watch-hsms')}`);
    const drillsArn = names.arn('lambda', `function:${names.of('watch-drills')}`);
    const group = new CfnScheduleGroup(this, 'Group', { name: names.of('schedules') });
    const role = new Role(this, 'SchedulerRole', {
      roleName: names.of('scheduler'),
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': settings.account } },
      }),
      inlinePolicies: {
        duty: toPolicy([
          ...startGrant([sweepArn, reviewArn]),
          {
            actions: ['lambda:InvokeFunction'],
            resources: [tendArn, destroyArn, containArn, liftArn, brakesArn, hsmsArn, drillsArn],
          },
        ]),
      },
    });
    this.deadLetters = this.#queueFor(role);
    const fire = (id: string, { name, arn, description, when, input }: Firing) =>
      new CfnSchedule(this, id, {
        name: names.of(name),
        groupName: names.of('schedules'),
        description,
        scheduleExpression: when,
        scheduleExpressionTimezone: settings.sweep.timeZone,
        flexibleTimeWindow: { mode: 'OFF' },
        target: {
          arn,
          roleArn: role.roleArn,
          input,
          // Past the next sweep a late one is of no use.
          retryPolicy: { maximumRetryAttempts: 3, maximumEventAgeInSeconds: 900 },
          deadLetterConfig: { arn: this.deadLetters.queueArn },
        },
      }).addResourceDependency(group);
    const add = (id: string, name: WorkflowName, description: string, when: string) =>
      fire(id, { name, arn: names.stateMachineArn(name), description, when, input: '{}' });
    const sweeps = 'Finds keys that are due and starts their rotations';
    add('Sweep', 'rotation-sweep', sweeps, settings.sweep.rate);
    const reviews = 'Gives keys of changed classes their new due dates';
    add('Review', 'review-policies', reviews, DAILY);
    fire('Approvals', {
      name: 'tend-approvals',
      arn: tendArn,
      description: 'Takes up approvals whose execution was lost; looks at caches of stopped keys',
      when: OFTEN,
      input: JSON.stringify({ act: 'resume' }),
    });
    fire('Destructions', {
      name: 'tend-destructions',
      arn: destroyArn,
      description: 'Goes on with destructions whose wait is over',
      when: OFTEN,
      input: JSON.stringify({ act: 'resume' }),
    });
    fire('Containments', {
      name: 'resume-containments',
      arn: containArn,
      description: 'Goes on with containments of scopes whose execution was lost',
      when: OFTEN,
      input: JSON.stringify({ act: 'resume' }),
    });
    fire('Lifts', {
      name: 'lift-scopes',
      arn: liftArn,
      description: 'Lifts the keys of suspended scopes, as people decided',
      when: OFTEN,
      input: '{}',
    });
    fire('Brakes', {
      name: 'apply-brakes',
      arn: brakesArn,
      description: 'Looks whether mass brakes are on the roles they are for, and on no others',
      when: OFTEN,
      input: '{}',
    });
    fire('Hsms', {
      name: 'watch-hsms',
      arn: hsmsArn,
      description: 'Looks at the HSMs, and goes on with an addition or a replacement',
      when: HSM_LOOK,
      input: '{}',
    });
    fire('Drill', {
      name: 'start-drill',
      arn: drillsArn,
      description: 'Begins the recovery drill of the quarter',
      when: QUARTERLY,
      input: JSON.stringify({ act: 'start' }),
    });
    fire('Drills', {
      name: 'watch-drills',
      arn: drillsArn,
      description: 'Goes on with the drill that runs, and says when one is overdue',
      when: OFTEN,
      input: JSON.stringify({ act: 'look' }),
    });
    new CfnOutput(this, 'SchedulerRoleArn', { value: role.roleArn });
    new CfnOutput(this, 'SchedulerGroupName', { value: names.of('schedules') });
    new CfnOutput(this, 'SweepScheduleName', { value: names.of('rotation-sweep') });
  }

  /** Scheduler sends dead letters as the schedule's role; the queue lets it, so the role itself needs no more. */
  #queueFor(role: Role): Queue {
    const queue = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    queue.addToResourcePolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        principals: [role],
        actions: ['sqs:SendMessage'],
        resources: [queue.queueArn],
      }),
    );
    Validations.of(queue).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'this is the dead-letter queue; an alarm watches it',
    });
    return queue;
  }
}
