// SPDX-License-Identifier: Apache-2.0
// Ends the stack of a directory from outside: through its owner where there is one, which saves and ends in
// order; else by ending the processes that a vanished owner left.
import { existsSync } from 'node:fs';
import { type Layout, layoutOf } from './layout.ts';
import { findUnclean, OWNER, stopServices } from './ownership.ts';
import { end, findRunning } from './processes.ts';

/** Both graces of the services together, and some for the owner itself. */
const OWNER_GRACE_SECONDS = 60;

/** Stops whatever runs in `directory` and says what was done. */
export async function stopDirectory(directory: string): Promise<string> {
  const layout: Layout = layoutOf(directory);
  if (!existsSync(layout.run)) return 'nothing runs here';
  const owner = await findRunning(layout.run, OWNER);
  if (owner !== undefined) await end(owner, OWNER_GRACE_SECONDS);
  if (findUnclean(layout) === undefined)
    return owner === undefined ? 'nothing runs here' : 'stopped';
  return (await stopServices(layout))
    ? 'stopped'
    : 'stopped; not everything could be saved, so the next start begins from nothing';
}
