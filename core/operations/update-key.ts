// SPDX-License-Identifier: Apache-2.0
// Use case: change when a key is due. The ETag that the caller saw must still be the key's revision.
import { KeyturnError } from '../errors.ts';
import type { Instant, KeyRecord } from '../keys/records.ts';
import { type ClassPolicy, classOf, nextNoticeAt } from '../policies/classes.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Clock, Decision } from '../ports/platform.ts';
import { mutateKey } from './mutate-key.ts';

export interface UpdateKeyInput {
  readonly name: string;
  readonly nextRotationAt: Instant;
  /** Revision the caller saw; null when the route allows blind updates. */
  readonly expectedRevision: number | null;
  readonly by: string;
  readonly decision: Decision;
}

/** @throws KeyturnError `StaleRevision` unless the key is as the caller saw it */
export function requireRevision({ name, revision }: KeyRecord, expected: number | null): void {
  if (expected === null || expected === revision) return;
  throw new KeyturnError('StaleRevision', `${name} is at revision ${revision} now; read it again`, {
    details: { revision },
  });
}

/** @throws KeyturnError `KeyNotFound`, `StaleRevision`, `TransitionForbidden` when the key is not active */
export async function updateKey(
  deps: { ledger: Ledger; clock: Clock; classes: readonly ClassPolicy[] },
  input: UpdateKeyInput,
): Promise<KeyRecord> {
  await mutateKey(deps.ledger, input.name, ({ key }) => {
    requireRevision(key, input.expectedRevision);
    if (key.state !== 'active') {
      throw new KeyturnError(
        'TransitionForbidden',
        `${key.name} is ${key.state}; only an active key has a due date`,
      );
    }
    const at = deps.clock.now();
    const policy = classOf(deps.classes, key.class);
    const draft = {
      key: {
        nextRotationAt: input.nextRotationAt,
        nextNoticeAt: policy ? nextNoticeAt(policy, input.nextRotationAt, at) : null,
        retryNotBefore: null,
        dueBecause: {
          trigger: 'schedule' as const,
          reason: 'due date set by a person',
          isUrgent: false,
        },
      },
      audit: {
        at,
        actor: input.by,
        action: 'key.due-date-set',
        decision: input.decision,
        operationId: null,
        detail: { from: key.nextRotationAt, to: input.nextRotationAt },
      },
    };
    return { draft, result: undefined };
  });
  const updated = await deps.ledger.readKeyRecord(input.name);
  if (!updated) throw new KeyturnError('KeyNotFound', `no key is named ${input.name}`);
  return updated;
}
