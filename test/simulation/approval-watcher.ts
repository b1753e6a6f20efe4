// SPDX-License-Identifier: Apache-2.0
// Looks at every write of a request, with its own count of the votes: what is written was allowed then, or a violation.

import type { ApprovalRecord } from '#core/approvals/records.ts';
import { canonicalHash } from '#core/crypto/hashing.ts';
import { type ApprovalWorld, GROUP, personOf } from './approval-world.ts';

/** What may follow on what; a request that has ended stays as it ended. */
const NEXT: Readonly<Record<string, readonly string[]>> = {
  none: ['pending'],
  pending: ['pending', 'approved', 'denied', 'expired', 'cancelled'],
  approved: ['approved', 'executed', 'lapsed', 'cancelled'],
};

export class ApprovalWatcher {
  readonly violations: string[] = [];
  readonly #world: ApprovalWorld;
  readonly #states = new Map<string, ApprovalRecord>();
  #running = 0;
  /** Who left, and whether the state changed, while something ran: what it had read is not held against it. */
  readonly #left = new Set<string>();
  #changed = false;
  #waited = false;
  /** How requests ended. */
  readonly ends: string[] = [];

  constructor(world: ApprovalWorld) {
    this.#world = world;
    const commit = world.store.commitApproval.bind(world.store);
    world.store.commitApproval = async (change) => {
      await commit(change);
      this.#written(change.approval, change.audit.action);
    };
  }

  report(violation: string): void {
    this.violations.push(violation);
  }

  /** Runs an act; what happens in its middle is remembered until the outermost has ended. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
      if (this.#running === 0) {
        this.#left.clear();
        this.#changed = false;
        this.#waited = false;
      }
    }
  }

  leaves(sub: string): void {
    if (this.#running > 1) this.#left.add(sub);
  }

  changes(): void {
    if (this.#running > 1) this.#changed = true;
  }

  waits(): void {
    if (this.#running > 1) this.#waited = true;
  }

  #written(now: ApprovalRecord, action: string): void {
    const before = this.#states.get(now.id);
    this.#states.set(now.id, now);
    const from = before?.state ?? 'none';
    // Of what has ended it may still be noted whether people were told.
    const isNote = action.startsWith('approval.notice-') && now.state === from;
    if (!isNote && !NEXT[from]?.includes(now.state))
      this.report(`one outcome: ${now.id} went from ${from} to ${now.state}`);
    if (before && now.revision !== before.revision + 1)
      this.report(`one outcome: ${now.id} was written over at revision ${now.revision}`);
    this.#votes(now, before);
    if (action === 'approval.executed') this.#executed(now);
    if (now.state === from) return;
    if (now.state === 'approved') this.#quorum(now);
    if (now.state === 'expired' && this.#now < now.closesAt)
      this.report(`window: ${now.id} expired before ${now.closesAt}`);
  }

  get #now(): string {
    return this.#world.clock.now();
  }

  #votes(now: ApprovalRecord, before: ApprovalRecord | undefined): void {
    const voters = now.votes.map(({ by }) => by);
    if (new Set(voters).size < voters.length) this.report(`one vote: twice on ${now.id}`);
    if (voters.includes(personOf(0).sub)) this.report(`requester: voted on ${now.id}`);
    if (now.votes.length === (before?.votes.length ?? 0)) return;
    if (now.votes.at(-1)?.digest !== now.digest)
      this.report(`digest: a vote on ${now.id} names another request`);
    // A vote reads the clock before it writes; what happens meanwhile may move it on.
    const at = this.#waited ? (now.votes.at(-1)?.at ?? '') : this.#now;
    if (at >= now.closesAt) this.report(`window: a vote on ${now.id} at ${at}, after it closed`);
  }

  /** Who approved, counted anew: not by the code that is looked at. */
  #approvers(approval: ApprovalRecord) {
    const { votes, digest, roster, rule } = approval;
    const requester = personOf(0).sub;
    const subs = votes
      .filter((vote) => vote.decision === 'approve' && vote.digest === digest)
      .filter(({ signature }) => !rule.signed || signature?.signature === 'valid')
      .map(({ by }) => by)
      .filter((by) => by !== requester && roster.some(({ sub }) => sub === by));
    const present = (sub: string) =>
      this.#left.has(sub) ||
      this.#world.people.some((one) => one.sub === sub && one.groups.includes(GROUP));
    return roster.filter(({ sub }) => subs.includes(sub) && present(sub));
  }

  #quorum(approval: ApprovalRecord): void {
    const { rule, votes, id, state } = approval;
    const approvers = this.#approvers(approval);
    if (approvers.length < rule.required)
      this.report(`quorum: ${id} ${state} with ${approvers.length} of ${rule.required}`);
    const apart = approvers.some((one) =>
      approvers.some(
        (other) => other !== one && one.teams.some((a) => other.teams.some((b) => a !== b)),
      ),
    );
    if (rule.distinctTeams === 2 && !apart) this.report(`quorum: ${id} ${state} by one team`);
    if (votes.some(({ decision }) => decision === 'deny'))
      this.report(`quorum: ${id} ${state} although it was denied`);
  }

  #executed(approval: ApprovalRecord): void {
    const { id, basis } = approval;
    this.#world.done.push(id);
    this.#quorum(approval);
    if (this.#world.done.filter((one) => one === id).length > 1) this.report(`once: ${id} twice`);
    if (!this.#changed && canonicalHash({ value: this.#world.value }) !== basis)
      this.report(`digest: ${id} was executed on another state`);
  }

  /** Behind quiet time everything has ended, and what the rows say is what was written. */
  async atTheEnd(): Promise<void> {
    for (const [id, last] of this.#states) {
      const row = await this.#world.store.readApproval(id);
      if (row?.state === 'pending' || row?.state === 'approved')
        this.report(`ends: ${id} is ${row.state} for good`);
      if (row?.state !== last.state) this.report(`one outcome: ${id} is ${row?.state}`);
      this.ends.push(row?.state ?? 'gone');
      const { records } = await this.#world.store.readAudit(`approval/${id}`, 0, 1000);
      const ends = records.filter(({ action }) =>
        /^approval\.(executed|denied|expired|cancelled|lapsed)$/.test(action),
      );
      if (ends.length !== 1)
        this.report(`one outcome: ${id} has ${ends.map(({ action }) => action).join(', ')}`);
    }
  }
}
