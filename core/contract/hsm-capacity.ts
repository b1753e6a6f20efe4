// SPDX-License-Identifier: Apache-2.0
// How many keys a CloudHSM cluster holds, by type of its HSMs, as data. Every version of a key takes a place for as
// long as its KMS key exists. HSMs of one cluster hold the same keys: more HSMs are no more room.
// Source: AWS CloudHSM user guide, "AWS CloudHSM quotas" (limits.html), keys per cluster, read 2026-11.

export const KEYS_PER_CLUSTER: Readonly<Record<string, number>> = {
  'hsm1.medium': 3300,
  'hsm2m.medium': 16_666,
};

/** What a type that is not listed is taken to hold: the least of those known. */
const SMALLEST = Math.min(...Object.values(KEYS_PER_CLUSTER));

/** Keys that a cluster of the type holds. */
export function clusterCapacity(hsmType: string): number {
  return KEYS_PER_CLUSTER[hsmType] ?? SMALLEST;
}
