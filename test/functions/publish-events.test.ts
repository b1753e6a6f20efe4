// SPDX-License-Identifier: Apache-2.0
// A record of which no event can be made is counted for an alarm, and holds up nobody.
import { expect, it } from 'vitest';
import { link } from '#core/audit/chain.ts';
import { METRICS } from '#core/contract/metrics.ts';
import '#test/support/functions.ts';
import { metrics } from '#test/support/metrics.ts';
import { anAuditEntry } from '#test/support/records.ts';
import { rowOf } from '#test/support/stream-rows.ts';

const { handler } = await import('#functions/publish-events/handler.ts');

const row = (sequence: number, action: string, detail: Record<string, number>) => {
  const before = { sequence: sequence - 1, hash: 'h' };
  const record = link('key/orders', before, anAuditEntry({ action, detail }));
  const NewImage = rowOf(record, 'audit#key/orders');
  return { dynamodb: { SequenceNumber: `${sequence}`, NewImage } };
};

it('counts what nobody can be told of, and has nothing delivered again', async () => {
  const Records = [row(1, 'key.created', { version: 1 }), row(2, 'version.staged', {})];

  expect(await handler({ Records }, {})).toEqual({ batchItemFailures: [] });
  expect(metrics).toEqual([[METRICS.untoldRecords.name, 'Count', 1], ['published']]);
});

it('counts nothing where everything was told', async () => {
  metrics.length = 0;

  await handler({ Records: [row(1, 'key.created', { version: 1 })] }, {});
  expect(metrics).toEqual([]);
});
