// SPDX-License-Identifier: Apache-2.0
// Who may use a directory, and whether its data can be trusted. One process owns a running stack; a marker file
// stands for as long as the emulator's state is in memory only, so that finding it without an owner means that
// the last stop was not clean. Then all data goes together: table, buckets and HSM must be of one moment.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EMULATOR } from './emulators/choose.ts';
import { EMULATORS, type EmulatorName } from './emulators/names.ts';
import { LocalStackError } from './errors.ts';
import type { Layout } from './layout.ts';
import { writePrivate } from './private-file.ts';
import { end, findRunning, removeRecord, writeRecord } from './processes.ts';
import { GATEWAY, KEY_ENDPOINT, STAND_INS } from './services.ts';

/** Name of the owner's process record. */
export const OWNER = 'owner';
/** Saving the emulator's state took 2.3 s for a full stack; a loaded machine gets ten times that. */
const GATEWAY_GRACE_SECONDS = 30;
const KEY_ENDPOINT_GRACE_SECONDS = 15;
/** They keep nothing. */
const STAND_INS_GRACE_SECONDS = 5;

const markerOf = (layout: Layout) => join(layout.run, 'running');

/** Takes the directory for this process. @throws LocalStackError when another one has it */
export async function takeOwnership(layout: Layout): Promise<void> {
  const owner = await findRunning(layout.run, OWNER);
  if (owner !== undefined) {
    throw new LocalStackError(
      `a local stack already runs in ${layout.directory} (process ${owner.pid}); ` +
        'use it, or end it with `npm run stop`',
    );
  }
  await writeRecord(layout.run, OWNER, process.pid);
}

/** Gives the directory up. */
export function releaseOwnership(layout: Layout): void {
  removeRecord(layout.run, OWNER);
}

/** From here on the data on disk is not the whole truth. */
export function markRunning(layout: Layout, emulator: EmulatorName): void {
  writePrivate(markerOf(layout), `${emulator}\n`);
}

/** The emulator whose stack ended in this directory without saving, if one did. */
export function findUnclean(layout: Layout): EmulatorName | undefined {
  if (!existsSync(markerOf(layout))) return undefined;
  const name = readFileSync(markerOf(layout), 'utf8').trim();
  // Before there were two, the marker named none.
  return EMULATORS.find((known) => known === name) ?? 'ministack';
}

/**
 * Ends all processes; of those with data the emulator first, because it saves what it holds. Clears the marker when
 * both ended by themselves. Returns whether the data on disk is complete.
 */
export async function stopServices(layout: Layout): Promise<boolean> {
  await endService(layout, STAND_INS, STAND_INS_GRACE_SECONDS);
  const gateway = await endService(layout, GATEWAY, GATEWAY_GRACE_SECONDS);
  const keyEndpoint = await endService(layout, KEY_ENDPOINT, KEY_ENDPOINT_GRACE_SECONDS);
  rmSync(layout.temporary, { recursive: true, force: true });
  const marked = findUnclean(layout);
  const hasNothingToSave = marked !== undefined && !EMULATOR[marked].keepsState;
  if ((gateway && keyEndpoint) || hasNothingToSave) rmSync(markerOf(layout), { force: true });
  return findUnclean(layout) === undefined;
}

/** Removes all data and what was learned from it. Ports and certificates stay. */
export function discardData(layout: Layout): void {
  const learned = [layout.deploymentFile, layout.outputsFile, layout.stackFile, layout.cdkOut];
  for (const path of [layout.hsmData, layout.awsData, layout.bucketData, ...learned]) {
    rmSync(path, { recursive: true, force: true });
  }
  rmSync(markerOf(layout), { force: true });
}

/** False when it was not there to be ended, or had to be killed. */
async function endService(layout: Layout, name: string, graceSeconds: number): Promise<boolean> {
  const record = await findRunning(layout.run, name);
  if (record === undefined) return false;
  const ended = await end(record, graceSeconds);
  removeRecord(layout.run, name);
  return ended;
}
