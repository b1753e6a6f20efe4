// SPDX-License-Identifier: Apache-2.0
// What wakes somebody: one alarm per thing that can go wrong, each with its article under `docs/runbook/`.
import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { FUNCTION_NAMES } from '../../core/contract/environment.ts';
import { METRIC_DIMENSION, METRIC_NAMESPACE, METRICS } from '../../core/contract/metrics.ts';
import type { Settings } from '../config/settings.ts';
import { AlarmSet } from '../constructs/alarm-set.ts';
import { ServiceKey } from '../constructs/service-key.ts';
import { type Names, WORKFLOW_NAMES } from '../names.ts';

export interface ObservabilityStackProps extends StackProps {
  readonly settings: Settings;
  readonly names: Names;
  readonly deadLetters: Queue;
  /** Queues of what others were not told, by the name of their alarm. */
  readonly untold: Readonly<Record<string, Queue>>;
  readonly undeliveredSignals: Queue;
  readonly uncountedKeyUse: Queue;
}

/** Sweeps that may be missed before silence is an alarm: one late start is not an outage. */
const SILENT_SWEEPS = 3;

/** See the file's head. */
export class ObservabilityStack extends Stack {
  readonly #alarms: AlarmSet;
  readonly #names: Names;
  readonly #settings: Settings;

  constructor(scope: Construct, id: string, props: ObservabilityStackProps) {
    super(scope, id, props);
    this.#names = props.names;
    this.#settings = props.settings;
    const topic = props.settings.alarms.notify ? this.#topic() : undefined;
    this.#alarms = new AlarmSet(this, 'Alarms', {
      names: props.names,
      ...(topic ? { topic } : {}),
    });
    this.#workflowAlarms();
    this.#scheduleAlarms(props.deadLetters);
    this.#eventAlarms(props.untold);
    this.#brakeAlarm();
    this.#signalAlarms(props.undeliveredSignals);
    this.#keyUseAlarms(props.uncountedKeyUse);
    this.#functionAlarms();
    this.#keyAlarms();
    this.#containmentAlarms();
    this.#destructionAlarms();
    this.#detectionAlarms();
    this.#hsmAlarms();
    this.#drillAlarms();
    this.#apiAlarms();
  }

  #workflowAlarms(): void {
    for (const name of WORKFLOW_NAMES) {
      for (const [kind, metricName] of [
        ['failed', 'ExecutionsFailed'],
        ['timed-out', 'ExecutionsTimedOut'],
      ] as const) {
        this.#alarms.add({
          name: `${name}-${kind}`,
          runbook: 'workflow-failed',
          what: `An execution of ${name} ${kind === 'failed' ? 'failed' : 'ran out of time'}.`,
          metric: this.#sum('AWS/States', metricName, {
            StateMachineArn: this.#names.stateMachineArn(name),
          }),
        });
      }
    }
  }

  #scheduleAlarms(deadLetters: Queue): void {
    this.#alarms.add({
      name: 'schedule-undelivered',
      runbook: 'schedule-undelivered',
      what: 'A schedule could not start the sweep, and its retries are used up.',
      metric: deadLetters.metricApproximateNumberOfMessagesVisible({
        statistic: Stats.MAXIMUM,
        period: Duration.minutes(5),
      }),
    });
    this.#alarms.add({
      name: 'sweep-silent',
      runbook: 'sweep-silent',
      what: `The sweep has not started for ${SILENT_SWEEPS} of its turns.`,
      metric: this.#sum(
        'AWS/States',
        'ExecutionsStarted',
        { StateMachineArn: this.#names.stateMachineArn('rotation-sweep') },
        this.#turn(SILENT_SWEEPS),
      ),
      below: 1,
      silenceRings: true,
    });
  }

  #containmentAlarms(): void {
    const { name, service } = METRICS.emergencies;
    this.#alarms.add({
      name: 'emergency-containment',
      runbook: 'emergency-containment',
      what: 'Somebody stopped a key or the key store alone, in an emergency: a quorum has to review it.',
      metric: this.#sum(METRIC_NAMESPACE, name, { [METRIC_DIMENSION]: service }),
    });
    const add = this.#adderOf('purge-overdue');
    const what = 'Consumers of a stopped key have not said in time that their caches are empty.';
    add('purge-overdue', METRICS.purgeOverdue, what);
  }

  #destructionAlarms(): void {
    const { name, service } = METRICS.destructionUses;
    this.#alarms.add({
      name: 'used-during-destruction',
      runbook: 'used-during-destruction',
      what: 'Somebody uses a version that is being destroyed.',
      metric: this.#sum(METRIC_NAMESPACE, name, { [METRIC_DIMENSION]: service }),
    });
  }

  #detectionAlarms(): void {
    const { name, service } = METRICS.detections;
    this.#alarms.add({
      name: 'odd-key-use',
      runbook: 'odd-key-use',
      what: 'A key is used as nobody planned it; an incident is open.',
      metric: this.#sum(METRIC_NAMESPACE, name, { [METRIC_DIMENSION]: service }),
    });
  }

  /** Adds alarms on metrics of functions that share an article of the runbook. */
  #adderOf(runbook: string) {
    return (
      name: string,
      { name: metricName, service }: (typeof METRICS)[keyof typeof METRICS],
      what: string,
    ) => {
      const metric = this.#sum(METRIC_NAMESPACE, metricName, { [METRIC_DIMENSION]: service });
      this.#alarms.add({ name, runbook, what, metric });
    };
  }

  #hsmAlarms(): void {
    const add = this.#adderOf('hsms');
    add('hsms-in-one-zone', METRICS.hsmsInOneZone, 'HSMs work in fewer than two zones.');
    add('key-store-nearly-full', METRICS.keyStoreNearlyFull, 'A key store has little room left.');
    add('backup-missing', METRICS.backupMissing, 'The newest backup of the HSMs is too old.');
    add('hsm-change-failed', METRICS.hsmChangeFailed, 'An HSM could not be added or replaced.');
  }

  #drillAlarms(): void {
    const add = this.#adderOf('drills');
    add('drill-failed', METRICS.drillFailed, 'A recovery drill failed: a recovery would have too.');
    add('drill-overdue', METRICS.drillOverdue, 'No drill has passed for longer than a quarter.');
    add('drill-stuck', METRICS.drillStuck, 'What a drill made is still there, and costs.');
  }

  #brakeAlarm(): void {
    const { brakeIncomplete } = METRICS;
    this.#alarms.add({
      name: 'brake-incomplete',
      runbook: 'brake-incomplete',
      what: 'A mass brake is not on every role it is for, or still on one that was let go.',
      metric: this.#sum(METRIC_NAMESPACE, brakeIncomplete.name, {
        [METRIC_DIMENSION]: brakeIncomplete.service,
      }),
    });
  }

  #eventAlarms(untold: Readonly<Record<string, Queue>>): void {
    const add = this.#adderOf('events-undelivered');
    add('records-untold', METRICS.untoldRecords, 'No event can be made of an audit record.');
    for (const [name, queue] of Object.entries(untold)) {
      this.#alarms.add({
        name,
        runbook: name === 'notices-undelivered' ? name : 'events-undelivered',
        what: 'Others were not told what happened, and the retries are used up.',
        metric: queue.metricApproximateNumberOfMessagesVisible({
          statistic: Stats.MAXIMUM,
          period: Duration.minutes(5),
        }),
      });
    }
  }

  #signalAlarms(undelivered: Queue): void {
    this.#alarms.add({
      name: 'signals-undelivered',
      runbook: 'signals',
      what: 'Events that may make keys due could not be delivered.',
      metric: undelivered.metricApproximateNumberOfMessagesVisible({
        statistic: Stats.MAXIMUM,
        period: Duration.minutes(5),
      }),
    });
    const { refusedSignals } = METRICS;
    this.#alarms.add({
      name: 'signals-refused',
      runbook: 'signals',
      what: 'Somebody puts events onto the bus that are no signals in the published shape.',
      metric: this.#sum(METRIC_NAMESPACE, refusedSignals.name, {
        [METRIC_DIMENSION]: refusedSignals.service,
      }),
      // One is a mistake; a run of them is a broken or hostile sender.
      above: 10,
    });
  }

  #keyUseAlarms(uncounted: Queue): void {
    this.#alarms.add({
      name: 'key-use-uncounted',
      runbook: 'key-use',
      what: 'KMS calls that CloudTrail saw could not be counted.',
      metric: uncounted.metricApproximateNumberOfMessagesVisible({
        statistic: Stats.MAXIMUM,
        period: Duration.minutes(5),
      }),
    });
    const { contradictedAcknowledgements: contradicted } = METRICS;
    this.#alarms.add({
      name: 'acknowledgements-contradicted',
      runbook: 'key-use',
      what: 'A consumer encrypts under an older version than the one it acknowledged.',
      metric: this.#sum(METRIC_NAMESPACE, contradicted.name, {
        [METRIC_DIMENSION]: contradicted.service,
      }),
    });
  }

  #functionAlarms(): void {
    for (const name of FUNCTION_NAMES) {
      const dimensions = { FunctionName: this.#names.of(name) };
      this.#alarms.add({
        name: `${name}-errors`,
        runbook: 'function-errors',
        what: `Function ${name} ended with errors its caller did not expect.`,
        metric: this.#sum('AWS/Lambda', 'Errors', dimensions),
        // Steps throw to be retried; a run of errors is what matters.
        above: 5,
      });
      this.#alarms.add({
        name: `${name}-throttles`,
        runbook: 'function-throttles',
        what: `Function ${name} is refused concurrency.`,
        metric: this.#sum('AWS/Lambda', 'Throttles', dimensions),
      });
    }
  }

  #keyAlarms(): void {
    const { overdueKeys, parkedOperations, parkedReencryptions, inPlaceBudgetLow } = METRICS;
    const service = (value: string) => ({ [METRIC_DIMENSION]: value });
    this.#alarms.add({
      name: 'in-place-budget-low',
      runbook: 'in-place-budget-low',
      what: 'A key that KMS rotates in place has few such rotations left.',
      metric: this.#sum(METRIC_NAMESPACE, inPlaceBudgetLow.name, service(inPlaceBudgetLow.service)),
    });
    this.#alarms.add({
      name: 'overdue-keys',
      runbook: 'overdue-keys',
      what: 'Keys stay past their rotation date although the sweep ran.',
      metric: this.#sum(
        METRIC_NAMESPACE,
        overdueKeys.name,
        service(overdueKeys.service),
        this.#turn(),
      ).with({ statistic: Stats.MAXIMUM }),
      // The sweep that finds a key due starts its rotation; found again by the next ones, it is stuck.
      periods: SILENT_SWEEPS,
    });
    this.#alarms.add({
      name: 'parked-operations',
      runbook: 'parked-operations',
      what: 'An operation was parked.',
      metric: this.#sum(METRIC_NAMESPACE, parkedOperations.name, service(parkedOperations.service)),
    });
    this.#alarms.add({
      name: 'parked-reencryptions',
      runbook: 'parked-reencryptions',
      what: 'A run of re-encryption was parked.',
      metric: this.#sum(
        METRIC_NAMESPACE,
        parkedReencryptions.name,
        service(parkedReencryptions.service),
      ),
    });
  }

  #apiAlarms(): void {
    for (const callers of ['people', 'workloads'] as const) {
      this.#alarms.add({
        name: `${callers}-api-server-errors`,
        runbook: 'api-server-errors',
        what: `The API of ${callers} answers 5xx.`,
        metric: this.#sum('AWS/ApiGateway', '5XXError', {
          ApiName: this.#names.of(callers),
          Stage: this.#settings.stage,
        }),
      });
    }
  }

  #sum(
    namespace: string,
    metricName: string,
    dimensionsMap: Record<string, string>,
    period = Duration.minutes(5),
  ): Metric {
    return new Metric({ namespace, metricName, dimensionsMap, period, statistic: Stats.SUM });
  }

  /** Time between sweeps, or between the `turns`-th. */
  #turn(turns = 1): Duration {
    return Duration.minutes(this.#settings.sweep.rateMinutes * turns);
  }

  /** Alarms publish as CloudWatch itself, which needs the key of an encrypted topic. */
  #topic(): ITopic {
    const { key } = new ServiceKey(this, 'TopicKey', {
      names: this.#names,
      part: 'alarms',
      use: 'storage',
      description: `Keyturn ${this.#settings.stage}: encrypts the alarm topic`,
      retain: false,
      statements: [
        new PolicyStatement({
          sid: 'AlarmsPublish',
          principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
          actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
          resources: ['*'],
          conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
        }),
      ],
    });
    const topic = new Topic(this, 'Topic', {
      topicName: this.#names.of('alarms'),
      masterKey: key,
      enforceSSL: true,
    });
    topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    );
    return topic;
  }
}
