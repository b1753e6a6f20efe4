// SPDX-License-Identifier: Apache-2.0
// Eventual consistency of KMS in the local stack: what a call changes shows only after a delay, as on AWS.

/** Bounds of the delay in seconds, and the seed that makes a run repeatable. */
export interface ConsistencyDelay {
  readonly min: number;
  readonly max: number;
  readonly seed: number;
}

/** The delay of `npm start`: AWS documents seconds as usual. @see AWS KMS developer guide, eventual consistency */
export const DEFAULT_CONSISTENCY_DELAY: ConsistencyDelay = { min: 1, max: 3, seed: 1 };

/** What AWS documents as eventually consistent and Keyturn does. */
const DELAYED_OPERATIONS = [
  'CreateKey',
  'CreateAlias',
  'UpdateAlias',
  'PutKeyPolicy',
  'TagResource',
  'ScheduleKeyDeletion',
];

async function administer(
  keyEndpoint: string,
  adminToken: string,
  init: RequestInit,
): Promise<void> {
  const headers = { 'content-type': 'application/json', 'x-admin-token': adminToken };
  const answer = await fetch(`${keyEndpoint}/_admin/faults`, { ...init, headers });
  if (!answer.ok) throw new Error(`setting the delay: ${answer.status} ${await answer.text()}`);
}

/** Replaces all faults at the key endpoint by the delay, or by none. */
export async function setConsistencyDelay(
  keyEndpoint: string,
  adminToken: string,
  delay: ConsistencyDelay | null | undefined,
): Promise<void> {
  await administer(keyEndpoint, adminToken, { method: 'DELETE' });
  if (!delay) return;
  const delaySeconds = [delay.min, delay.max];
  for (const [index, operation] of DELAYED_OPERATIONS.entries()) {
    const body = JSON.stringify({ operation, delaySeconds, seed: delay.seed + index });
    await administer(keyEndpoint, adminToken, { method: 'POST', body });
  }
}
