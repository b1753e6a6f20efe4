// SPDX-License-Identifier: Apache-2.0
// `rotation-growth`: what a sweep and a rotation ask of the table among 100, 1,000, 10,000 and 100,000 keys. The keys are
// seeded as rows; the sweep and the rotations are the real use cases on the real table. Flat means: ratio 1.
import { MemoryPauseRows } from '#adapters/memory/pause-rows.ts';
import { MemoryStartSlots } from '#adapters/memory/start-slots.ts';
import { mutateKey } from '#core/operations/mutate-key.ts';
import { findDueRotations } from '#core/operations/rotation-sweep.ts';
import type { DynamoDbUnits } from './dynamodb-units.ts';
import type { MeasuredStack } from './local-stack.ts';
import { finishHere, generateHere, type InProcess, inProcess } from './one-rotation.ts';
import type { Report } from './report.ts';
import { seedKeys } from './seeded-keys.ts';

const NAME = 'rotation-growth';
const STAGE = 'local';
/** Keys that are due when the sweep looks; as many at every size. */
const DUE = 10;
const LONG_AGO = '2020-01-01T00:00:00.000Z';

interface Cost {
  readonly requests: number;
  readonly reads: number;
  readonly writes: number;
  readonly milliseconds: number;
}

async function costOf(units: DynamoDbUnits, work: () => Promise<unknown>): Promise<Cost> {
  const { requests, reads, writes } = units;
  const began = performance.now();
  await work();
  const milliseconds = performance.now() - began;
  return {
    requests: units.requests - requests,
    reads: units.reads - reads,
    writes: units.writes - writes,
    milliseconds,
  };
}

/** Keys of this process that are due now. */
async function dueKeys(here: InProcess, size: number): Promise<readonly string[]> {
  const names = Array.from({ length: DUE }, (_, index) => `due-${size}-${index}`);
  for (const name of names) {
    await generateHere(here, name);
    await mutateKey(here.deps.ledger, name, () => ({
      draft: {
        key: { nextRotationAt: LONG_AGO, nextNoticeAt: null },
        audit: {
          at: here.deps.clock.now(),
          actor: 'bench',
          action: 'bench.made-due',
          decision: { effect: 'permit', rule: 'bench' },
          operationId: null,
          detail: {},
        },
      },
      result: null,
    }));
  }
  return names;
}

async function measureAt(here: InProcess, size: number): Promise<{ sweep: Cost; rotation: Cost }> {
  const names = await dueKeys(here, size);
  const deps = { ...here.deps, slots: new MemoryStartSlots(), pauses: new MemoryPauseRows() };
  const sweep = await costOf(here.units, () => findDueRotations(deps, STAGE, DUE));
  const rotation = await costOf(here.units, async () => {
    for (const name of names) await finishHere(here, name);
  });
  const per = (value: number) => value / DUE;
  return {
    sweep,
    rotation: {
      requests: per(rotation.requests),
      reads: per(rotation.reads),
      writes: per(rotation.writes),
      milliseconds: per(rotation.milliseconds),
    },
  };
}

/** Measures at each size, the first one being the baseline of the others. */
export async function measureRotationGrowth(
  measured: MeasuredStack,
  report: Report,
  sizes: readonly number[],
): Promise<void> {
  const here = inProcess(measured);
  const table = measured.stack.info.tableName ?? '';
  let first: Awaited<ReturnType<typeof measureAt>> | null = null;
  let seeded = 0;
  for (const size of sizes) {
    await seedKeys(here.client, table, { from: seeded, to: size });
    seeded = size;
    const found = await measureAt(here, size);
    first ??= found;
    for (const [what, unit] of [
      ['requests', 'requests'],
      ['reads', 'read units'],
      ['writes', 'write units'],
      ['milliseconds', 'ms'],
    ] as const) {
      const label = (part: string) => `${NAME}.${part}.${what}, ${size} keys`;
      report.beside(label(`sweep-of-${DUE}-due`), found.sweep[what], unit, first.sweep[what]);
      report.beside(label('rotation'), found.rotation[what], unit, first.rotation[what]);
    }
  }
}
