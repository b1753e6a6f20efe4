// SPDX-License-Identifier: Apache-2.0
// Use case: put the policy of every brake that holds on the roles of its scope, take it off those that are lifted, and believe
// neither before IAM shows it. A look that an event asks for at once, and a schedule each minute: so what failed is tried
// again, a role that came to the scope later is braked too, and one that somebody let loose by hand is caught again.
import { isError } from '../errors.ts';
import { accountOf, isProtectedRole, roleNameOf, rolesOf } from '../keys/braked-roles.ts';
import type { Instant } from '../keys/records.ts';
import { type BrakedRole, type BrakeRecord, MOST_ROLES, type RoleBrake } from '../ports/brakes.ts';
import { type BrakeDeps, brakePage, linkedBrake } from './admit-brake.ts';
import { later } from './admit-operation.ts';
import { inOrder } from './in-order.ts';

export interface EnforceBrakesDeps
  extends Pick<BrakeDeps, 'ledger' | 'brakes' | 'clock' | 'account' | 'protectedRoles'> {
  readonly roleBrake: RoleBrake;
}

/** How much one look does. */
export interface BrakeLook {
  /** No role is begun behind that; below {@link QUIET_SECONDS}. */
  readonly seconds: number;
  /** Roles under way at once, 1 and up. */
  readonly atOnce: number;
}

/** Longest that a look may go on, which its function's time-out sees to: later, none is under way that still applies a brake. */
export const QUIET_SECONDS = 60;
/** Roles between two writes of the row; each write is an audit record that names them. */
const BATCH = 50;
const HOLDS: readonly BrakedRole['state'][] = ['applied', 'already', 'protected'];
const LET_GO: readonly BrakedRole['state'][] = ['lifted', 'kept', 'protected'];

/** What the states of its roles add up to. */
export function countsOf({ roles }: Pick<BrakeRecord, 'roles'>) {
  const none = { pending: 0, applied: 0, already: 0, failed: 0, protected: 0, lifted: 0, kept: 0 };
  for (const { state } of roles) none[state] += 1;
  return none;
}

/** One brake in a look: as it is written, and as it has become. */
class BrakeWork {
  readonly deps: EnforceBrakesDeps;
  readonly atOnce: number;
  readonly #until: Instant;
  stored: BrakeRecord;
  draft: BrakeRecord;

  constructor(deps: EnforceBrakesDeps, brake: BrakeRecord, look: BrakeLook, until: Instant) {
    this.deps = deps;
    this.atOnce = look.atOnce;
    this.#until = until;
    this.stored = brake;
    this.draft = brake;
  }

  get isInTime(): boolean {
    return this.deps.clock.now() < this.#until;
  }

  change(patch: Partial<BrakeRecord>): void {
    this.draft = { ...this.draft, ...patch };
  }

  /** Puts roles in the place of those with the same ARN. */
  put(changed: readonly BrakedRole[]): void {
    const byRole = new Map(this.draft.roles.map((one) => [one.role, one]));
    for (const one of changed) byRole.set(one.role, one);
    this.change({ roles: [...byRole.values()] });
  }

  /** A role in a state; one that has it already keeps since when. */
  entry(role: string, state: BrakedRole['state'], cause: BrakedRole['cause'] = null): BrakedRole {
    const before = this.draft.roles.find((one) => one.role === role);
    if (before?.state === state && before.cause === cause) return before;
    return { role, state, cause, at: this.deps.clock.now() };
  }

  /** Writes what became of it, if anything did. @throws KeyturnError `RevisionConflict` when another look was faster */
  async save(action: string, isOpen?: boolean): Promise<void> {
    const { stored, draft, deps } = this;
    const known = new Set(stored.roles);
    const changed = draft.roles.filter((one) => !known.has(one));
    const isSame =
      changed.length === 0 &&
      stored.state === draft.state &&
      stored.cursor === draft.cursor &&
      // Once all keys were gone through, it is of no matter how often.
      stored.passes > 0 === draft.passes > 0;
    if (isSame) return;
    const change = linkedBrake(stored, draft, {
      at: deps.clock.now(),
      actor: 'system/apply-brakes',
      action,
      decision: { effect: 'permit', rule: `brake/${draft.id}` },
      detail: {
        ...{ scope: draft.scope.kind, value: draft.scope.value, ...countsOf(draft) },
        roles: changed.map(({ role, state }) => `${state} ${role}`).join(','),
      },
    });
    await deps.brakes.commitBrake({ ...change, ...(isOpen === undefined ? {} : { isOpen }) });
    this.stored = change.brake;
    this.draft = change.brake;
  }
}

/** A role that was not known before, as it is written before anything is done to it. */
function found(work: BrakeWork, role: string, there: ReadonlySet<string>): BrakedRole {
  const { deps } = work;
  if (isProtectedRole(role, deps)) return work.entry(role, 'protected');
  if (accountOf(role) !== deps.account) return work.entry(role, 'failed', 'RoleOutsideAccount');
  return work.entry(role, there.has(roleNameOf(role)) ? 'already' : 'pending');
}

/** Has it put on one role. Whoever calls has left out the protected ones: here none slips through. */
async function putOn(work: BrakeWork, role: string): Promise<BrakedRole> {
  const { deps } = work;
  if (isProtectedRole(role, deps)) return work.entry(role, 'protected');
  if (accountOf(role) !== deps.account) return work.entry(role, 'failed', 'RoleOutsideAccount');
  const cause = await deps.roleBrake.apply(role);
  return work.entry(role, cause === null ? 'pending' : 'failed', cause);
}

/** Does one thing to each of some roles, and writes it batch by batch. @returns false when the time was over before */
async function forRoles(
  work: BrakeWork,
  roles: readonly string[],
  run: (role: string) => Promise<BrakedRole>,
  action: string,
): Promise<boolean> {
  for (let from = 0; from < roles.length; from += BATCH) {
    const batch = roles.slice(from, from + BATCH);
    const done: BrakedRole[] = [];
    for await (const [, one] of inOrder(batch, work.atOnce, () => work.isInTime, run))
      done.push(one);
    work.put(done);
    await work.save(action);
    if (done.length < batch.length) return false;
  }
  return true;
}

/**
 * Goes through the keys and brakes each role that is not known yet. It is written before it is touched: what was put on without
 * its brake knowing of it, nobody would take off.
 */
async function findRoles(work: BrakeWork, there: ReadonlySet<string>): Promise<void> {
  const { deps, draft } = work;
  do {
    const page = await brakePage(deps.ledger, draft.scope, work.draft.cursor);
    const known = new Set(work.draft.roles.map(({ role }) => role));
    const met = new Set(page.items.flatMap((key) => rolesOf(draft.scope, key)));
    const room = Math.max(0, MOST_ROLES - known.size);
    const fresh = [...met].filter((role) => !known.has(role)).slice(0, room);
    const entries = fresh.map((role) => found(work, role, there));
    const isOnAll = entries.every(({ state }) => HOLDS.includes(state));
    work.put(entries);
    if (!isOnAll) work.change({ state: 'applying' });
    await work.save('brake.progressed');
    const pending = entries.filter(({ state }) => state === 'pending').map(({ role }) => role);
    const isDone = await forRoles(work, pending, (role) => putOn(work, role), 'brake.progressed');
    if (!isDone) return;
    const isLast = page.nextCursor === null;
    work.change({ cursor: page.nextCursor, passes: work.draft.passes + (isLast ? 1 : 0) });
  } while (work.draft.cursor !== null && work.isInTime);
}

/** A role as IAM shows it. */
function asShown(
  work: BrakeWork,
  one: BrakedRole,
  there: ReadonlySet<string>,
  account: string,
): BrakedRole {
  // Who has the name of a role of another account is not that role.
  if (one.state === 'protected' || accountOf(one.role) !== account) return one;
  const isThere = there.has(roleNameOf(one.role));
  if (isThere) return one.state === 'already' ? one : work.entry(one.role, 'applied');
  return one.state === 'failed' ? one : work.entry(one.role, 'pending');
}

async function applyBrake(work: BrakeWork): Promise<void> {
  const { deps } = work;
  const before = work.stored.roles;
  const there = await deps.roleBrake.braked();
  await findRoles(work, there);
  const loose = before
    .filter((one) => one.cause !== null || !there.has(roleNameOf(one.role)))
    .filter(({ state }) => state !== 'protected')
    .map(({ role }) => role);
  // Let loose by hand, or never reached: it is not on every role, whatever was said before.
  if (loose.length > 0) work.change({ state: 'applying' });
  await forRoles(work, loose, (role) => putOn(work, role), 'brake.progressed');
  const shown = await deps.roleBrake.braked();
  const roles = work.draft.roles.map((one) => asShown(work, one, shown, deps.account));
  const isHeld =
    work.draft.passes > 0 &&
    roles.length < MOST_ROLES &&
    roles.every(({ state }) => HOLDS.includes(state));
  const isNews = isHeld && work.draft.state !== 'applied';
  work.change({
    roles,
    state: isHeld ? 'applied' : 'applying',
    ...(isNews ? { confirmedAt: deps.clock.now() } : {}),
  });
  await work.save(isNews ? 'brake.applied' : 'brake.progressed');
}

async function takeOff(
  work: BrakeWork,
  one: BrakedRole,
  held: ReadonlySet<string>,
): Promise<BrakedRole> {
  const { role } = one;
  if (held.has(roleNameOf(role))) return work.entry(role, 'kept');
  const cause = await work.deps.roleBrake.lift(role);
  return cause === null ? one : work.entry(role, 'failed', cause);
}

/** A role of a brake that is lifted, as IAM shows it. */
function asLeft(
  work: BrakeWork,
  one: BrakedRole,
  there: ReadonlySet<string>,
  account: string,
): BrakedRole {
  if (one.state === 'protected' || one.state === 'kept') return one;
  const isThere = accountOf(one.role) === account && there.has(roleNameOf(one.role));
  if (!isThere) return work.entry(one.role, 'lifted');
  return one.state === 'lifted' ? work.entry(one.role, 'applied') : one;
}

/** Roles that other brakes hold; null: one of them has not found its roles yet, so what it will hold is not known. */
function heldBy(others: readonly BrakeRecord[]): ReadonlySet<string> | null {
  const holding = others.filter(({ lift }) => lift === null);
  if (holding.some(({ passes }) => passes === 0)) return null;
  const roles = holding.flatMap((one) => one.roles.filter(({ state }) => state !== 'protected'));
  return new Set(roles.map(({ role }) => roleNameOf(role)));
}

async function liftBrake(work: BrakeWork): Promise<void> {
  const { deps } = work;
  const { lift, id } = work.draft;
  if (!lift) return;
  const held = heldBy((await deps.brakes.listOpenBrakes()).filter((other) => other.id !== id));
  if (!held) return;
  const there = await deps.roleBrake.braked();
  const left = work.draft.roles.filter(
    ({ role, state }) =>
      accountOf(role) === deps.account &&
      (!LET_GO.includes(state) || (state === 'lifted' && there.has(roleNameOf(role)))),
  );
  const byRole = new Map(left.map((one) => [one.role, one]));
  const run = async (role: string) => {
    const one = byRole.get(role);
    return one ? takeOff(work, one, held) : work.entry(role, 'lifted');
  };
  await forRoles(work, [...byRole.keys()], run, 'brake.lift-progressed');
  const shown = await deps.roleBrake.braked();
  const roles = work.draft.roles.map((one) => asLeft(work, one, shown, deps.account));
  const now = deps.clock.now();
  // A look that was applying it when its end was decided may put it on once more: so long it is looked at again.
  const isOver =
    now >= later(lift.at, QUIET_SECONDS) && roles.every(({ state }) => LET_GO.includes(state));
  work.change({ roles, ...(isOver ? { state: 'lifted', lift: { ...lift, endedAt: now } } : {}) });
  if (isOver) await work.save('brake.lifted', false);
  else await work.save('brake.lift-progressed');
}

/**
 * Looks after every brake that holds or is being lifted. What another look did at the same time is left to it.
 * @returns how many there were, and how many roles are not as they should be although a look before this one had asked for that,
 *   or could not be asked
 * @throws what reads and writes answer, but `RevisionConflict`
 */
export async function enforceBrakes(
  deps: EnforceBrakesDeps,
  look: BrakeLook,
): Promise<{ readonly brakes: number; readonly open: number }> {
  const begun = deps.clock.now();
  const until = later(begun, look.seconds);
  const brakes = await deps.brakes.listOpenBrakes();
  let open = 0;
  // What is to be stopped goes first.
  for (const brake of [...brakes].sort(
    (a, b) => Number(a.lift !== null) - Number(b.lift !== null),
  )) {
    const work = new BrakeWork(deps, brake, look, until);
    try {
      await (brake.lift === null ? applyBrake(work) : liftBrake(work));
    } catch (error) {
      if (!isError(error, 'RevisionConflict')) throw error;
    }
    // IAM may take some seconds to show what this look has asked for.
    open += work.stored.roles.filter(
      ({ state, at }) => state === 'failed' || (state === 'pending' && at < begun),
    ).length;
  }
  return { brakes: brakes.length, open };
}
