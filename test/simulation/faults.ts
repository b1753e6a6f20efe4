// SPDX-License-Identifier: Apache-2.0
// The faults of a history, each where it falls: at the call of its number, or in a wait. What every history knows goes
// wrong here; what one has of its own, it plays itself.
import { KeyturnError } from '#core/errors.ts';
import { type CallSite, ExecutionLost, ProcessDied } from '#test/support/simulation.ts';
import { KEY_STORE_ID, type World } from '#test/support/world.ts';

/** A kind of fault that one history alone has. */
interface OwnFault {
  readonly goes: string;
  readonly at: number;
}

export type CommonFault =
  | {
      readonly goes: 'process-dies' | 'execution-lost';
      readonly at: number;
      readonly phase: 'before' | 'after';
    }
  /** Calls are refused, or, with phase `after`, have their effect and the answer is lost. */
  | {
      readonly goes: 'refused';
      readonly at: number;
      readonly phase: 'before' | 'after';
      readonly code?: 'Throttled' | 'DependencyUnavailable';
      readonly times: number;
    }
  | { readonly goes: 'disconnected'; readonly at: number; readonly calls: number };

const COMMON: readonly string[] = ['process-dies', 'execution-lost', 'refused', 'disconnected'];

export interface FaultScene<Own> {
  /** Called behind each call, before anything goes wrong there. */
  readonly watch?: (site: CallSite) => Promise<void>;
  /** Which calls can be refused; absent: all. */
  readonly isRefusable?: (method: string) => boolean;
  /** @param site null: in a wait */
  readonly play: (fault: Own, site: CallSite | null) => Promise<void>;
}

export class Faults<Own extends OwnFault> {
  readonly #world: World;
  readonly #scene: FaultScene<Own>;
  #faults: readonly (CommonFault | Own)[];
  #refusals: Extract<CommonFault, { goes: 'refused' }> | null = null;
  #refused = 0;
  #reconnectAt = Number.POSITIVE_INFINITY;
  #waits = 0;

  constructor(faults: readonly (CommonFault | Own)[], world: World, scene: FaultScene<Own>) {
    this.#faults = faults;
    this.#world = world;
    this.#scene = scene;
  }

  /** From now on nothing goes wrong. */
  end(): void {
    this.#faults = [];
    this.#refusals = null;
    this.#connect();
  }

  async at(site: CallSite): Promise<void> {
    if (site.phase === 'after') await this.#scene.watch?.(site);
    if (site.number >= this.#reconnectAt) this.#connect();
    this.#refuse(site);
    const fault = this.#take(
      (candidate) =>
        candidate.goes !== 'in-a-wait' &&
        candidate.at === site.number &&
        (!('phase' in candidate) || candidate.phase === site.phase),
    );
    if (fault) await this.#strike(fault, site);
  }

  async inWait(): Promise<void> {
    this.#waits += 1;
    const fault = this.#take(
      (candidate) => candidate.goes === 'in-a-wait' && candidate.at <= this.#waits,
    );
    if (fault && !isCommon(fault)) await this.#scene.play(fault, null);
  }

  #connect(): void {
    this.#reconnectAt = Number.POSITIVE_INFINITY;
    this.#world.vault.setConnected(KEY_STORE_ID, true);
  }

  /** The first fault that is due, taken out of the list. */
  #take(isDue: (fault: CommonFault | Own) => boolean): CommonFault | Own | undefined {
    const found = this.#faults.find(isDue);
    this.#faults = this.#faults.filter((fault) => fault !== found);
    return found;
  }

  #refuse({ phase, method }: CallSite): void {
    const fault = this.#refusals;
    const isRefusable = this.#scene.isRefusable?.(method) ?? true;
    if (fault?.phase !== phase || !isRefusable) return;
    this.#refused += 1;
    if (this.#refused >= fault.times) this.#refusals = null;
    throw new KeyturnError(fault.code ?? 'DependencyUnavailable', `${method} is refused`);
  }

  async #strike(fault: CommonFault | Own, site: CallSite): Promise<void> {
    if (!isCommon(fault)) return this.#scene.play(fault, site);
    switch (fault.goes) {
      case 'process-dies':
        throw new ProcessDied();
      case 'execution-lost':
        throw new ExecutionLost('the execution is lost');
      case 'refused':
        this.#refusals = fault;
        this.#refused = 0;
        return this.#refuse(site);
      case 'disconnected':
        this.#world.vault.setConnected(KEY_STORE_ID, false);
        this.#reconnectAt = site.number + fault.calls;
    }
  }
}

function isCommon<Own extends OwnFault>(fault: CommonFault | Own): fault is CommonFault {
  return COMMON.includes(fault.goes);
}
