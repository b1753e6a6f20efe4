// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyExport } from '#client/cli/verify-audit.ts';
import { type AuditHead, type AuditRecord, genesisHash, link } from '#core/audit/chain.ts';
import { runs } from '#test/support/runs.ts';
import { example, type Replies, startApi } from '../fake-api.ts';
import { keyturn, newFile, remote } from '../run-cli.ts';

function chainOf(key: string, length: number): AuditRecord[] {
  const stream = `key/${key}`;
  const records: AuditRecord[] = [];
  let head: AuditHead = { sequence: 0, hash: genesisHash(stream) };
  for (let index = 0; index < length; index += 1) {
    const record = link(stream, head, {
      at: new Date(Date.parse('2026-11-22T10:00:00.000Z') + index * 1000).toISOString(),
      actor: `person-${index % 3}`,
      action: 'step.reached',
      decision: { effect: 'permit', rule: 'lease-holder' },
      operationId: index % 2 === 0 ? null : 'op_1',
      detail: { index, note: 'ok', flag: true, none: null },
    });
    records.push(record);
    head = record;
  }
  return records;
}

function headOf(records: readonly AuditRecord[], key: string): AuditHead {
  const last = records.at(-1);
  if (!last) return { sequence: 0, hash: genesisHash(`key/${key}`) };
  return { sequence: last.sequence, hash: last.hash };
}

/** An API with some chains, three records a page; `head` is what its key record says. */
function serving(
  chains: Record<string, { records: readonly unknown[]; head: AuditHead }>,
): Replies {
  return {
    'GET /v1/keys': {
      body: {
        items: Object.keys(chains).map((name) => example('Key', { name })),
        nextCursor: null,
      },
    },
    'GET /v1/audit': ({ path }) => {
      const query = new URLSearchParams(path.split('?')[1]);
      const chain = chains[query.get('key') ?? ''];
      const from = Number(query.get('cursor') ?? 0);
      const next = from + 3 < (chain?.records.length ?? 0) ? String(from + 3) : null;
      const items = chain?.records.slice(from, from + 3);
      return { body: { items, nextCursor: next, head: chain?.head } };
    },
  };
}

function good(key: string, length: number) {
  const records = chainOf(key, length);
  return { records, head: headOf(records, key) };
}

async function verify(chains: Parameters<typeof serving>[0], argv: readonly string[] = []) {
  const api = await startApi(serving(chains));
  return keyturn(['audit', 'verify', ...argv], remote(api.url));
}

describe('audit verify', () => {
  it('exits 0 when all chains hold, through all their pages', async () => {
    const ran = await verify({ orders: good('orders', 8), users: good('users', 3) });

    expect(ran.code).toBe(0);
    expect(ran.out).toBe('✓ orders: 8 records\n✓ users: 3 records\n');
    expect(ran.err).toContain('2 keys, 11 records: all chains hold');
  });

  it('exits 0 for no keys at all', async () => {
    expect((await verify({})).code).toBe(0);
  });

  it('reads one key only with --key', async () => {
    const chains = { orders: good('orders', 4), users: { ...good('users', 4), records: [] } };

    expect((await verify(chains, ['--key', 'orders'])).code).toBe(0);
    expect((await verify(chains, ['--key', 'users'])).code).toBe(9);
  });

  it.each([
    [
      'an altered record',
      (records: AuditRecord[]) => records.with(4, { ...(records[4] as AuditRecord), actor: 'eve' }),
      'record 5: altered',
    ],
    [
      'a record cut out',
      (records: AuditRecord[]) => records.toSpliced(2, 1),
      'record 3: gap-or-order',
    ],
    ['a cut tail', (records: AuditRecord[]) => records.slice(0, -1), 'record 8: rolled-back'],
    ['a cut head', (records: AuditRecord[]) => records.slice(1), 'record 1: gap-or-order'],
    [
      'two records swapped',
      ([a, b, ...rest]: AuditRecord[]) => [b, a, ...rest] as AuditRecord[],
      'record 1: gap-or-order',
    ],
    ['records of another key', () => chainOf('users', 8), 'record 1: foreign-stream'],
    [
      'a record that is none',
      (records: AuditRecord[]) => records.with(1, { sequence: 'two' } as unknown as AuditRecord),
      'malformed',
    ],
  ])('exits 9 for %s and names key, record and kind', async (_, damage, finding) => {
    const { records, head } = good('orders', 8);

    const ran = await verify({ fine: good('fine', 2), orders: { records: damage(records), head } });

    expect(ran.code).toBe(9);
    expect(ran.out).toContain('✓ fine: 2 records\n');
    expect(ran.out).toContain('✗ orders: record');
    expect(ran.out).toContain(finding);
  });

  it('exits 9 for a chain that was rewritten whole, because the head was kept', async () => {
    const { head } = good('orders', 8);
    const rewritten = chainOf('orders', 8).map((record) => ({ ...record }));
    const forged = chainOf('orders', 7);

    expect((await verify({ orders: { records: forged, head } })).code).toBe(9);
    expect((await verify({ orders: { records: rewritten, head } })).code).toBe(0);
  });

  it('reads again when the key changed between two pages', async () => {
    const before = good('orders', 4);
    const after = good('orders', 5);
    let reads = 0;
    const api = await startApi({
      'GET /v1/audit': () => {
        reads += 1;
        const { records } = reads === 1 ? before : after;
        return { body: { items: records, nextCursor: null, head: after.head } };
      },
    });

    const ran = await keyturn(['audit', 'verify', '--key', 'orders'], remote(api.url));

    expect(ran.code).toBe(0);
    expect(reads).toBe(2);
  });

  it('gives JSON with the finding', async () => {
    const { head } = good('orders', 2);

    const ran = await verify({ orders: { records: [], head } }, ['--output', 'json']);

    expect(ran.code).toBe(9);
    expect(JSON.parse(ran.out)).toMatchObject({
      broken: 1,
      keys: [{ key: 'orders', finding: { sequence: 1, kind: 'rolled-back' } }],
    });
  });

  it('finds any change of any single member of any record', () => {
    const records = chainOf('orders', 6);
    const head = headOf(records, 'orders');
    const members = Object.keys(records[0] ?? {}) as (keyof AuditRecord)[];
    const other = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.object());

    fc.assert(
      fc.property(fc.nat(5), fc.constantFrom(...members), other, (index, member, value) => {
        fc.pre(JSON.stringify(records[index]?.[member]) !== JSON.stringify(value));
        const changed = records.map((record, at) =>
          at === index ? { ...record, [member]: value } : record,
        );
        const text = [...changed, { stream: 'key/orders', head }]
          .map((line) => JSON.stringify(line))
          .join('\n');

        expect(verifyExport(text, {}).finding).not.toBeNull();
      }),
      { numRuns: runs(500) },
    );
  });

  it('finds any record left out, doubled or moved', () => {
    const records = chainOf('orders', 6);
    const head = headOf(records, 'orders');

    fc.assert(
      fc.property(fc.array(fc.constantFrom(...records), { maxLength: 8 }), (shuffled) => {
        fc.pre(JSON.stringify(shuffled) !== JSON.stringify(records));
        const text = [...shuffled, { stream: 'key/orders', head }]
          .map((line) => JSON.stringify(line))
          .join('\n');

        expect(verifyExport(text, {}).finding).not.toBeNull();
      }),
    );
  });
});

describe('audit export', () => {
  async function exported(): Promise<string> {
    const api = await startApi(serving({ orders: good('orders', 5) }));
    return (await keyturn(['audit', 'export', '--key', 'orders'], remote(api.url))).out;
  }
  const verifyFile = (text: string, ...argv: string[]) =>
    keyturn(['audit', 'verify', '--file', newFile('orders.jsonl', text), ...argv]);

  it('is verified without any connection', async () => {
    const text = await exported();

    const ran = await verifyFile(text);

    expect(text.trim().split('\n')).toHaveLength(6);
    expect(ran).toMatchObject({ code: 0, out: '✓ orders: 5 records\n' });
  });

  it('with a line altered, cut or added exits 9', async () => {
    const lines = (await exported()).trim().split('\n');

    expect((await verifyFile((await exported()).replace('person-1', 'person-2'))).code).toBe(9);
    expect((await verifyFile(lines.toSpliced(4, 1).join('\n'))).out).toContain('rolled-back');
    expect((await verifyFile(lines.slice(0, 5).join('\n'))).out).toContain('record 6: no-head');
    expect((await verifyFile(`${lines.join('\n')}\nnot json`)).out).toContain('malformed');
    expect((await verifyFile('')).code).toBe(9);
  });

  it('is held against a key and a head kept elsewhere', async () => {
    const text = await exported();
    const { hash } = headOf(chainOf('orders', 5), 'orders');
    const later = headOf(chainOf('orders', 6), 'orders');

    expect((await verifyFile(text, '--key', 'users')).out).toContain('foreign-stream');
    expect((await verifyFile(text, '--head', `5:${hash}`)).code).toBe(0);
    expect((await verifyFile(text, '--head', `6:${later.hash}`)).out).toContain('rolled-back');
    expect((await verifyFile(text, '--head', 'nonsense')).code).toBe(2);
  });

  it('that cannot be read exits 2', async () => {
    expect((await keyturn(['audit', 'verify', '--file', '/nowhere'])).code).toBe(2);
  });
});
