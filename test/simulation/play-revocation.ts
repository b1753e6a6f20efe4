// SPDX-License-Identifier: Apache-2.0
// Plays a history of stops, and looks behind every call: what is denied is refused, what says that it is proven is refused
// by KMS, what is compromised stays so; in the end everything has ended, and all that is not revoked can be read.
import { isError } from '#core/errors.ts';
import { awaitsSuccessor } from '#core/keys/containment.ts';
import type { VersionRecord } from '#core/keys/records.ts';
import { isLegal } from '#core/keys/transitions.ts';
import { containKey } from '#core/operations/contain-key.ts';
import { decrypt, encrypt } from '#core/operations/use-key.ts';
import { ask, execute, vote } from '#test/support/approvals.ts';
import { type CallSite, ExecutionLost, ProcessDied, Simulation } from '#test/support/simulation.ts';
import { ALICE, aWorld, CONSUMER, PERMIT, type World } from '#test/support/world.ts';
import { Faults } from './faults.ts';
import type { Act, Fault, History } from './revocation-history.ts';

const QUIET_SWEEPS = 8;
const TEXT = new Uint8Array([1, 2, 3]);
/** Calls to KMS: only these are refused, for the table is where the truth is. */
const OF_KMS = ['applyPolicy', 'disable', 'enable', 'encrypt', 'decrypt', 'revokeGrants'];
/** What the system itself may answer to an act that makes no sense now. */
const ALLOWED = [
  'ApprovalStale',
  'KeyNotFound',
  'KeyNotUsable',
  'OperationInProgress',
  'RevisionConflict',
  'TransitionForbidden',
] as const;

class Player {
  readonly violations: string[] = [];
  readonly #world: World;
  readonly #simulation: Simulation;
  readonly #written: { readonly ciphertext: Uint8Array; readonly version: number }[] = [];
  readonly #faults: Faults<Extract<Fault, { goes: 'stopped' }>>;
  #claims = 0;
  #last: readonly VersionRecord[] = [];
  #isStopping = false;

  constructor(history: History, world: World) {
    this.#world = world;
    this.#faults = new Faults<Extract<Fault, { goes: 'stopped' }>>(history.faults, world, {
      isRefusable: (method) => OF_KMS.includes(method),
      play: (fault, site) => this.#stop(fault.act, site),
    });
    this.#simulation = new Simulation(world);
  }

  async play(acts: readonly Act[]): Promise<readonly string[]> {
    await this.#world.admitKey();
    await this.#simulation.runStarted();
    await this.#encrypt();
    this.#simulation.calls = 0;
    this.#simulation.interrupt = (site) => this.#faults.at(site);
    for (const act of acts) {
      await this.#tried(() => this.#act(act));
      await this.#check(JSON.stringify(act));
    }
    this.#faults.end();
    await this.#quiet();
    await this.#checkEnded();
    await this.#tried(() => this.#act({ do: 'lift' }));
    await this.#quiet();
    await this.#readBack();
    return this.violations;
  }

  async #quiet(): Promise<void> {
    for (let sweep = 0; sweep < QUIET_SWEEPS; sweep += 1) {
      this.#world.clock.advance(3600);
      await this.#simulation.sweep();
      await this.#check('quiet');
    }
  }

  async #tried(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const isDeath = error instanceof ProcessDied || error instanceof ExecutionLost;
      if (
        isDeath ||
        isError(
          error,
          ...ALLOWED,
          'DependencyUnavailable',
          'KeyStoreUnavailable',
          'AccessDenied',
          'KeyNotYetVisible',
        )
      )
        return;
      throw error;
    }
  }

  async #act(act: Act): Promise<unknown> {
    switch (act.do) {
      case 'encrypt':
        return this.#encrypt();
      case 'rotate':
        await this.#world.admitRotation();
        return this.#simulation.runStarted();
      case 'contain':
        await this.#contain(act);
        return this.#simulation.runStarted();
      case 'lift':
        return this.#lift();
      case 'open':
        return this.#open(act.version);
      case 'sweep':
        return this.#simulation.sweep();
      case 'wait':
        return this.#world.clock.advance(act.seconds);
    }
  }

  async #encrypt(): Promise<void> {
    const { ciphertext, version } = await encrypt(this.#plane(), await this.#world.key(), TEXT, {});
    this.#written.push({ ciphertext, version });
  }

  /** By the world's own ports, faults and all: what it denies holds from its commit on. */
  async #contain(act: Extract<Act, { do: 'contain' }>): Promise<void> {
    const { versions } = await this.#world.snapshot();
    const isOfVersion = act.version !== null && act.kind === 'revocation';
    this.#claims += 1;
    await containKey(this.#world.deps, {
      key: 'orders',
      version: isOfVersion ? (Number(act.version) % versions.length) + 1 : null,
      kind: act.kind,
      mode: act.mode,
      reason: 'simulated',
      occurredAt: null,
      withSuccessor: isOfVersion && act.successor === true,
      isEmergency: false,
      by: ALICE.id,
      decision: PERMIT,
      claim: { scope: `simulated/${this.#claims}`, bodyHash: 'body' },
    });
  }

  async #lift(): Promise<void> {
    const approval = await ask(this.#world, 'key.lift-suspension', { key: 'orders' });
    await vote(this.#world, approval, 'bob');
    await vote(this.#world, approval, 'carol');
    const { executedAs } = await execute(this.#world, approval);
    if (executedAs !== null) await this.#simulation.run('resume-key', executedAs, 1);
  }

  async #open(counted: number): Promise<void> {
    const { versions } = await this.#world.snapshot();
    const version = (counted % versions.length) + 1;
    const parameters = { hours: 1 };
    const approval = await ask(this.#world, 'version.open', { key: 'orders', version, parameters });
    await vote(this.#world, approval, 'bob');
    await vote(this.#world, approval, 'carol');
    const { executedAs } = await execute(this.#world, approval);
    if (executedAs !== null) await this.#simulation.run('update-access', executedAs, 1);
  }

  #plane() {
    const { store: ledger, vault, random } = this.#world;
    return { ledger, crypto: vault.cryptoFor('use-key'), random };
  }

  async #stop(act: Act, site: CallSite | null): Promise<void> {
    if (this.#isStopping || act.do !== 'contain') return;
    this.#isStopping = true;
    // Its workflow runs later: no call of a function outlasts the quiet time in front of the proof.
    await this.#tried(() => this.#contain(act));
    this.#isStopping = false;
    await this.#check(`stopped at call ${site?.number}`);
  }

  #report(what: string): void {
    if (!this.violations.includes(what)) this.violations.push(what);
  }

  async #check(where: string): Promise<void> {
    const snapshot = await this.#world.store.readKey('orders');
    if (!snapshot) return;
    const { key, versions } = snapshot;
    this.#checkStates(versions);
    const shown = new Map(this.#world.vault.inspect().map((one) => [one.keyId, one]));
    for (const { version, keyId, containment, state } of versions) {
      if (!containment || containment.confirmedAt === null || state === 'destroyed') continue;
      const kms = shown.get(keyId ?? '');
      const isRefused = !kms || kms.isDisabled || kms.isPendingDeletion;
      // While a suspension is lifted KMS is opened first.
      const isLifting =
        snapshot.operation?.kind === 'resume-key' && containment.kind === 'suspension';
      if (!isRefused && !isLifting && !['contained', 'suspended'].includes(kms.seenTemplate))
        this.#report(`R2 v${version} is proven and ${kms.seenTemplate} at KMS (${where})`);
    }
    await this.#checkRevoked(versions, where);
    for (const { ciphertext, version } of this.#written) {
      const isDenied = key.containment || versions[version - 1]?.containment;
      if (isDenied && (await this.#opens(ciphertext)))
        this.#report(`R1 v${version} is denied and opens (${where})`);
    }
  }

  /** What is revoked for certain: nobody reads it at KMS, but re-encryption for as long as people have said. */
  async #checkRevoked(versions: readonly VersionRecord[], where: string): Promise<void> {
    const { vault, clock } = this.#world;
    for (const { ciphertext, version } of this.#written) {
      const { containment, keyId } = versions[version - 1] ?? {};
      if (containment?.kind !== 'revocation' || containment.confirmedAt === null) continue;
      const opensFor = (caller: Parameters<typeof vault.cryptoFor>[0]) =>
        vault
          .cryptoFor(caller)
          .decrypt(ciphertext, {}, keyId ?? '')
          .then(
            () => true,
            () => false,
          );
      if (await opensFor(CONSUMER)) this.#report(`R6 v${version} is revoked and read (${where})`);
      const isOpen = containment.opening !== undefined && containment.opening.until > clock.now();
      if (!isOpen && (await opensFor('reencrypt')))
        this.#report(`R7 v${version} is re-encrypted though nobody opened it (${where})`);
    }
  }

  #checkStates(versions: readonly VersionRecord[]): void {
    for (const [index, earlier] of this.#last.entries()) {
      const { state, version } = versions[index] ?? earlier;
      if (earlier.state === 'compromised' && state !== 'compromised' && state !== 'destroyed')
        this.#report(`R3 v${version} came back as ${state}`);
      // Several changes may lie between two looks.
      const isTwoSteps =
        ['active', 'suspended'].includes(earlier.state) || earlier.state === 'pre-activation';
      if (earlier.state !== state && !isLegal(earlier.state, state) && !isTwoSteps)
        this.#report(`R3 v${version} moved from ${earlier.state} to ${state}`);
    }
    this.#last = versions;
  }

  async #opens(ciphertext: Uint8Array): Promise<boolean> {
    return decrypt(this.#plane(), await this.#world.key(), ciphertext, {}).then(
      () => true,
      () => false,
    );
  }

  async #checkEnded(): Promise<void> {
    const { key, versions } = await this.#world.snapshot();
    if (key.lease) this.#report(`R4 the key is still held by ${key.lease.operationId}`);
    if (awaitsSuccessor(key) && key.dueBecause?.trigger === 'compromise')
      this.#report('R8 the successor that was asked for never came');
    if (key.containment && key.containment.confirmedAt === null)
      this.#report('R4 the containment was never confirmed');
    for (const { version, containment } of versions)
      if (containment && containment.confirmedAt === null)
        this.#report(`R4 v${version} was never confirmed`);
    for (const { kind, operationId } of this.#world.workflows.started) {
      if (kind === 'approve') continue;
      const operation = await this.#world.store.readOperation(operationId);
      const isWaiting = operation?.state === 'parked' && key.containment?.resumes === operationId;
      if (operation && ['running', 'parked'].includes(operation.state) && !isWaiting)
        this.#report(
          `R4 ${operation.kind} ${operationId} is ${operation.state}: ${operation.cause}`,
        );
    }
  }

  async #readBack(): Promise<void> {
    const { key, versions } = await this.#world.snapshot();
    if (key.containment) {
      if (key.containment.kind === 'suspension') this.#report('R5 the suspension was not lifted');
      return;
    }
    for (const { ciphertext, version } of this.#written)
      if (!versions[version - 1]?.containment && !(await this.#opens(ciphertext)))
        this.#report(`R5 what v${version} wrote is unreadable`);
  }
}

/**
 * @param spoil breaks the world, to see that it is noticed
 * @returns what the history broke, in words
 */
export async function playRevocation(
  history: History,
  spoil: (world: World) => void = () => {},
): Promise<readonly string[]> {
  const world = await aWorld({ visibilityCalls: history.visibilityCalls });
  spoil(world);
  return new Player(history, world).play(history.acts);
}
