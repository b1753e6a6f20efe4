// SPDX-License-Identifier: Apache-2.0
// Kills the processes of a function while an execution is in the state it serves. The first kill may meet an idle
// process; the state then starts a new one, and the next kill falls into its start or its call, at a seeded moment.
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '#client/sdk/index.ts';
import { generator } from '#emulator/faults/seeded.ts';
import { processesOf, signal } from './processes.ts';

/** A cold start with its call takes 0.3 to 1 s, by load: a kill falls anywhere in the first part of it. */
const BETWEEN_KILLS_MILLISECONDS = 250;
const POLL_MILLISECONDS = 30;
/** The workflow retries a died process six times; other executions' kills count too. */
const KILLS_PER_STATE = 3;

/** A state to die in: it runs when `after` is the last recorded step. */
export interface Target {
  readonly state: string;
  readonly after: string;
  readonly functionName: string;
}

/** Follows one operation and kills at its targets, until it no longer runs. */
export async function killAt(
  operator: Client,
  operationId: string,
  targets: readonly Target[],
  { temporary, seed }: { temporary: string; seed: number },
): Promise<void> {
  const random = generator(seed);
  const kills = new Map<string, number>();
  for (;;) {
    const { state, step } = (await operator.getOperation(operationId)).body;
    if (state !== 'running') return;
    const target = targets.find(({ after }) => after === step);
    const done = kills.get(target?.state ?? '') ?? 0;
    if (target && done < KILLS_PER_STATE) {
      kills.set(target.state, done + 1);
      for (const pid of processesOf(target.functionName, temporary)) signal(pid, 'SIGKILL');
      await pause(random() * BETWEEN_KILLS_MILLISECONDS);
    }
    await pause(POLL_MILLISECONDS);
  }
}
