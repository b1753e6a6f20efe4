// SPDX-License-Identifier: Apache-2.0
// What goes for ever, in a history: versions that people have destroyed, or keep in time, and keys that are let go.
// I3 what is destroyed never comes back; I5 what was kept is as it was, and nothing is gone that nobody had destroyed.
import { destructionOf, isGone, isStoppable } from '#core/keys/destruction.ts';
import type { VersionRecord } from '#core/keys/records.ts';
import { resumeDestructions } from '#core/operations/advance-destruction.ts';
import { releaseKey } from '#core/operations/release-key.ts';
import { retireVersion } from '#core/operations/retire-version.ts';
import { stopDestruction } from '#core/operations/stop-destruction.ts';
import { ask, execute, vote } from '#test/support/approvals.ts';
import type { Simulation } from '#test/support/simulation.ts';
import { ALICE, PERMIT, type World } from '#test/support/world.ts';

export type LeavingAct =
  /** Asks, has the quorum sign, and begins it, if evidence allows. */
  | { readonly do: 'destroy'; readonly key: number; readonly versionsBack: 1 | 2 | 3 }
  /** Stops every destruction of the key that can be stopped. */
  | { readonly do: 'keep'; readonly key: number }
  | { readonly do: 'release'; readonly key: number };

const WINDOW_SECONDS = 8 * 86_400;

/** KMS refuses the use of what a destruction has disabled. */
function follow({ keyStates, vault }: World): void {
  const disable = keyStates.disable.bind(keyStates);
  keyStates.disable = async (keyId) => {
    await disable(keyId);
    await vault.disable(keyId);
  };
  const enable = keyStates.enable.bind(keyStates);
  keyStates.enable = async (keyId) => {
    await enable(keyId);
    await vault.enable(keyId);
  };
}

export class Leavings {
  readonly #world: World;
  readonly #simulation: Simulation;
  readonly #report: (violation: string) => void;

  constructor(world: World, simulation: Simulation, report: (violation: string) => void) {
    this.#world = world;
    this.#simulation = simulation;
    this.#report = report;
    follow(world);
  }

  async do(name: string, act: LeavingAct): Promise<void> {
    if (!(await this.#world.store.readKey(name))) return;
    await this.#simulation.process(act.do, undefined, () => {
      if (act.do === 'destroy') return this.#destroy(name, act.versionsBack);
      return act.do === 'keep' ? this.#keep(name) : this.#release(name);
    });
    await this.#simulation.runStarted();
  }

  async #destroy(key: string, versionsBack: number): Promise<void> {
    const { deps } = this.#world;
    const { versions } = await this.#world.snapshot(key);
    const version = versions.at(-1 - versionsBack)?.version;
    if (version === undefined) return;
    const verdict = await retireVersion(deps, { key, version, by: ALICE.id, decision: PERMIT });
    if (!verdict.isReady) return;
    const parameters = { acceptLoss: false };
    const approval = await ask(this.#world, 'version.destroy', { key, version, parameters });
    for (const voter of ['bob', 'carol']) await vote(this.#world, approval, voter);
    await execute(this.#world, approval);
  }

  async #keep(key: string): Promise<void> {
    for (const { version, destruction } of (await this.#world.snapshot(key)).versions) {
      if (!destruction || !isStoppable(destruction)) continue;
      const stop = { key, version, by: ALICE.id, reason: 'kept', decision: PERMIT };
      await stopDestruction(this.#world.deps, stop);
    }
  }

  async #release(key: string): Promise<void> {
    const claim = { scope: `release/${key}`, bodyHash: 'body' };
    const by = { by: ALICE.id, decision: PERMIT, claim };
    await releaseKey(this.#world.deps, { key, reason: null, ...by });
  }

  /** The look of each minute, with what it starts. */
  async sweep(): Promise<void> {
    await this.#simulation.process('resume', undefined, () => resumeDestructions(this.#world.deps));
    await this.#simulation.runStarted();
  }

  /** What is under way comes to its end: quiet period, and window. */
  async windowEnds(names: readonly string[]): Promise<void> {
    for (let looks = 0; looks < 2; looks += 1) {
      const versions = await this.#versionsOf(names);
      if (!versions.some(({ destruction }) => destruction && isStoppable(destruction))) return;
      await this.sweep();
      this.#world.clock.advance(looks === 0 ? 3600 : WINDOW_SECONDS);
      await this.sweep();
    }
  }

  async #versionsOf(names: readonly string[]): Promise<readonly VersionRecord[]> {
    const keys = await Promise.all(names.map((name) => this.#world.store.readKey(name)));
    return keys.flatMap((key) => key?.versions ?? []);
  }

  async atTheEnd(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const snapshot = await this.#world.store.readKey(name);
      for (const version of snapshot?.versions ?? []) {
        const heads = snapshot?.versions.filter((one) => one.keyId && one.keyId === version.keyId);
        const head = [version, ...(heads ?? [])].find(({ destruction }) => destruction);
        const at = `${name} v${version.version}`;
        if (version.keyId !== null) await this.#checkVault(at, version.keyId, head);
        if (!snapshot || !head) continue;
        const { record } = destructionOf(snapshot, head.version);
        if (!isGone(record) && record.phase !== 'stopped')
          this.#report(`I8 the destruction of ${at} is ${record.phase}`);
        if (snapshot.key.tier === 'data' && isGone(record) !== !version.dataKey)
          this.#report(`I5 the data key of ${at} is ${version.dataKey ? 'there' : 'erased'}`);
      }
    }
  }

  async #checkVault(at: string, keyId: string, head: VersionRecord | undefined): Promise<void> {
    const expected = head?.destruction && isGone(head.destruction) ? 'gone' : 'enabled';
    const { state } = await this.#world.keyStates.stateOf(keyId);
    if (state !== expected) this.#report(`I5 ${at} is ${state} in KMS and should be ${expected}`);
  }
}
