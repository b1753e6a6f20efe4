// SPDX-License-Identifier: Apache-2.0
// What one execution of `rotate-key` works on: a batch of operations in groups, the segment it starts with, and the
// waits that all of them share. One asked for alone is a batch of one. Only ids, numbers and waits travel.
import type { Step, WorkflowKind } from '../contract/vocabulary.ts';
import { executionName } from '../keys/naming.ts';
import type { KeyRecord, OperationRecord } from '../keys/records.ts';
import { later } from './admit-operation.ts';
import type { Waits } from './begin-operation.ts';
import { recordedAt } from './run-step.ts';

/** Operations in one execution: their input stays below a tenth of the 256 KiB that Step Functions takes. */
export const MAX_BATCH = 100;
/** Operations in one Express child: two at a time they end well within its five minutes. */
export const GROUP_SIZE = 10;

/** Where an execution starts: each segment with the wait that comes before it, or the one step of tier `data`. */
export type Entry = 'prepare' | 'switch' | 'finish' | 'data';

/** Where a rotation of a key begins. */
export function firstEntry(key: Pick<KeyRecord, 'tier'>): Entry {
  return key.tier === 'data' ? 'data' : 'prepare';
}

/** The step that ends each segment but the last; recorded, the segment is behind the operation. */
const LAST_OF_PREPARE: Step = 'OpenPolicy';
const LAST_OF_SWITCH: Step = 'SwitchAlias';

/** The state machine that runs rotations from an entry on. */
export function rotationWorkflow(entry: Entry): WorkflowKind {
  return entry === 'data' ? 'rotate-data-key' : 'rotate-key';
}

/** One attempt of an operation, as an execution carries it. */
export interface BatchItem {
  readonly operationId: string;
  readonly key: string;
  readonly fence: number;
  readonly attempt: number;
  /** Names what is started for this attempt alone. */
  readonly executionName: string;
}

/** An item with where it starts and what it still has to wait. */
export interface Placed extends Waits {
  readonly entry: Entry;
  readonly item: BatchItem;
}

/** The input of `rotate-key`. */
export interface BatchInput extends Waits {
  readonly entry: Entry;
  readonly groups: readonly { readonly items: readonly BatchItem[] }[];
}

/** An execution that the sweep's workflow is to start. */
export interface Start {
  readonly kind: WorkflowKind;
  /** One name per batch or attempt: starting it twice is starting it once. */
  readonly executionName: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** The item of an attempt. */
export function batchItem(
  operation: Pick<OperationRecord, 'id' | 'key' | 'attempt'>,
  fence: number,
): BatchItem {
  const { id, key, attempt } = operation;
  return { operationId: id, key, fence, attempt, executionName: executionName(id, attempt) };
}

/** What is left of a wait that began at an instant, in whole seconds. */
function remaining(seconds: number, since: string, now: string): number {
  const milliseconds = Date.parse(later(since, seconds)) - Date.parse(now);
  return Math.max(0, Math.min(seconds, Math.ceil(milliseconds / 1000)));
}

/** Where an operation goes on: behind the last segment whose steps are all recorded. */
export function entryOf(
  key: Pick<KeyRecord, 'tier' | 'containedVersions'>,
  operation: OperationRecord,
  waits: Waits,
  now: string,
): Waits & { readonly entry: Entry } {
  const { settleSeconds } = waits;
  // A bake is the time to go back in, which nobody does to a version that was revoked.
  const isOneWay = key.containedVersions?.includes(operation.previousVersion ?? 0) === true;
  const bakeSeconds = isOneWay ? 0 : waits.bakeSeconds;
  const first = firstEntry(key);
  if (first === 'data') return { entry: first, settleSeconds: 0, bakeSeconds: 0 };
  const switchedAt = recordedAt(operation, LAST_OF_SWITCH);
  if (switchedAt !== null) {
    const left = remaining(bakeSeconds, switchedAt, now);
    return { entry: 'finish', settleSeconds: 0, bakeSeconds: left };
  }
  // Going back is waited for by nobody: what is opened is opened already as a rule, and probed in any case.
  if (operation.rollback) return { entry: 'prepare', settleSeconds: 0, bakeSeconds: settleSeconds };
  const preparedAt = recordedAt(operation, LAST_OF_PREPARE);
  if (preparedAt === null) return { entry: first, settleSeconds, bakeSeconds };
  const left = remaining(settleSeconds, preparedAt, now);
  return { entry: 'switch', settleSeconds: left, bakeSeconds };
}

/** The batch of placed items: all of one entry, the longest of their waits for all. */
export function batchInput(entry: Entry, placed: readonly Placed[]): BatchInput {
  const items = placed.map(({ item }) => item);
  const count = Math.ceil(items.length / GROUP_SIZE);
  const longest = (of: (one: Waits) => number) => Math.max(0, ...placed.map(of));
  return {
    entry,
    settleSeconds: longest((one) => one.settleSeconds),
    bakeSeconds: longest((one) => one.bakeSeconds),
    groups: Array.from({ length: count }, (_, index) => ({
      items: items.slice(index * GROUP_SIZE, (index + 1) * GROUP_SIZE),
    })),
  };
}

/** The batch of one operation that was asked for, or goes on, alone. */
export function batchOfOne(placed: Placed): Readonly<Record<string, unknown>> {
  return { ...batchInput(placed.entry, [placed]) };
}

/** Collects operations into batches by their entry. */
export class Batches {
  readonly #newId: () => string;
  readonly #open = new Map<Entry, { readonly id: string; readonly placed: Placed[] }>();
  readonly #full: Start[] = [];

  constructor(newId: () => string) {
    this.#newId = newId;
  }

  /** The id of the batch that the next operation of this entry joins. */
  idFor(entry: Entry): string {
    const open = this.#open.get(entry) ?? { id: this.#newId(), placed: [] };
    this.#open.set(entry, open);
    return open.id;
  }

  /** Adds an operation to the batch it was recorded with. */
  add(placed: Placed): void {
    this.idFor(placed.entry);
    const open = this.#open.get(placed.entry);
    open?.placed.push(placed);
    if (open && open.placed.length >= MAX_BATCH) this.#close(placed.entry);
  }

  /** The executions to start. */
  starts(): readonly Start[] {
    for (const entry of [...this.#open.keys()]) this.#close(entry);
    return this.#full;
  }

  #close(entry: Entry): void {
    const open = this.#open.get(entry);
    this.#open.delete(entry);
    if (!open || open.placed.length === 0) return;
    this.#full.push({
      kind: rotationWorkflow(entry),
      executionName: open.id,
      input: { ...batchInput(entry, open.placed) },
    });
  }
}
