// SPDX-License-Identifier: Apache-2.0
// What the rows rely on in the HSM: asked at start, so that a lost token is refused instead of made anew.
import type { Store } from '../store/store.ts';
import type { KeptMaterial } from './hsm.ts';

const PAGE = 1000;

/** Whether a cluster has a token: the objects of a deleted one are gone. */
export function hasToken(store: Store, clusterId: string): boolean {
  const state = store.clusters.find(clusterId)?.state;
  return state !== undefined && state !== 'DELETE_IN_PROGRESS' && state !== 'DELETED';
}

/** Where there must be material for the keys of the stores. */
export function keptMaterial(stores: readonly Store[]): KeptMaterial {
  const kept = stores.map(keptIn);
  return {
    inDomain: kept.some(({ inDomain }) => inDomain),
    clusterIds: kept.flatMap(({ clusterIds }) => clusterIds),
  };
}

function keptIn(store: Store): KeptMaterial {
  const clusterIds = new Set<string>();
  let inDomain = false;
  for (let after = ''; ; ) {
    const page = store.keys.page(after, PAGE);
    for (const { clusterId, wrappedKey } of page) {
      if (clusterId !== null && hasToken(store, clusterId)) clusterIds.add(clusterId);
      else if (wrappedKey !== null) inDomain = true;
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return { inDomain, clusterIds: [...clusterIds] };
    after = last.keyId;
  }
}
