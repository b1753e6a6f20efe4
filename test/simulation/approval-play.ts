// SPDX-License-Identifier: Apache-2.0
// Plays a history of requests: its acts in order, its faults where they fall, then quiet time in which every request must
// come to its end.
import type { PortCall } from '#adapters/memory/faults.ts';
import { isError, KeyturnError } from '#core/errors.ts';
import { castVote } from '#core/operations/cast-vote.ts';
import { executeApproved } from '#core/operations/execute-approved.ts';
import { requestApproval } from '#core/operations/request-approval.ts';
import {
  cancelApproval,
  recordDelivery,
  resumeApprovals,
  tendApproval,
} from '#core/operations/tend-approval.ts';
import type { Principal } from '#core/ports/platform.ts';
import { PERMIT } from '#test/support/world.ts';
import type { Act, Fault, History } from './approval-history.ts';
import { ApprovalWatcher } from './approval-watcher.ts';
import { ApprovalWorld, EXECUTION_SECONDS, personOf, WINDOW_SECONDS } from './approval-world.ts';

/** Deeper than this, what happens meanwhile has nothing happening in its own middle. */
const MAX_DEPTH = 3;
const QUIET_SWEEPS = 6;

class ProcessDied extends Error {}

function principal(index: number): Principal {
  const { sub, user, groups } = personOf(index);
  return { id: sub, kind: 'person', name: user, groups };
}

class Player {
  readonly #world: ApprovalWorld;
  readonly #watcher: ApprovalWatcher;
  readonly #history: History;
  readonly #ids: string[] = [];
  #faults: readonly Fault[];
  #calls = 0;
  #depth = 0;
  /** Attempts of executions that are lost. */
  readonly #lost = new Set<string>();

  constructor(history: History, world: ApprovalWorld) {
    this.#history = history;
    this.#world = world;
    this.#faults = history.faults;
    this.#watcher = new ApprovalWatcher(world);
  }

  async play() {
    for (let request = 0; request < this.#history.requests; request += 1) await this.#ask(request);
    this.#world.onCall = (call) => this.#interrupt(call);
    for (const act of this.#history.acts) await this.#act(act);
    this.#world.onCall = () => {};
    for (let sweep = 0; sweep < QUIET_SWEEPS; sweep += 1) {
      this.#world.clock.advance(WINDOW_SECONDS / 2 + EXECUTION_SECONDS);
      await this.#act({ do: 'sweep' });
    }
    await this.#watcher.atTheEnd();
    return this.#watcher;
  }

  async #ask(request: number): Promise<void> {
    const { deps, act } = this.#world;
    const { id } = await requestApproval(deps, act, {
      action: 'key.release',
      request: { key: 'orders', version: 1, operationId: null, parameters: { request } },
      by: principal(0),
      decision: PERMIT,
      reason: 'asked in a history',
      claim: { scope: `simulated/${request}`, bodyHash: 'body' },
    });
    this.#ids.push(id);
  }

  async #interrupt({ phase }: PortCall): Promise<void> {
    if (phase === 'before') this.#calls += 1;
    const fault = this.#faults.find(
      (one) => one.at === this.#calls && ('phase' in one ? one.phase : 'after') === phase,
    );
    if (!fault) return;
    this.#faults = this.#faults.filter((one) => one !== fault);
    if (fault.goes === 'dies') throw new ProcessDied('the process died');
    if (fault.goes === 'refused') throw new KeyturnError('DependencyUnavailable', 'it is refused');
    if (this.#depth >= MAX_DEPTH) return;
    this.#depth += 1;
    await this.#act(fault.act);
    this.#depth -= 1;
  }

  /** What is refused or dies is part of the game; what is no error of ours is a bug. */
  async #act(act: Act): Promise<void> {
    try {
      await this.#watcher.during(() => this.#do(act));
    } catch (error) {
      const isExpected = error instanceof KeyturnError || error instanceof ProcessDied;
      if (!isExpected || isError(error, 'InternalError'))
        this.#watcher.report(`a bug: ${act.do} threw ${error}`);
    }
  }

  async #do(act: Act): Promise<void> {
    const { deps } = this.#world;
    switch (act.do) {
      case 'vote':
        return this.#vote(act);
      case 'tick':
        return this.#tick(this.#idOf(act.request));
      case 'execute':
        return this.#execute(this.#idOf(act.request));
      case 'execute-twice':
        return this.#twice(this.#idOf(act.request));
      case 'lose':
        return this.#lose(this.#idOf(act.request));
      case 'cancel':
        await cancelApproval(deps, {
          id: this.#idOf(act.request),
          by: principal(act.person),
          decision: PERMIT,
        });
        return;
      case 'notice':
        return recordDelivery(deps, {
          id: this.#idOf(act.request),
          channel: 'slack',
          delivered: act.delivered,
        });
      case 'leave':
      case 'demote':
      case 'return':
        return this.#roster(act.do, act.person);
      case 'change':
        if (act.value !== this.#world.value) this.#watcher.changes();
        this.#world.value = act.value;
        return;
      case 'sweep':
        return this.#sweep();
      case 'wait':
        return this.#advance(act.seconds);
      case 'wait-until':
        return this.#waitUntil(act);
    }
  }

  #idOf(request: number): string {
    return this.#ids[request % this.#ids.length] ?? '';
  }

  async #vote(act: Extract<Act, { do: 'vote' }>): Promise<void> {
    const id = this.#idOf(act.request);
    const found = await this.#world.store.readApproval(id);
    const { decided } = await castVote(this.#world.deps, {
      approvalId: id,
      by: principal(act.person),
      channel: 'api',
      decision: act.decision,
      digest: act.sees === 'it' ? (found?.digest ?? '') : '0'.repeat(64),
      reason: null,
      signature:
        act.signature === 'none'
          ? null
          : { kind: 'ssh-ed25519', publicKey: 'ssh-ed25519 AAAA', signature: act.signature },
      authorization: PERMIT,
    });
    if (decided && act.wakes) await this.#tick(id);
  }

  /** One step of the execution that tends a request, unless it is lost. */
  async #tick(id: string): Promise<void> {
    const attempt = this.#world.workflows.started.filter((one) => one.operationId === id).length;
    if (this.#lost.has(`${id}/${attempt}`)) return;
    const { state } = await tendApproval(this.#world.deps, id);
    if (state === 'approved') await this.#execute(id);
  }

  async #execute(id: string): Promise<void> {
    await executeApproved(this.#world.deps, () => this.#world.act, id);
  }

  async #twice(id: string): Promise<void> {
    const both = await Promise.allSettled([this.#execute(id), this.#execute(id)]);
    for (const one of both) if (one.status === 'rejected') throw one.reason;
  }

  async #lose(id: string): Promise<void> {
    const attempts = this.#world.workflows.started.filter((one) => one.operationId === id).length;
    this.#lost.add(`${id}/${attempts}`);
  }

  #roster(what: 'leave' | 'demote' | 'return', index: number): void {
    const { sub } = personOf(index);
    const others = this.#world.people.filter((one) => one.sub !== sub);
    if (what !== 'return') this.#watcher.leaves(sub);
    this.#world.people =
      what === 'leave'
        ? others
        : [...others, { ...personOf(index), ...(what === 'demote' ? { groups: ['other'] } : {}) }];
  }

  /** The sweep starts lost executions again; each that runs goes a step on. */
  async #sweep(): Promise<void> {
    await resumeApprovals(this.#world.deps);
    for (const id of this.#ids) await this.#tick(id);
  }

  async #waitUntil({ request, mark, beside }: Extract<Act, { do: 'wait-until' }>): Promise<void> {
    const found = await this.#world.store.readApproval(this.#idOf(request));
    const instant = mark === 'closes' ? found?.closesAt : found?.executeBefore;
    if (!instant) return;
    const { clock } = this.#world;
    const milliseconds = Date.parse(instant) + beside - Date.parse(clock.now());
    if (milliseconds > 0) this.#advance(milliseconds / 1000);
  }

  #advance(seconds: number): void {
    this.#watcher.waits();
    this.#world.clock.advance(seconds);
  }
}

/** Plays, with the world broken first where a test wants to see that it is found. */
export async function playOut(
  history: History,
  sabotage: (world: ApprovalWorld) => void = () => {},
): Promise<{ readonly violations: readonly string[]; readonly ends: readonly string[] }> {
  const world = new ApprovalWorld(history);
  const player = new Player(history, world);
  sabotage(world);
  return player.play();
}

/** @returns the violations */
export const play = async (history: History): Promise<readonly string[]> =>
  (await playOut(history)).violations;
