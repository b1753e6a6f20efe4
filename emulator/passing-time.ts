// SPDX-License-Identifier: Apache-2.0
// What happens because time passes: daily backups, and keys and imported material whose time is over.
import { takeDailyBackups } from './clusters/daily-backups.ts';
import { destroyDueKeys } from './hsm/reconcile.ts';
import type { Emulator } from './settings.ts';

/** Carries out what is due by the clock in every Region. */
export async function passTime(regions: Emulator['regions']): Promise<void> {
  for (const emulator of regions.all()) await passTimeIn(emulator);
}

/**
 * When the clock was set over the end of a waiting period, the last daily backup
 * before that end is taken first: it still has the key, as it would on AWS.
 */
async function passTimeIn(emulator: Emulator): Promise<void> {
  const { store, clock } = emulator;
  const now = clock();
  const ends = store.keys.due(now).map(({ deletionAt }) => deletionAt ?? now);
  if (ends.length > 0) await takeDailyBackups(emulator, Math.min(...ends) - 1);
  destroyDueKeys(emulator);
  await takeDailyBackups(emulator, now);
}
