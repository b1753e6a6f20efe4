// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { TOLD_STREAMS } from '../../core/contract/events.ts';
import { synthesize } from './stub-app.ts';

const { events } = synthesize('production').templates;

interface Mapping {
  readonly Properties: { readonly FilterCriteria: { readonly Filters: { Pattern: string }[] } };
}

it('hands the audit records of every kind of stream that is told of to the publisher, in one filter', () => {
  const [mapping] = Object.values(events.findResources('AWS::Lambda::EventSourceMapping'));
  const { Filters } = (mapping as unknown as Mapping).Properties.FilterCriteria;

  expect(Filters.map(({ Pattern }) => JSON.parse(Pattern))).toEqual([
    {
      eventName: ['INSERT'],
      dynamodb: {
        NewImage: { pk: { S: TOLD_STREAMS.map((kind) => ({ prefix: `audit#${kind}/` })) } },
      },
    },
  ]);
  expect(TOLD_STREAMS).toEqual(expect.arrayContaining(['key', 'key-store', 'incident', 'brake']));
});
