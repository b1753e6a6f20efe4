// SPDX-License-Identifier: Apache-2.0
// Verifies audit chains here, on the caller's machine, from what the API answers or from an export: neither the API
// nor the database is believed.
import { z } from 'zod';
import {
  type AuditFinding,
  type AuditHead,
  type AuditRecord,
  verifyChain,
} from '#core/audit/chain.ts';
import { AuditRecord as AuditRecordSchema } from '#core/contract/api.ts';
import { AnswerError, type Client, everyPage } from '../sdk/index.ts';

/** Largest page: fewer round trips for long chains. */
const PAGE_SIZE = 100;
/** A key may change between two pages; what is really cut off stays so. */
const TRIES = 3;

/** `malformed` is a record that is none; `no-head` an export without its last line. */
export interface Finding {
  readonly sequence: number;
  readonly kind: AuditFinding['kind'] | 'malformed' | 'no-head';
  readonly detail: string;
}

export interface Verdict {
  readonly key: string;
  readonly records: number;
  readonly head: AuditHead | null;
  readonly finding: Finding | null;
}

export interface Chain {
  readonly records: readonly AuditRecord[];
  readonly head: AuditHead;
}

/** The stream that holds a key's records; computed here, because a record's own word proves nothing. */
export function streamOf(key: string): string {
  return `key/${key}`;
}

/** Reads a key's whole chain and the head the API has for it. */
export async function readChain(client: Client, key: string, signal: AbortSignal): Promise<Chain> {
  const records: AuditRecord[] = [];
  let head: AuditHead = { sequence: 0, hash: '' };
  for await (const { body } of everyPage((page) => client.readAudit(key, page), {
    limit: PAGE_SIZE,
    signal,
  })) {
    records.push(...body.items);
    head = body.head;
  }
  return { records, head };
}

function judge(key: string, { records, head }: Chain): Verdict {
  return {
    key,
    records: records.length,
    head,
    finding: verifyChain(streamOf(key), records, head),
  };
}

/** Reads and verifies one key. @throws ProblemError, UnreachableError when the chain cannot be read */
export async function verifyKey(
  client: Client,
  key: string,
  signal: AbortSignal,
): Promise<Verdict> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const verdict = judge(key, await readChain(client, key, signal));
      if (verdict.finding?.kind !== 'rolled-back' || attempt >= TRIES) return verdict;
    } catch (error) {
      if (!(error instanceof AnswerError)) throw error;
      const finding = { sequence: 0, kind: 'malformed', detail: error.message } as const;
      return { key, records: 0, head: null, finding };
    }
  }
}

const ExportHead = z.object({
  stream: z.string(),
  head: z.object({ sequence: z.int().nonnegative(), hash: z.string() }),
});

/** Last line of an export: without it, nobody could see that lines before it were cut off. */
export function headLine(key: string, head: AuditHead): string {
  return JSON.stringify({ stream: streamOf(key), head });
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

interface Export {
  readonly records: AuditRecord[];
  head: AuditHead | null;
  stream: string | null;
  malformed: Finding | null;
}

function readExport(text: string): Export {
  const result: Export = { records: [], head: null, stream: null, malformed: null };
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  for (const [index, line] of lines.entries()) {
    const value = parseLine(line);
    const record = AuditRecordSchema.safeParse(value);
    const tail = ExportHead.safeParse(value);
    if (record.success) {
      result.stream ??= record.data.stream;
      result.records.push(record.data);
    } else if (tail.success && index === lines.length - 1) {
      result.stream = tail.data.stream;
      result.head = tail.data.head;
    } else {
      result.malformed = {
        sequence: index + 1,
        kind: 'malformed',
        detail: `line ${index + 1} is no audit record`,
      };
      return result;
    }
  }
  return result;
}

/**
 * Verifies an export without any connection.
 * @param expected key the caller means, and a head kept elsewhere; each overrules what the file says of itself
 */
export function verifyExport(
  text: string,
  expected: { readonly key?: string; readonly head?: AuditHead },
): Verdict {
  const { records, malformed, ...found } = readExport(text);
  const key = expected.key ?? found.stream?.replace(/^key\//, '') ?? 'unknown';
  const head = expected.head ?? found.head;
  const verdict = { key, records: records.length, head };
  if (malformed) return { ...verdict, finding: malformed };
  if (head) return judge(key, { records, head });
  // Any damage inside is reported first; the missing head is what remains.
  const last = records.at(-1);
  const inside = last ? verifyChain(streamOf(key), records, last) : null;
  const missing = {
    sequence: records.length + 1,
    kind: 'no-head',
    detail: 'the export ends without its head, so records may be cut off; give --head',
  } as const;
  return { ...verdict, finding: inside ?? missing };
}
