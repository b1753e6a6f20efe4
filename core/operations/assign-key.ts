// SPDX-License-Identifier: Apache-2.0
// Use case: say where a key is used, by application and host, so that it can be contained with what else is used there.
// A key that is contained by its scope stays in it: the change is committed on what was denied when it was decided.
import { KeyturnError } from '../errors.ts';
import { changedAssignments } from '../keys/assignments.ts';
import type { KeyRecord } from '../keys/records.ts';
import { requireNotLeaving } from '../keys/scopes.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Clock, Decision } from '../ports/platform.ts';
import type { ScopeContainments } from '../ports/scope-containments.ts';
import { decidingAgain } from './decide-again.ts';
import { keyNotFound, requireManaged, toChange } from './mutate-key.ts';
import { requireRevision } from './update-key.ts';

export interface AssignKeyDeps {
  readonly ledger: Ledger;
  readonly scopes: Pick<ScopeContainments, 'readDenials'>;
  readonly clock: Clock;
}

export interface AssignKeyInput {
  readonly name: string;
  /** Absent: as it was. Null: none any more. */
  readonly application?: string | null | undefined;
  readonly host?: string | null | undefined;
  /** Revision the caller saw; null when the route allows blind updates. */
  readonly expectedRevision: number | null;
  readonly by: string;
  readonly decision: Decision;
}

const MAX_TRIES = 8;

const kept = (said: string | null | undefined, before: string | null | undefined) =>
  said === undefined ? (before ?? null) : said;

/**
 * Writes where a key is used, with the audit record of what it was before.
 * @returns the key as it is then; one that had all of it already is not changed
 * @throws KeyturnError `KeyNotFound`, `KeyReleased`, `StaleRevision`, `TransitionForbidden` for a destroyed key, and while
 *   a containment of its scope covers it
 */
export async function assignKey(deps: AssignKeyDeps, input: AssignKeyInput): Promise<KeyRecord> {
  return decidingAgain(MAX_TRIES, async () => {
    const [snapshot, { denials, revision }] = await Promise.all([
      deps.ledger.readKey(input.name),
      deps.scopes.readDenials(input.name),
    ]);
    if (!snapshot) throw keyNotFound(input.name);
    const { key } = snapshot;
    requireManaged(key);
    requireRevision(key, input.expectedRevision);
    if (key.state === 'destroyed')
      throw new KeyturnError('TransitionForbidden', `${key.name} is destroyed; it is history`);
    const application = kept(input.application, key.application);
    const host = kept(input.host, key.host);
    const after = { ...key, application, host };
    const changes = changedAssignments(key, after);
    if (changes.length === 0) return key;
    requireNotLeaving(denials, key, after);
    const change = toChange(snapshot, {
      key: { application, host },
      denials: { revision },
      audit: {
        at: deps.clock.now(),
        actor: input.by,
        action: 'key.assigned',
        decision: input.decision,
        operationId: null,
        detail: Object.fromEntries(
          changes.flatMap(({ kind, value }) => [
            [`${kind}From`, key[kind] ?? null],
            [`${kind}To`, value],
          ]),
        ),
      },
    });
    await deps.ledger.commit(change);
    return change.key;
  });
}
