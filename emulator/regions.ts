// SPDX-License-Identifier: Apache-2.0
// One emulator, many Regions: each has a store of its own and sees the others only through this. HSM, clock,
// faults and trail are shared. A Region is opened at its first call, or at start when it has state on disk.
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Regions of the `aws` partition where KMS is. */
const NAMES: ReadonlySet<string> = new Set([
  ...['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2', 'ca-central-1', 'ca-west-1'],
  ...['mx-central-1', 'sa-east-1', 'af-south-1', 'il-central-1', 'me-central-1', 'me-south-1'],
  ...['eu-central-1', 'eu-central-2', 'eu-north-1', 'eu-south-1', 'eu-south-2'],
  ...['eu-west-1', 'eu-west-2', 'eu-west-3', 'ap-east-1', 'ap-east-2', 'ap-northeast-1'],
  ...['ap-northeast-2', 'ap-northeast-3', 'ap-south-1', 'ap-south-2', 'ap-southeast-1'],
  ...['ap-southeast-2', 'ap-southeast-3', 'ap-southeast-4', 'ap-southeast-5', 'ap-southeast-6'],
  'ap-southeast-7',
]);

/** Where the Regions other than the configured one keep their state. */
export function regionFolder(dataFolder: string, region: string): string {
  return join(dataFolder, 'regions', region);
}

/** Regions with state on disk, besides the configured one. */
export function regionsOnDisk(dataFolder: string): string[] {
  const folder = join(dataFolder, 'regions');
  return existsSync(folder) ? readdirSync(folder).filter((name) => NAMES.has(name)) : [];
}

/** The Regions of one emulator. */
export class Regions<E extends { readonly place: { readonly region: string } }> {
  readonly #open = new Map<string, E>();
  readonly #dataFolder: string;
  readonly #make: (region: string) => E;

  /** @param make opens a Region whose folder is there */
  constructor(dataFolder: string, make: (region: string) => E) {
    this.#dataFolder = dataFolder;
    this.#make = make;
  }

  /** Adds the configured Region. */
  add(home: E): void {
    this.#open.set(home.place.region, home);
  }

  /** The emulator as this Region sees it; undefined when there is no such Region. */
  of(region: string): E | undefined {
    const known = this.#open.get(region);
    if (known !== undefined || !NAMES.has(region)) return known;
    mkdirSync(regionFolder(this.#dataFolder, region), { recursive: true, mode: 0o700 });
    const opened = this.#make(region);
    this.#open.set(region, opened);
    return opened;
  }

  /** The Regions that ever had a call, the configured one first. */
  all(): E[] {
    return [...this.#open.values()];
  }
}
