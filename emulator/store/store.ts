// SPDX-License-Identifier: Apache-2.0
// The one store layer: every table behind its class, on one connection.
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { Aliases } from './aliases.ts';
import { Backups } from './backups.ts';
import { Clusters } from './clusters.ts';
import { Database } from './database.ts';
import { Grants } from './grants.ts';
import { KeyMaterials } from './key-materials.ts';
import { KeyRecords } from './key-records.ts';
import { KeyStores } from './key-stores.ts';
import { KeyUsage } from './key-usage.ts';
import { MultiRegionKeys } from './multi-region-keys.ts';
import { Visibility } from './visibility.ts';

/** All that is kept outside the HSM. */
export interface Store {
  readonly keys: KeyRecords;
  readonly aliases: Aliases;
  readonly grants: Grants;
  readonly materials: KeyMaterials;
  readonly usage: KeyUsage;
  readonly keyStores: KeyStores;
  readonly clusters: Clusters;
  readonly backups: Backups;
  readonly visibility: Visibility;
  /** Kept with the configured Region, shared by all. */
  readonly multiRegion: MultiRegionKeys;
  /** Writes all that the work writes, or nothing. The work is synchronous and does not nest. */
  atomically(work: () => void): void;
  close(): void;
}

/** Opens `emulator.sqlite` in a folder; Regions other than the configured one bring what they share with it. */
export function openStore(dataFolder: string, clock: Clock, multiRegion?: MultiRegionKeys): Store {
  const database = new Database(join(dataFolder, 'emulator.sqlite'));
  const visibility = new Visibility(clock);
  const materials = new KeyMaterials(database);
  const usage = new KeyUsage(database);
  return {
    materials,
    usage,
    keys: new KeyRecords(database, visibility, clock, materials),
    aliases: new Aliases(database, visibility, clock),
    grants: new Grants(database, visibility, clock),
    keyStores: new KeyStores(database),
    clusters: new Clusters(database),
    backups: new Backups(database),
    visibility,
    multiRegion: multiRegion ?? new MultiRegionKeys(database),
    atomically: (work) => database.transaction(work),
    close: () => {
      usage.flush();
      database.close();
    },
  };
}
