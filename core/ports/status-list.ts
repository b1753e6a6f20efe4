// SPDX-License-Identifier: Apache-2.0
// Ports of the published list of stopped keys.
import type { StatusList } from '../contract/status-list.ts';
import type { StatusEntry } from '../keys/status.ts';

export interface StatusRows {
  /** Every entry, in the order of keys and versions. Strongly consistent. */
  listStatus(): Promise<readonly StatusEntry[]>;
}

export interface ListSigner {
  /** Signs a payload as it is. */
  signList(payload: string): Promise<StatusList>;
}
