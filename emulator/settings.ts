// SPDX-License-Identifier: Apache-2.0
// What an emulator is started with, and what operations see of it.
import type { Clock, SettableClock } from './clock.ts';
import type { Trail } from './cloudtrail/trail.ts';
import type { Faults } from './faults/faults.ts';
import type { Switches } from './faults/switches.ts';
import type { Hsm } from './hsm/hsm.ts';
import type { KeyMaterial } from './hsm/key-material.ts';
import type { Regions } from './regions.ts';
import type { Store } from './store/store.ts';

/** Region and account whose ARNs are answered. */
export interface Place {
  readonly region: string;
  readonly account: string;
}

/** Quotas of clusters, HSMs and custom key stores in the account and Region; AWS raises them on request. */
export interface HsmQuotas {
  readonly clusters: number;
  readonly hsms: number;
  readonly keyStores: number;
}

/** The running emulator, as operations see it: `place` and `store` are those of the call's Region. */
export interface Emulator {
  readonly place: Place;
  readonly clock: Clock;
  readonly store: Store;
  /** This Region and the others. */
  readonly regions: Regions<Emulator>;
  readonly hsm: Hsm;
  readonly material: KeyMaterial;
  readonly faults: Faults;
  readonly switches: Switches;
  readonly clockSetting: SettableClock;
  readonly trail: Trail;
  readonly dataFolder: string;
  readonly quotas: HsmQuotas;
  /** Clusters wait for an HSM admin to activate them and to set the password of `kmsuser`. */
  readonly explicitHsmAdmin: boolean;
}

/** ARN of a key. */
export function keyArn(place: Place, keyId: string): string {
  return `arn:aws:kms:${place.region}:${place.account}:key/${keyId}`;
}

/** ARN of an alias; the name begins with `alias/`. */
export function aliasArn(place: Place, name: string): string {
  return `arn:aws:kms:${place.region}:${place.account}:${name}`;
}
