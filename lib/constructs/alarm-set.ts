// SPDX-License-Identifier: Apache-2.0
// Alarms of one deployment: every one says what happened and links the runbook article that says what to do.
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { type Names, pascalCase } from '../names.ts';

export interface AlarmSpec {
  /** Alarm name is `keyturn-<stage>-<name>`. */
  readonly name: string;
  /** Article `docs/runbook/<runbook>.md`; several alarms of one kind share one. */
  readonly runbook: string;
  /** One sentence: what is wrong. */
  readonly what: string;
  readonly metric: IMetric;
  /** The alarm rings above this; default 0. */
  readonly above?: number;
  /** Rings below this instead. */
  readonly below?: number;
  readonly periods?: number;
  /** Missing data rings too: for things that must happen. */
  readonly silenceRings?: boolean;
}

export interface AlarmSetProps {
  readonly names: Names;
  readonly topic?: ITopic;
}

/** See the file's head. */
export class AlarmSet extends Construct {
  readonly #props: AlarmSetProps;

  constructor(scope: Construct, id: string, props: AlarmSetProps) {
    super(scope, id);
    this.#props = props;
  }

  add(spec: AlarmSpec): void {
    const { names, topic } = this.#props;
    const below = spec.below !== undefined;
    const alarm = new Alarm(this, pascalCase(spec.name), {
      alarmName: names.of(spec.name),
      alarmDescription: `${spec.what} Runbook: docs/runbook/${spec.runbook}.md`,
      metric: spec.metric,
      threshold: spec.below ?? spec.above ?? 0,
      comparisonOperator: below
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: spec.periods ?? 1,
      treatMissingData: spec.silenceRings
        ? TreatMissingData.BREACHING
        : TreatMissingData.NOT_BREACHING,
    });
    if (topic) alarm.addAlarmAction(new SnsAction(topic));
  }
}
