// SPDX-License-Identifier: Apache-2.0
// Plays a history: its acts in order, its faults where they fall, then quiet time in which the sweeps put things right.

import { canonicalHash } from '#core/crypto/hashing.ts';
import { isError, KeyturnError } from '#core/errors.ts';
import {
  acknowledge,
  cancelRotation,
  extendAcknowledgement,
} from '#core/operations/acknowledge-rotation.ts';
import { laggards } from '#core/operations/await-acknowledgements.ts';
import { rollBack } from '#core/operations/roll-back.ts';
import { updateKey } from '#core/operations/update-key.ts';
import { register, remove } from '#test/support/consumers.ts';
import { ExecutionLost, ProcessDied, Simulation } from '#test/support/simulation.ts';
import { ALICE, aWorld, PERMIT, type World } from '#test/support/world.ts';
import { adopt, legacyAlias, makeForeign } from './adopted.ts';
import { Faults } from './faults.ts';
import type { Act, Fault, History } from './history.ts';
import { tellUse } from './key-uses.ts';
import { type LeavingAct, Leavings } from './leavings.ts';
import { applyPlan, CHANGES } from './planned.ts';
import { type StoredAct, StoredItems } from './stored-items.ts';
import { Watcher } from './watcher.ts';
import { Writings } from './written.ts';

const NAMES = ['orders', 'invoices', 'refunds'];
/** Sweeps of quiet time, an hour apart: leases, parkings and the pause behind an undone rotation run out in it. */
const QUIET_SWEEPS = 8;
/** Deeper than this, what happens meanwhile has nothing happening in its own middle. */
const MAX_DEPTH = 3;

const consumerName = (index: number) => `consumer-${index}`;
const consumerPrincipal = (index: number) =>
  `arn:aws:iam::444455556666:role/${consumerName(index)}` as const;

class Player {
  readonly #history: History;
  readonly #world: World;
  readonly #simulation: Simulation;
  readonly #watcher: Watcher;
  readonly #written: Writings;
  readonly #items: StoredItems;
  readonly #faults: Faults<Extract<Fault, { act: Act }>>;
  readonly #leavings: Leavings;
  #depth = 0;

  constructor(history: History, world: World) {
    this.#history = history;
    this.#world = world;
    world.classes = world.classes.map((one) => ({
      ...one,
      reencryption: { automatic: true },
      retirement: { quietDays: history.quietDays ?? 0 },
    }));
    this.#watcher = new Watcher(world, this.#names, history.origin === 'AWS_KMS');
    const report = (violation: string) => this.#watcher.report(violation);
    this.#items = new StoredItems(world, report);
    this.#watcher.alsoBehind = (snapshot) => this.#items.behind(snapshot);
    this.#written = new Writings(world, report, (name) => this.#aliasesOf(name));
    this.#simulation = new Simulation(world);
    this.#simulation.timesOfChild = history.timesOfChild ?? 1;
    this.#simulation.startsLate = history.startsLate ?? false;
    this.#leavings = new Leavings(world, this.#simulation, report);
    this.#faults = new Faults<Extract<Fault, { act: Act }>>(history.faults, world, {
      watch: (site) => this.#watcher.behind(site),
      play: ({ act }) => this.#meanwhile(act),
    });
    this.#simulation.interrupt = (site) => this.#faults.at(site);
    this.#simulation.whileWaiting = () => this.#faults.inWait();
  }

  async play(): Promise<readonly string[]> {
    if (this.#history.isAdopted) makeForeign(this.#world, NAMES[0] ?? '');
    for (let key = 0; key < this.#history.keys; key += 1) await this.#act({ do: 'create', key });
    for (const act of this.#history.acts) await this.#act(act);
    await this.#quiet();
    await this.#watcher.atTheEnd();
    await this.#items.atTheEnd(this.#names);
    await this.#written.readBack();
    await this.#written.checkConsumers();
    await this.#leavings.atTheEnd(this.#names);
    return this.#watcher.violations;
  }

  async #quiet(): Promise<void> {
    this.#faults.end();
    await this.#leavings.windowEnds(this.#names);
    for (let sweep = 0; sweep < QUIET_SWEEPS; sweep += 1) {
      this.#world.clock.advance(3600);
      await this.#everythingIsVisible();
      await this.#sweep();
      await this.#everybodyAcknowledges();
    }
  }

  /** Within an hour KMS shows every change; the vault counts calls instead. */
  async #everythingIsVisible(): Promise<void> {
    for (let call = 0; call < this.#history.visibilityCalls; call += 1)
      await this.#world.vault.aliasTarget('alias/of-nobody');
  }

  async #meanwhile(act: Act): Promise<void> {
    if (this.#depth >= MAX_DEPTH) return;
    this.#depth += 1;
    await this.#act(act);
    this.#depth -= 1;
  }

  /** What is refused or dies is part of the game; what is no error of ours is a bug. */
  async #act(act: Act): Promise<void> {
    this.#items.arrive();
    try {
      await this.#do(act);
    } catch (error) {
      const isExpected =
        error instanceof KeyturnError ||
        error instanceof ProcessDied ||
        error instanceof ExecutionLost;
      if (!isExpected || isError(error, 'InternalError'))
        this.#watcher.report(`a bug: ${act.do} threw ${error}`);
    }
  }

  async #do(act: Act): Promise<void> {
    const { clock } = this.#world;
    switch (act.do) {
      case 'wait':
        return clock.advance(act.seconds);
      case 'sweep':
        for (let time = 0; time < act.times; time += 1) await this.#sweep();
        return;
      case 'encrypt':
        return this.#written.encrypt(this.#nameOf(act.key));
      case 'create':
        return this.#create(this.#nameOf(act.key));
      case 'rotate':
        return this.#rotate(this.#nameOf(act.key), act.request);
      case 'plan':
        return this.#plan(act);
      case 'patch':
        return this.#patch(this.#nameOf(act.key), act);
      case 'register':
      case 'remove':
        return this.#change(act.do, this.#nameOf(act.key), act.consumer);
      case 'use-told':
        return this.#tell(act);
      case 'store':
      case 'reencrypt':
      case 'retire':
        return this.#handleStored(act);
      case 'destroy':
      case 'keep':
      case 'release':
        return this.#leave(act);
      case 'acknowledge':
        return this.#acknowledge(this.#nameOf(act.key), consumerName(act.consumer));
      case 'extend':
        return this.#extend(this.#nameOf(act.key), act.seconds);
      case 'cancel':
      case 'roll-back':
        return this.#takeBack(this.#nameOf(act.key), act.do);
    }
  }

  async #sweep(): Promise<void> {
    await this.#simulation.sweep();
    await this.#leavings.sweep();
  }

  /** Where a version is to go, the last count of what lies under it comes first. */
  async #leave(act: LeavingAct): Promise<void> {
    const name = this.#nameOf(act.key);
    if (act.do === 'destroy') await this.#act({ do: 'reencrypt', key: act.key });
    await this.#leavings.do(name, act);
  }

  get #names(): readonly string[] {
    return NAMES.slice(0, this.#history.keys);
  }

  #aliasesOf(name: string): readonly string[] {
    const own = `alias/keyturn/local/${name}`;
    return this.#isForeign(name) ? [own, legacyAlias(name)] : [own];
  }

  #isForeign(name: string): boolean {
    return this.#history.isAdopted === true && name === NAMES[0];
  }

  #nameOf(key: number): string {
    return NAMES[key % this.#history.keys] ?? '';
  }

  async #create(name: string): Promise<void> {
    const claim = { scope: `create/${name}`, bodyHash: canonicalHash({ name }) };
    const world = this.#world;
    if (this.#isForeign(name)) await this.#api('POST adoptions', () => adopt(world, name, claim));
    else await this.#api('POST keys', () => world.admitKey({ name, ...this.#kindOf(name) }, claim));
    await this.#simulation.runStarted();
  }

  /** Of tier `data` are all keys but the first, which wraps them. */
  #kindOf(name: string) {
    const { hasDataKeys, origin = 'AWS_CLOUDHSM' } = this.#history;
    const [parent = ''] = NAMES;
    return hasDataKeys && name !== parent ? { tier: 'data' as const, parent } : { origin };
  }

  async #rotate(name: string, request: number): Promise<void> {
    const claim = { scope: `rotate/${name}/${request}`, bodyHash: canonicalHash({ name }) };
    await this.#api('POST rotations', () => this.#world.admitRotation({ name, claim }));
    await this.#simulation.runStarted();
  }

  async #plan({ key, between }: Extract<Act, { do: 'plan' }>): Promise<void> {
    const name = this.#nameOf(key);
    const rotate = () => this.#act({ do: 'rotate', key, request: 3 });
    const stale = await this.#api('POST plans and rotations', () =>
      applyPlan(this.#world, name, between === 'rotate' ? rotate : CHANGES[between]),
    );
    for (const violation of stale) this.#watcher.report(violation);
    await this.#simulation.runStarted();
  }

  async #patch(name: string, act: Extract<Act, { do: 'patch' }>): Promise<void> {
    const key = await this.#world.key(name).catch(() => null);
    if (!key) return;
    const due = Date.parse(this.#world.clock.now()) + act.dueInSeconds * 1000;
    await this.#api('PATCH keys', () =>
      updateKey(this.#world.deps, {
        name,
        nextRotationAt: new Date(due).toISOString(),
        expectedRevision: act.isStale ? key.revision - 1 : key.revision,
        by: ALICE.id,
        decision: PERMIT,
      }),
    );
  }

  async #change(what: 'register' | 'remove', name: string, index: number): Promise<void> {
    if (!(await this.#world.store.readKey(name))) return;
    const consumer = consumerName(index);
    const patch = {
      principal: consumerPrincipal(index),
      ...(index === 1
        ? { acknowledgement: { mode: 'wait' as const, waitSeconds: 20, url: null } }
        : {}),
    };
    await this.#api('consumers', () =>
      what === 'register'
        ? register(this.#world, consumer, patch, name)
        : remove(this.#world, consumer, name),
    );
    await this.#simulation.runStarted();
  }

  async #acknowledge(name: string, consumer: string): Promise<void> {
    const operation = (await this.#world.store.readKey(name))?.operation;
    if (operation?.kind !== 'rotate-key') return;
    await this.#api('POST acks', () =>
      acknowledge(this.#world.deps, {
        operationId: operation.id,
        consumer,
        version: operation.version,
        by: consumer,
        decision: PERMIT,
      }),
    );
    await this.#simulation.runStarted();
  }

  async #tell(act: Extract<Act, { do: 'use-told' }>): Promise<void> {
    const principal = consumerPrincipal(act.consumer);
    await tellUse(this.#world, this.#nameOf(act.key), principal, act);
  }

  async #handleStored(act: StoredAct): Promise<void> {
    const name = this.#nameOf(act.key);
    const isLate = act.do === 'store' && act.isLate && this.#history.quietDays === 1;
    const allowed = act.do === 'store' ? { ...act, isLate } : act;
    await this.#api(act.do, () => this.#items.do(name, allowed));
    await this.#simulation.runStarted();
  }

  /** A rotation that is taken back: before its switch, or behind it. */
  async #takeBack(name: string, way: 'cancel' | 'roll-back'): Promise<void> {
    const operation = (await this.#world.store.readKey(name))?.operation;
    if (operation?.kind !== 'rotate-key') return;
    const input = {
      operationId: operation.id,
      reason: 'errors',
      by: ALICE.id,
      decision: PERMIT,
    };
    const { deps } = this.#world;
    await this.#api(`POST ${way}`, () =>
      way === 'cancel' ? cancelRotation(deps, input) : rollBack(deps, input),
    );
    await this.#simulation.runStarted();
  }

  async #extend(name: string, seconds: number): Promise<void> {
    const { store, clock, deps } = this.#world;
    const operation = (await store.readKey(name))?.operation;
    if (operation?.kind !== 'rotate-key') return;
    const until = new Date(Date.parse(clock.now()) + seconds * 1000).toISOString();
    const input = {
      operationId: operation.id,
      until,
      reason: null,
      by: ALICE.id,
      decision: PERMIT,
    };
    await this.#api('POST extension', () => extendAcknowledgement(deps, input));
  }

  /** In quiet time consumers do what they are asked: a rotation that then still waits has lost its way. */
  async #everybodyAcknowledges(): Promise<void> {
    for (const name of this.#names) {
      const snapshot = await this.#world.store.readKey(name);
      if (snapshot?.operation?.acknowledgement === undefined) continue;
      const waiting = laggards(snapshot, snapshot.operation, this.#world.clock.now());
      for (const { name: consumer } of waiting) {
        await this.#act({
          do: 'acknowledge',
          key: NAMES.indexOf(name),
          consumer: consumer === consumerName(0) ? 0 : 1,
        });
      }
    }
  }

  #api<T>(task: string, work: () => Promise<T>): Promise<T> {
    return this.#simulation.process(task, undefined, work);
  }
}

/**
 * Plays a history over a new world.
 * @param sabotage breaks the world first, to see that it is noticed
 * @returns what broke an invariant; nothing when all held
 */
export async function play(
  history: History,
  sabotage: (world: World) => void = () => {},
): Promise<readonly string[]> {
  const world = await aWorld({ visibilityCalls: history.visibilityCalls });
  sabotage(world);
  return new Player(history, world).play();
}
