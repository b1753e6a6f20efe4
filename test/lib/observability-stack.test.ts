// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, synthesize } from './stub-app.ts';

const { observability } = synthesize('production').templates;
const alarms = Object.values(observability.findResources('AWS::CloudWatch::Alarm')).map(
  ({ Properties }) => Properties,
);
const articleOf = (description: string) =>
  /Runbook: (docs\/runbook\/[a-z-]+\.md)$/.exec(description)?.[1];
const linked = new Set(alarms.map(({ AlarmDescription }) => articleOf(AlarmDescription)));

describe('alarms', () => {
  it('each say what is wrong and link an article that exists', () => {
    const broken = alarms.filter(({ AlarmDescription }) => {
      const article = articleOf(AlarmDescription);
      return article === undefined || !existsSync(join(ROOT, article));
    });

    expect(broken.map(({ AlarmName }) => AlarmName)).toEqual([]);
  });

  it('leave no article without an alarm', () => {
    const articles = readdirSync(join(ROOT, 'docs', 'runbook')).map((one) => `docs/runbook/${one}`);

    expect(articles.filter((one) => !linked.has(one) && !one.endsWith('README.md'))).toEqual([]);
  });

  it('all notify', () => {
    expect(alarms.filter(({ AlarmActions }) => (AlarmActions ?? []).length !== 1)).toEqual([]);
  });

  it('ring when the sweep is silent, also without data', () => {
    observability.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'keyturn-production-sweep-silent',
      MetricName: 'ExecutionsStarted',
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
      Period: 2700,
    });
  });

  it.each([
    ['OverdueKeys', 'rotation-sweep'],
    ['ParkedOperations', 'workflows'],
    ['InPlaceBudgetLow', 'rotation'],
    ['ParkedReencryptions', 'reencryption'],
    ['PurgeOverdue', 'containment'],
    ['UntoldRecords', 'events'],
  ])('watch the metric %s that functions write', (MetricName, Value) => {
    observability.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Namespace: 'Keyturn',
      MetricName,
      Dimensions: [{ Name: 'service', Value }],
    });
  });
});
