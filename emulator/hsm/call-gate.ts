// SPDX-License-Identifier: Apache-2.0
// Calls run side by side, but for those that need the HSM alone: a backup copies the token's files, a restore
// reloads the module. They wait until the calls before them are done, and the calls after them wait.

/** Lets many shared calls or one exclusive call in, in the order they came. */
export class CallGate {
  #shared = 0;
  #exclusive: Promise<void> | undefined;
  #drained: (() => void) | undefined;

  /** Runs a call. */
  async run<Result>(isExclusive: boolean, work: () => Result | Promise<Result>): Promise<Result> {
    while (this.#exclusive !== undefined) await this.#exclusive;
    return isExclusive ? this.#runAlone(work) : this.#runShared(work);
  }

  async #runShared<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    this.#shared += 1;
    try {
      return await work();
    } finally {
      this.#shared -= 1;
      if (this.#shared === 0) this.#drained?.();
    }
  }

  async #runAlone<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#exclusive = promise;
    try {
      if (this.#shared > 0) {
        await new Promise<void>((drained) => {
          this.#drained = drained;
        });
      }
      return await work();
    } finally {
      this.#drained = undefined;
      this.#exclusive = undefined;
      resolve();
    }
  }
}
