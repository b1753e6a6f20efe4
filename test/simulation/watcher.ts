// SPDX-License-Identifier: Apache-2.0
// Looks at the world behind every port call and keeps what breaks an invariant. The numbers are those of the design:
// I1 a live alias points at a usable version; I2 what was written stays readable; I3 states move along the table;
// I4 one holder of a key; I6 a state change and its audit record are one; I8 every operation ends;
// I10 no switch before the consumers that answer; I11 who is registered opens; I12 a consumer's last use never goes back.
import { verifyChain } from '#core/audit/chain.ts';
import { dueAt } from '#core/keys/due.ts';
import type { OperationRecord, VersionRecord } from '#core/keys/records.ts';
import { isLegal } from '#core/keys/transitions.ts';
import { keyStream } from '#core/operations/mutate-key.ts';
import type { StepInput } from '#core/operations/run-step.ts';
import type { KeySnapshot } from '#core/ports/ledger.ts';
import type { CallSite } from '#test/support/simulation.ts';
import type { World } from '#test/support/world.ts';
import { FOREIGN_POLICY } from './adopted.ts';
import { unseen } from './key-uses.ts';

const HOUR = 3600_000;
const isHeld = (operation: OperationRecord) =>
  operation.state === 'running' || operation.state === 'parked';

export class Watcher {
  readonly violations: string[] = [];
  readonly #world: World;
  readonly #names: readonly string[];
  readonly #isInPlace: boolean;
  readonly #last = new Map<string, KeySnapshot>();
  readonly #operations = new Map<string, OperationRecord>();

  /** Looks at what else holds of a key that changed. */
  alsoBehind: (snapshot: KeySnapshot) => void = () => {};

  /** @param isInPlace whether KMS rotates these keys itself, so that versions share a KMS key (decision 18) */
  constructor(world: World, names: readonly string[], isInPlace: boolean) {
    this.#world = world;
    this.#names = names;
    this.#isInPlace = isInPlace;
  }

  /** Keeps a violation once. */
  report(what: string): void {
    if (!this.violations.includes(what)) this.violations.push(what);
  }

  /** Called behind each port call, whoever made it. */
  async behind(site: CallSite): Promise<void> {
    this.#checkAliases();
    if (site.method === 'commit') await this.#checkRecords(site);
  }

  /** I1, for readers and for what was written last; a version's own alias never moves. */
  #checkAliases(): void {
    const keys = new Map(this.#world.vault.inspect().map((key) => [key.keyId, key]));
    for (const { alias, target, seen } of this.#world.vault.inspectAliases()) {
      const isOfVersion = /\/v\d+$/.test(alias);
      for (const keyId of [target, seen]) {
        const key = keys.get(keyId ?? '');
        if (keyId === null || !key) continue;
        if (isOfVersion && !this.#isNameOf(alias, key.provenance))
          this.report(`I1 ${alias} points at version ${key.provenance.version}`);
        if (isOfVersion) continue;
        // Who encrypts by an alias of their own goes on under the policy that the key had.
        if (key.template === 'original' && alias.startsWith('alias/legacy-')) continue;
        if (key.isPendingDeletion) this.report(`I1 ${alias} points at a key pending deletion`);
        // Who lets a key go leaves it to those who use it.
        if (key.template !== 'active' && key.template !== 'released')
          this.report(
            `I1 ${alias} points at a ${key.template} key, version ${key.provenance.version}`,
          );
        if (!alias.endsWith(`/${key.provenance.name}`))
          this.report(`I1 ${alias} points at a key of ${key.provenance.name}`);
      }
    }
  }

  /** A version's alias names its KMS key; where KMS rotates in place that is the one it began with. */
  #isNameOf(alias: string, { name, version }: { name: string; version: number }): boolean {
    const [, named = '', number = ''] = /\/([^/]+)\/v(\d+)$/.exec(alias) ?? [];
    return named === name && (this.#isInPlace ? Number(number) >= version : +number === version);
  }

  async #checkRecords(site: CallSite): Promise<void> {
    for (const name of this.#names) {
      const after = await this.#world.store.readKey(name);
      if (!after) continue;
      const before = this.#last.get(name);
      this.#last.set(name, after);
      if (before && before.key.revision === after.key.revision) continue;
      this.#checkVersions(before?.versions ?? [], after.versions);
      if (before) this.#checkFence(before, after, site);
      if (before) this.#checkGate(before, after);
      this.alsoBehind(after);
      for (const what of unseen(before?.consumers ?? [], after.consumers)) this.report(what);
      await this.#checkOperations(after);
      await this.#checkChain(name, before?.key.revision ?? 0, after);
    }
  }

  /** I3: legal edges, numbers without gaps, and a recorded KMS key is never exchanged. */
  #checkVersions(before: readonly VersionRecord[], after: readonly VersionRecord[]): void {
    if (after.length < before.length) this.report('I3 a version is gone');
    for (const [index, version] of after.entries()) {
      const at = `${version.name} v${version.version}`;
      if (version.version !== index + 1) this.report(`I3 ${at} is number ${index + 1}`);
      const earlier = before[index];
      if (!earlier) continue;
      if (earlier.state !== version.state && !isLegal(earlier.state, version.state))
        this.report(`I3 ${at} moved from ${earlier.state} to ${version.state}`);
      if (earlier.state === 'destroyed' && version.dataKey)
        this.report(`I3 ${at} is destroyed, and has a data key`);
      if (earlier.keyId !== null && earlier.keyId !== version.keyId)
        this.report(`I3 ${at} exchanged its KMS key`);
    }
  }

  /** I4: a step writes only under the fence it was given, and fences only grow. */
  #checkFence(before: KeySnapshot, after: KeySnapshot, site: CallSite): void {
    if (after.key.fence < before.key.fence) this.report(`I4 the fence of ${after.key.name} fell`);
    const { key, fence, operationId } = (site.payload ?? {}) as Partial<StepInput>;
    if (key !== after.key.name || fence === undefined) return;
    // A re-encryption holds no lease: its run has a fence of its own (decision 13).
    const { reencryption: run } = before;
    const held = run?.operationId === operationId ? run?.fence : before.key.lease?.fence;
    if (held !== fence)
      this.report(`I4 ${site.task} wrote ${key} under fence ${fence}, not ${held}`);
  }

  /**
   * I10: a consumer that answers has acknowledged the version that its key switches to, unless it switches back. Of new
   * material in place there is nothing to take up.
   */
  #checkGate(before: KeySnapshot, { key, consumers }: KeySnapshot): void {
    const earlier = before.key.currentVersion;
    if (this.#isInPlace) return;
    if (earlier === null || key.currentVersion === null || key.currentVersion <= earlier) return;
    for (const { name, acknowledgement, acknowledgedVersion } of consumers) {
      if (acknowledgement.mode === 'api' && acknowledgedVersion !== key.currentVersion)
        this.report(`I10 ${key.name} switched to v${key.currentVersion} without ${name}`);
    }
  }

  /** I4: one open operation, the lease's. I8: what has ended stays ended, what is parked has a retry time. */
  async #checkOperations({ key, versions, operation: holder }: KeySnapshot): Promise<void> {
    const open: string[] = [];
    for (const version of versions) {
      const operation = await this.#world.store.readOperation(version.operationId);
      if (!operation) {
        this.report(`I6 ${version.name} v${version.version} has no operation`);
        continue;
      }
      const earlier = this.#operations.get(operation.id);
      this.#operations.set(operation.id, operation);
      if (earlier && !isHeld(earlier) && earlier.state !== operation.state)
        this.report(`I8 ${operation.id} went from ${earlier.state} to ${operation.state}`);
      if (operation.state === 'parked' && operation.retryAt === null)
        this.report(`I8 ${operation.id} is parked for ever`);
      if (isHeld(operation)) open.push(operation.id);
    }
    // A change of access makes no version: it is known by the lease alone.
    const isRotating = key.lease !== null && holder?.kind !== 'update-access';
    const held = isRotating ? [key.lease?.operationId] : [];
    if (open.join() !== held.join())
      this.report(`I4 ${key.name} is held by [${held}] while [${open}] are open`);
  }

  /** I6: as many audit records as revisions, linked, and the new ones are all of this change. */
  async #checkChain(name: string, revision: number, { key }: KeySnapshot): Promise<void> {
    const stream = keyStream(name);
    const { records, head } = await this.#world.store.readAudit(stream, 0, 100_000);
    if (records.length !== key.revision || head.sequence !== key.revision)
      this.report(`I6 ${name} is at revision ${key.revision} with ${records.length} records`);
    // A hook sees the change of one commit, or of one and what happened in its middle.
    if (key.revision <= revision) this.report(`I6 ${name} went back to revision ${key.revision}`);
  }

  /** When all has been quiet for long: everything ended, nothing leaks, every chain holds. */
  async atTheEnd(): Promise<void> {
    for (const name of this.#names) {
      const snapshot = await this.#world.store.readKey(name);
      if (!snapshot) continue;
      const { records, head } = await this.#world.store.readAudit(keyStream(name), 0, 100_000);
      const finding = verifyChain(keyStream(name), records, head);
      if (finding) this.report(`I6 audit of ${name}: ${finding.detail}`);
      await this.#checkEnded(snapshot);
    }
    await this.#checkKeys();
  }

  async #checkEnded({ key, versions }: KeySnapshot): Promise<void> {
    if (key.lease) this.report(`I8 ${key.name} is still held by ${key.lease.operationId}`);
    for (const version of versions) {
      const operation = await this.#world.store.readOperation(version.operationId);
      if (operation && isHeld(operation))
        this.report(`I8 ${operation.id} is ${operation.state}: ${operation.cause}`);
      if (/InternalError|TypeError/.test(operation?.cause ?? ''))
        this.report(`a bug: ${operation?.cause}`);
    }
    const due = dueAt(key);
    if (due !== null && Date.parse(due) < Date.parse(this.#world.clock.now()) - 2 * HOUR)
      this.report(`I8 ${key.name} has been due since ${due}`);
    const active = versions.filter((version) => version.state === 'active');
    if (
      active.length !== (key.currentVersion === null ? 0 : 1) ||
      (active[0]?.keyId ?? null) !== key.currentKeyId
    )
      this.report(`I3 ${key.name} has ${active.length} active versions`);
  }

  /** Somebody else's key, as it was before its adoption or is again behind it. */
  #isGivenBack({ keyId, policy, ...key }: ReturnType<World['vault']['inspect']>[number]): boolean {
    const aliases = this.#world.vault.inspectAliases().filter(({ target }) => target === keyId);
    return (
      policy.document === FOREIGN_POLICY &&
      !key.isTagged &&
      !key.isPendingDeletion &&
      aliases.every(({ alias }) => alias.startsWith('alias/legacy-'))
    );
  }

  /** I8: a KMS key is a version's, or it is scheduled for deletion; of those of an undone version both hold. */
  async #checkKeys(): Promise<void> {
    for (const key of this.#world.vault.inspect()) {
      if (this.#isGivenBack(key)) continue;
      const recorded = await this.#world.store.findRecordedKey(key.keyId);
      const version =
        recorded && (await this.#world.store.readVersion(recorded.name, recorded.version));
      // What people had destroyed is looked at by who plays it.
      const isPlanned = version?.destruction !== undefined;
      const isUnwanted = !version || (version.substate === 'destroy-scheduled' && !isPlanned);
      if (isUnwanted !== key.isPendingDeletion)
        this.report(
          `I8 ${key.keyId} is ${version ? `${recorded?.name} v${version.version}` : 'unrecorded'} and ${key.isPendingDeletion ? '' : 'not '}pending deletion`,
        );
    }
  }
}
