// SPDX-License-Identifier: Apache-2.0
// The faults of a history, each where it falls: at the call of its number, or in a wait.
import { KeyturnError } from '#core/errors.ts';
import { type CallSite, ExecutionLost, ProcessDied } from '#test/support/simulation.ts';
import { KEY_STORE_ID, type World } from '#test/support/world.ts';
import type { Act, Fault } from './history.ts';

export class Faults {
  readonly #world: World;
  readonly #watch: (site: CallSite) => Promise<void>;
  readonly #meanwhile: (act: Act) => Promise<void>;
  #faults: readonly Fault[];
  #refusals: Extract<Fault, { goes: 'refused' }> | null = null;
  #refused = 0;
  #reconnectAt = Number.POSITIVE_INFINITY;
  #waits = 0;

  /**
   * @param watch called behind each call, before anything goes wrong there
   * @param meanwhile does what happens in the middle of something else
   */
  constructor(
    faults: readonly Fault[],
    world: World,
    watch: (site: CallSite) => Promise<void>,
    meanwhile: (act: Act) => Promise<void>,
  ) {
    this.#faults = faults;
    this.#world = world;
    this.#watch = watch;
    this.#meanwhile = meanwhile;
  }

  /** From now on nothing goes wrong. */
  end(): void {
    this.#faults = [];
    this.#refusals = null;
    this.#connect();
  }

  async at(site: CallSite): Promise<void> {
    if (site.phase === 'after') await this.#watch(site);
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
    if (fault?.goes === 'in-a-wait') await this.#meanwhile(fault.act);
  }

  #connect(): void {
    this.#reconnectAt = Number.POSITIVE_INFINITY;
    this.#world.vault.setConnected(KEY_STORE_ID, true);
  }

  /** The first fault that is due, taken out of the list. */
  #take(isDue: (fault: Fault) => boolean): Fault | undefined {
    const found = this.#faults.find(isDue);
    this.#faults = this.#faults.filter((fault) => fault !== found);
    return found;
  }

  #refuse({ phase, method }: CallSite): void {
    const fault = this.#refusals;
    if (fault?.phase !== phase) return;
    this.#refused += 1;
    if (this.#refused >= fault.times) this.#refusals = null;
    throw new KeyturnError(fault.code, `${method} is refused`);
  }

  async #strike(fault: Fault, site: CallSite): Promise<void> {
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
        return;
      case 'meanwhile':
      case 'in-a-wait':
        return this.#meanwhile(fault.act);
    }
  }
}
