// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AuditHead,
  type AuditRecord,
  genesisHash,
  link,
  recordHash,
  verifyChain,
} from '#core/audit/chain.ts';
import { anAuditEntry } from '#test/support/records.ts';
import { runs } from '#test/support/runs.ts';

const STREAM = 'key/orders';

function aChain(length: number, stream = STREAM): { records: AuditRecord[]; head: AuditHead } {
  const records: AuditRecord[] = [];
  let head: AuditHead = { sequence: 0, hash: genesisHash(stream) };
  for (let index = 0; index < length; index += 1) {
    const record = link(stream, head, anAuditEntry({ detail: { index } }));
    records.push(record);
    head = { sequence: record.sequence, hash: record.hash };
  }
  return { records, head };
}

/** Every way to alter one member of a record, its hash left as it is. */
const ALTERATIONS: Record<string, (record: AuditRecord) => AuditRecord> = {
  at: (record) => ({ ...record, at: '2026-01-01T00:00:00.001Z' }),
  actor: (record) => ({ ...record, actor: 'usr_mallory' }),
  action: (record) => ({ ...record, action: 'test.other' }),
  effect: (record) => ({ ...record, decision: { ...record.decision, effect: 'forbid' } }),
  rule: (record) => ({ ...record, decision: { ...record.decision, rule: 'other' } }),
  operationId: (record) => ({ ...record, operationId: 'op_other' }),
  detail: (record) => ({ ...record, detail: { ...record.detail, index: 'one' } }),
  'a member more': (record) => ({ ...record, note: 'added' }) as AuditRecord,
};

describe('the audit chain', () => {
  it('holds when nobody touched it', () => {
    const { records, head } = aChain(20);

    expect(verifyChain(STREAM, records, head)).toBeNull();
  });

  it('holds when it is empty', () => {
    expect(verifyChain(STREAM, [], { sequence: 0, hash: genesisHash(STREAM) })).toBeNull();
  });

  it('hashes a published record to a fixed value', () => {
    const record = link(STREAM, { sequence: 0, hash: genesisHash(STREAM) }, anAuditEntry());

    // RFC 8785 form of the record above without its hash, through `sha256sum`.
    expect(record.hash).toBe('fda1f8a157acf132dff2e968286a72ecc8e1fc187beeaa0bbdcf8e561a61843e');
    expect(recordHash(record)).toBe(record.hash);
  });

  it.each(Object.keys(ALTERATIONS))('names the record whose %s was altered', (member) => {
    const { records, head } = aChain(9);
    const alter = ALTERATIONS[member];
    const bent = records.map((record, index) => (index === 4 && alter ? alter(record) : record));

    expect(verifyChain(STREAM, bent, head)).toMatchObject({ sequence: 5, kind: 'altered' });
  });

  it('names the record behind one that was altered and hashed again', () => {
    const { records, head } = aChain(9);
    const bent = records.map((record, index) => {
      if (index !== 4) return record;
      const altered = { ...record, actor: 'usr_mallory' };
      return { ...altered, hash: recordHash(altered) };
    });

    expect(verifyChain(STREAM, bent, head)).toMatchObject({ sequence: 6, kind: 'broken-link' });
  });

  it('names the place of a deleted record', () => {
    const { records, head } = aChain(9);

    expect(verifyChain(STREAM, records.toSpliced(3, 1), head)).toMatchObject({
      sequence: 4,
      kind: 'gap-or-order',
    });
  });

  it('names the place of an inserted record', () => {
    const { records, head } = aChain(9);
    const [first] = records;

    expect(verifyChain(STREAM, records.toSpliced(3, 0, first as AuditRecord), head)).toMatchObject({
      sequence: 4,
      kind: 'gap-or-order',
    });
  });

  it('names a record of another stream', () => {
    const { records, head } = aChain(9);
    const foreign = aChain(9, 'key/payments').records[3] as AuditRecord;

    expect(verifyChain(STREAM, records.toSpliced(3, 1, foreign), head)).toMatchObject({
      sequence: 4,
      kind: 'foreign-stream',
    });
  });

  it('says that a chain without its tail was rolled back', () => {
    const { records, head } = aChain(9);

    expect(verifyChain(STREAM, records.slice(0, 7), head)).toMatchObject({
      sequence: 8,
      kind: 'rolled-back',
    });
  });

  it('finds every alteration, deletion, swap and duplicate at every place of a long chain', () => {
    const { records, head } = aChain(60);
    const place = fc.nat({ max: 59 });
    const change = fc.oneof(
      fc
        .tuple(place, fc.constantFrom(...Object.values(ALTERATIONS)))
        .map(([at, alter]) => records.with(at, alter(records[at] as AuditRecord))),
      place.map((at) => records.toSpliced(at, 1)),
      place.map((at) => records.toSpliced(at, 0, records[at] as AuditRecord)),
      fc
        .tuple(place, place)
        .filter(([a, b]) => a !== b)
        .map(([a, b]) =>
          records.with(a, records[b] as AuditRecord).with(b, records[a] as AuditRecord),
        ),
    );

    fc.assert(
      fc.property(change, (bent) => {
        expect(verifyChain(STREAM, bent, head)).not.toBeNull();
      }),
      { numRuns: runs(300) },
    );
  });
});
