// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { fromImage } from '#adapters/dynamodb/stream.ts';
import { link } from '#core/audit/chain.ts';
import { anAuditEntry } from '#test/support/records.ts';
import { rowOf } from '#test/support/stream-rows.ts';

describe('a row of the stream', () => {
  it('gives back the audit record that was written', () => {
    const entry = anAuditEntry({ detail: { version: 2, isLast: true, reason: null, from: 'k1' } });
    const record = link('key/orders', { sequence: 3, hash: 'h' }, entry);

    expect(fromImage(rowOf(record, 'audit#key/orders'))).toEqual(record);
  });

  it('is nothing to tell when it is no audit row, or was removed', () => {
    expect(fromImage(rowOf({ name: 'orders' }, 'key#orders'))).toBeNull();
    expect(fromImage(undefined)).toBeNull();
  });

  it('is refused when it holds what audit rows never hold', () => {
    const row = { ...rowOf({}, 'audit#key/orders'), detail: { L: [] } };

    expect(() => fromImage(row)).toThrow(/kind L/);
  });
});
