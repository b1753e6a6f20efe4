// SPDX-License-Identifier: Apache-2.0
// What an application stores under its keys, in a history: it writes on while a run moves its ciphertexts to the current
// version, and somebody asks meanwhile whether replaced versions may go.
// I13 the text written last is what opens; I14 nothing stays under a replaced version where runs start by themselves;
// I5 a version that is being destroyed has nothing stored under it;
// R4 a version that is found ready to be destroyed has nothing stored under it.
import { MemoryKeyMaterial } from '#adapters/memory/key-material.ts';
import { isError } from '#core/errors.ts';
import { isGone, isStoppable } from '#core/keys/destruction.ts';
import type { VersionRecord } from '#core/keys/records.ts';
import { sharingKey } from '#core/keys/sharing.ts';
import { registerSource } from '#core/operations/register-source.ts';
import { retireVersion } from '#core/operations/retire-version.ts';
import { startReencryption } from '#core/operations/start-reencryption.ts';
import { decrypt, encrypt } from '#core/operations/use-key.ts';
import type { KeySnapshot } from '#core/ports/ledger.ts';
import { ARCHIVE } from '#test/support/reencryption.ts';
import { ALICE, CONSUMER, PERMIT, type World } from '#test/support/world.ts';

/** The longest that a request of the application takes from its encryption to its write. */
const MAX_REQUEST_MILLISECONDS = 60_000;

export type StoredAct =
  /** The application writes an item; `isLate`: it has encrypted, and its write comes when something else happened. */
  | {
      readonly do: 'store';
      readonly key: number;
      readonly item: number;
      readonly isLate: boolean;
    }
  | { readonly do: 'reencrypt'; readonly key: number }
  | { readonly do: 'retire'; readonly key: number; readonly versionsBack: 1 | 2 };

/** What an item says once its write has come. */
interface Write {
  readonly name: string;
  readonly id: string;
  readonly text: string;
  readonly ciphertext: Uint8Array;
  readonly encryptedAt: number;
}

const sourceName = (name: string) => `items-of-${name}`;
const contextOf = (id: string) => ({ item: id });

export class StoredItems {
  readonly #world: World;
  readonly #report: (violation: string) => void;
  /** The text of each item by key and id. */
  readonly #texts = new Map<string, Write>();
  readonly #ready = new Set<string>();
  readonly #lastUse = new Map<string, string>();
  /** Texts whose write came late: no run that had passed by then knows of them. */
  readonly #late = new Set<string>();
  #onTheWay: Write[] = [];
  #count = 0;

  constructor(world: World, report: (violation: string) => void) {
    this.#world = world;
    this.#report = report;
    world.lastUseOf = (keyId) => ({
      at: this.#lastUse.get(keyId) ?? null,
      operation: 'Encrypt',
      trackedSince: null,
    });
  }

  async do(name: string, act: StoredAct): Promise<void> {
    if (!(await this.#world.store.readKey(name))) return;
    await this.#register(name);
    // What lies under a data key is not KMS's to move: it is declared that nothing does.
    if ((await this.#world.key(name)).tier === 'data' && act.do !== 'retire') return;
    if (act.do === 'store') return this.#store(name, act);
    if (act.do === 'retire') return this.#retire(name, act.versionsBack);
    await startReencryption(this.#world.deps, {
      key: name,
      trigger: 'api',
      requestedBy: ALICE.id,
      reason: null,
      decision: PERMIT,
      claim: null,
    });
  }

  /** Writes that were late arrive; one that took too long was given up by its application. */
  arrive(): void {
    const now = Date.parse(this.#world.clock.now());
    for (const write of this.#onTheWay.splice(0))
      if (now - write.encryptedAt <= MAX_REQUEST_MILLISECONDS) {
        this.#late.add(write.text);
        this.#put(write);
      }
  }

  async #register(name: string): Promise<void> {
    const { key, sources } = await this.#world.snapshot(name);
    if (sources.some((source) => source.name === sourceName(name))) return;
    await registerSource(this.#world.deps, {
      key: name,
      name: sourceName(name),
      location: key.tier === 'data' ? { kind: 'none', reason: 'a history' } : ARCHIVE,
      shards: 1,
      copies: [],
      by: ALICE.id,
      decision: PERMIT,
    });
  }

  #crypto() {
    const { vault, store: ledger, random } = this.#world;
    return { ledger, crypto: vault.cryptoFor('use-key'), random };
  }

  async #store(name: string, { item, isLate }: Extract<StoredAct, { do: 'store' }>) {
    const key = await this.#world.store.readKeyRecord(name);
    if (key?.state !== 'active') return;
    const id = `item-${item}`;
    const text = `${name} ${id} ${this.#count}`;
    const encrypted = await encrypt(this.#crypto(), key, Buffer.from(text), contextOf(id));
    this.#count += 1;
    const { ciphertext } = encrypted;
    const at = this.#world.clock.now();
    this.#lastUse.set(MemoryKeyMaterial.keyIdOf(ciphertext) ?? '', at);
    const write = { name, id, text, ciphertext, encryptedAt: Date.parse(at) };
    if (isLate) this.#onTheWay.push(write);
    else this.#put(write);
  }

  #put(write: Write): void {
    const { name, id, ciphertext } = write;
    const part = { ciphertext, context: contextOf(id) };
    this.#world.sourceOf(sourceName(name)).put(id, { parts: [part] });
    this.#texts.set(`${name} ${id}`, write);
  }

  async #retire(name: string, versionsBack: number): Promise<void> {
    const { versions } = await this.#world.snapshot(name);
    const version = versions.at(-1 - versionsBack)?.version;
    if (version === undefined) return;
    await retireVersion(this.#world.deps, { key: name, version, by: ALICE.id, decision: PERMIT });
  }

  /** Ids of the items under a KMS key. */
  #under(name: string, keyIds: readonly (string | null)[]): readonly string[] {
    const source = this.#world.sourceOf(sourceName(name));
    return source.ids.filter((id) => {
      const [part] = source.get(id)?.parts ?? [];
      return part && keyIds.includes(MemoryKeyMaterial.keyIdOf(part.ciphertext));
    });
  }

  /** R4: looked at behind every change of a key. */
  behind({ key, versions }: KeySnapshot): void {
    for (const version of versions) {
      const at = `${key.name} v${version.version}`;
      this.#checkLeaving(versions, version);
      const isReady = version.substate === 'ready-to-destroy';
      if (isReady && (version.state !== 'deactivated' || version.version === key.currentVersion))
        this.#report(`R4 ${at} is ready to be destroyed, and ${version.state}`);
      const isNew = isReady && !this.#ready.has(at);
      if (isReady) this.#ready.add(at);
      else this.#ready.delete(at);
      if (!isNew) continue;
      const keyIds = sharingKey(versions, version).map(({ keyId }) => keyId);
      for (const id of this.#under(key.name, keyIds))
        this.#report(`R4 ${at} is ready to be destroyed, and ${id} is under it`);
    }
  }

  /** I5, for as long as it is on its way and for ever after. */
  #checkLeaving(versions: KeySnapshot['versions'], version: VersionRecord): void {
    const { destruction, name, version: number } = version;
    if (!destruction || (!isStoppable(destruction) && !isGone(destruction))) return;
    const keyIds = sharingKey(versions, version).map(({ keyId }) => keyId);
    for (const id of this.#under(name, keyIds))
      this.#report(`I5 ${name} v${number} is ${destruction.phase}, and ${id} is under it`);
  }

  /** I13 and I14, when all has been quiet for long. */
  async atTheEnd(names: readonly string[]): Promise<void> {
    for (const { name, id, text } of this.#texts.values()) await this.#checkText(name, id, text);
    for (const name of names) {
      const snapshot = await this.#world.store.readKey(name);
      if (snapshot) this.#checkRun(snapshot);
    }
  }

  async #checkText(name: string, id: string, text: string): Promise<void> {
    const key = await this.#world.store.readKeyRecord(name);
    const [part] = this.#world.sourceOf(sourceName(name)).get(id)?.parts ?? [];
    if (!key || !part) return this.#report(`I13 ${id} of ${name} is gone`);
    try {
      // A key that was let go is used without Keyturn.
      const opened = key.releasedAt
        ? await this.#world.vault.cryptoFor(CONSUMER).decrypt(part.ciphertext, part.context)
        : await decrypt(this.#crypto(), key, part.ciphertext, part.context);
      const found = Buffer.from(opened.plaintext).toString();
      if (found !== text) this.#report(`I13 ${id} says "${found}", "${text}" was written last`);
    } catch (error) {
      if (!isError(error, 'KeyStoreUnavailable'))
        this.#report(`I13 "${text}" is unreadable: ${error}`);
    }
  }

  #checkRun({ key, versions, reencryption }: KeySnapshot): void {
    if (!reencryption) return;
    const { state, operationId } = reencryption;
    if (state !== 'idle') this.#report(`I8 the re-encryption ${operationId} is ${state}`);
    const old = versions
      .filter(({ keyId }) => keyId !== key.currentKeyId)
      .map(({ keyId }) => keyId);
    const left = reencryption.isAutomatic && !key.releasedAt ? this.#under(key.name, old) : [];
    // What came behind the last run waits for the next rotation, or for who asks: told by the count, held by R4.
    const arrived = left.filter((id) => !this.#isLate(key.name, id));
    if (arrived.length > 0) this.#report(`I14 ${arrived} of ${key.name} is under an old version`);
  }

  #isLate(name: string, id: string): boolean {
    return this.#late.has(this.#texts.get(`${name} ${id}`)?.text ?? '');
  }
}
