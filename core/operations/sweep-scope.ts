// SPDX-License-Identifier: Apache-2.0
// The way of a denied scope through its keys: page by page, class by class in the order of the rule, each key by the
// containment of a key, with its own audit record and proof. What it got to is written behind every part, so it goes on
// there however it was stopped; a part that is done twice is done once. Lists by index lag behind: it ends with a pass
// that finds nothing left to do, and only then the denial of the scope gives way to those of its keys.
import { isError, KeyturnError } from '../errors.ts';
import type { KeyRecord } from '../keys/records.ts';
import { isInScope } from '../keys/scopes.ts';
import { rankOf, scopeRule } from '../policies/containment-rules.ts';
import type {
  ScopeContainment,
  ScopeContainments,
  ScopeCounts,
} from '../ports/scope-containments.ts';
import { later } from './admit-operation.ts';
import { type ContainKeyDeps, containKey } from './contain-key.ts';
import { linkedScope } from './contain-scope.ts';
import { inOrder } from './in-order.ts';
import { pageOf } from './plan-scope.ts';

export interface SweepScopeDeps extends ContainKeyDeps {
  readonly scopes: ScopeContainments;
}

/** How much is done between two checkpoints. */
export interface SweepPart {
  /** Rows of the index that are looked at, 1 and up. */
  readonly page: number;
  /** No key is begun so many seconds after the part began. */
  readonly seconds: number;
  /** Keys under way at once, so that the next one is denied while KMS's quota lets the others wait. 1 when not given. */
  readonly atOnce?: number;
}

type Outcome = 'contained' | 'already' | 'refused' | { readonly cause: string };

const MOST_FAILURES = 20;

/** What the key itself says no to; no other pass will find it otherwise. */
const isRefusal = (error: unknown) =>
  isError(error, 'KeyProtected', 'KeyReleased', 'KeyNotFound', 'TransitionForbidden');

async function containOne(
  deps: SweepScopeDeps,
  containment: ScopeContainment,
  key: string,
): Promise<Outcome> {
  const { id, kind, mode, reason, occurredAt, requestedBy, checkpoint } = containment;
  const claim = {
    scope: `${id}/${checkpoint.pass}/${key}`,
    bodyHash: containment.bodyHash,
  };
  try {
    const { isNew } = await containKey(deps, {
      key,
      version: null,
      kind,
      mode,
      reason,
      occurredAt,
      // The scope was decided on, and is reviewed, as one.
      isEmergency: false,
      by: requestedBy,
      decision: { effect: 'permit', rule: `scope/${id}` },
      claim,
      scopeId: id,
      approve: () => null,
    });
    if (isNew) return 'contained';
    // A part that was stopped before its checkpoint did it in this pass.
    return (await deps.ledger.readIdempotency(claim.scope)) ? 'contained' : 'already';
  } catch (error) {
    if (isRefusal(error)) return 'refused';
    if (error instanceof KeyturnError) return { cause: error.name };
    throw error;
  }
}

interface Part {
  readonly counts: ScopeCounts;
  readonly failures: ScopeContainment['failures'];
  readonly changed: number;
  /** The last key that was done, null: none was to do. */
  readonly last: string | null;
  readonly isWhole: boolean;
}

function counted(part: Part, key: string, outcome: Outcome, isFirstPass: boolean): Part {
  const { counts } = part;
  if (typeof outcome === 'object') {
    const failures = [...part.failures, { key, cause: outcome.cause }].slice(0, MOST_FAILURES);
    return {
      ...part,
      counts: { ...counts, failed: counts.failed + 1 },
      failures,
      changed: part.changed + 1,
      last: key,
    };
  }
  if (outcome === 'contained')
    return {
      ...part,
      counts: { ...counts, contained: counts.contained + 1 },
      changed: part.changed + 1,
      last: key,
    };
  // Later passes meet what the first has counted.
  if (!isFirstPass) return { ...part, last: key };
  return { ...part, counts: { ...counts, [outcome]: counts[outcome] + 1 }, last: key };
}

function beginsPass({ checkpoint: { rank, cursor } }: ScopeContainment): boolean {
  return rank === 0 && cursor === null;
}

/** A pass has ended that failed at some keys: the next one had better wait a while. */
export function shouldWait(containment: ScopeContainment): boolean {
  return (
    containment.state === 'running' && beginsPass(containment) && containment.counts.failed > 0
  );
}

async function work(
  deps: SweepScopeDeps,
  containment: ScopeContainment,
  keys: readonly KeyRecord[],
  { seconds, atOnce = 1 }: SweepPart,
): Promise<Part> {
  const until = later(deps.clock.now(), seconds);
  const isBegin = beginsPass(containment);
  let part: Part = {
    counts: isBegin ? { ...containment.counts, failed: 0 } : containment.counts,
    failures: isBegin ? [] : containment.failures,
    changed: containment.checkpoint.changed,
    last: null,
    isWhole: true,
  };
  const isInTime = () => deps.clock.now() < until;
  const contain = ({ name }: KeyRecord) => containOne(deps, containment, name);
  for await (const [{ name }, outcome] of inOrder(keys, atOnce, isInTime, contain))
    part = counted(part, name, outcome, containment.checkpoint.pass === 1);
  return { ...part, isWhole: part.last === (keys.at(-1)?.name ?? null) };
}

/** The row behind a part: where it goes on, or that it has ended. */
function behind(
  containment: ScopeContainment,
  part: Part,
  next: { readonly cursor: string | null; readonly ranks: number; readonly now: string },
): Omit<ScopeContainment, 'revision' | 'auditHead'> {
  const row = { ...containment, progressedAt: next.now };
  const { pass, rank } = row.checkpoint;
  const { failures, changed } = part;
  const { contained, already, refused, failed } = part.counts;
  // A scope of thousands was not counted before it was denied.
  const found = Math.max(part.counts.found, contained + already + refused + failed);
  const counts = { ...part.counts, found };
  const cursor = part.isWhole ? next.cursor : part.last;
  if (cursor !== null)
    return { ...row, counts, failures, checkpoint: { pass, rank, cursor, changed } };
  if (rank + 1 < next.ranks)
    return {
      ...row,
      counts,
      failures,
      checkpoint: { pass, rank: rank + 1, cursor: null, changed },
    };
  if (changed > 0)
    return {
      ...row,
      // What failed is shown until the next pass begins to try it.
      counts,
      failures,
      checkpoint: { pass: pass + 1, rank: 0, cursor: null, changed: 0 },
    };
  return {
    ...row,
    counts,
    failures,
    state: 'done',
    endedAt: next.now,
    checkpoint: { pass, rank, cursor: null, changed },
  };
}

/**
 * Does one part of a containment, and writes how far it got.
 * @returns the row as it is then; `done` has nothing left to do
 * @throws KeyturnError `OperationNotFound`, `RevisionConflict` when another one did the same part, and what reads answer
 */
export async function sweepScope(
  deps: SweepScopeDeps,
  id: string,
  part: SweepPart,
): Promise<ScopeContainment> {
  const containment = await deps.scopes.readScope(id);
  if (!containment) throw new KeyturnError('OperationNotFound', `no containment has the id ${id}`);
  // Contained to its end, or being lifted already: what a part under way has still contained is lifted too.
  if (containment.state !== 'running') return containment;
  const rule = scopeRule(deps.containmentRules);
  const { scope, checkpoint } = containment;
  const page = await pageOf(deps.ledger, scope, checkpoint.cursor, part.page);
  const keys = page.items.filter(
    (key) => isInScope(scope, key) && rankOf(rule, key.class) === checkpoint.rank,
  );
  const done = await work(deps, containment, keys, part);
  const now = deps.clock.now();
  const row = behind(containment, done, {
    cursor: page.nextCursor,
    ranks: rule.classOrder.length + 1,
    now,
  });
  const change = linkedScope(containment, row, {
    at: now,
    actor: 'workflow/contain-scope',
    action: row.state === 'done' ? 'scope.contained' : 'scope.progressed',
    decision: { effect: 'permit', rule: `scope/${id}` },
    operationId: id,
    detail: {
      ...row.counts,
      pass: checkpoint.pass,
      class: rule.classOrder[checkpoint.rank] ?? null,
    },
  });
  await deps.scopes.commitScope({
    ...change,
    ...(row.state === 'done' ? { denial: { remove: id } } : {}),
  });
  return change.containment;
}
