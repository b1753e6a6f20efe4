// SPDX-License-Identifier: Apache-2.0
// Port of who can hold a share: people with an age key of their own in the directory.
import type { Custodian } from '../escrow/records.ts';

export interface CustodianDirectory {
  /** By directory name or immutable id, in that order of looking; null: unknown, or without an age recipient. */
  custodian(name: string): Promise<Custodian | null>;
  /** Everybody who may hold shares and has an age key, in the order of the directory. */
  holders(): Promise<readonly Custodian[]>;
}
