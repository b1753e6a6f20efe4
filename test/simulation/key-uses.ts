// SPDX-License-Identifier: Apache-2.0
// What CloudTrail tells of a key's use, in a history: late, twice, out of order, in whole seconds.
import type { ConsumerRecord } from '#core/keys/consumers.ts';
import { recordKeyUse } from '#core/operations/record-key-use.ts';
import type { World } from '#test/support/world.ts';

export interface ToldUse {
  readonly do: 'use-told';
  readonly key: number;
  readonly consumer: number;
  /** The version that was used, counted back from the newest. */
  readonly versionsBack: 0 | 1;
  readonly lateBySeconds: number;
  readonly times: 1 | 2;
}

const registrationOf = ({ name, registeredAt }: ConsumerRecord) => `${name} ${registeredAt}`;

/** Tells of a use of one of the two newest versions. */
export async function tellUse(
  { store: ledger, clock, keyUses: log }: World,
  name: string,
  principal: string,
  act: ToldUse,
): Promise<void> {
  const before = await ledger.readKey(name);
  const keyId = before?.versions.at(-1 - act.versionsBack)?.keyId;
  if (!keyId) return;
  const usedAt = new Date(Date.parse(clock.now()) - act.lateBySeconds * 1000).toISOString();
  const at = `${usedAt.slice(0, 19)}.000Z`;
  const use = { keyId, principal, act: 'encrypt', outcome: 'allowed', at } as const;
  await recordKeyUse({ ledger, clock, log, ownRoles: [] }, Array(act.times).fill(use));
}

/** I12: what was seen of a consumer last is its latest use, in whatever order the events came. */
export function unseen(
  before: readonly ConsumerRecord[],
  after: readonly ConsumerRecord[],
): readonly string[] {
  const known = new Map(before.map((one) => [registrationOf(one), one.lastSeenAt ?? '']));
  return after
    .filter((one) => (one.lastSeenAt ?? '') < (known.get(registrationOf(one)) ?? ''))
    .map((one) => `I12 the last use of ${one.name} went back to ${one.lastSeenAt}`);
}
