// SPDX-License-Identifier: Apache-2.0
// Eventual consistency of KMS in the local stack: what a call changes shows only after a delay, as on AWS.

/** Bounds of the delay in seconds, and the seed that makes a run repeatable. */
export interface ConsistencyDelay {
  readonly min: number;
  readonly max: number;
  readonly seed: number;
}

/** The delay of `npm start`: AWS documents seconds as usual. @see AWS KMS, eventual consistency */
export const DEFAULT_CONSISTENCY_DELAY: ConsistencyDelay = { min: 1, max: 3, seed: 1 };

/** Sets the delay at the key endpoint, or none. */
export async function setConsistencyDelay(
  keyEndpoint: string,
  adminToken: string,
  delay: ConsistencyDelay | null | undefined,
): Promise<void> {
  const headers = { 'content-type': 'application/json', 'x-admin-token': adminToken };
  if (!delay) return;
  const body = JSON.stringify({ min: delay.min, max: delay.max, seed: delay.seed });
  const answer = await fetch(`${keyEndpoint}/_admin/consistency`, {
    method: 'POST',
    headers,
    body,
  });
  if (!answer.ok)
    throw new Error(`setting the consistency delay: ${answer.status} ${await answer.text()}`);
}
