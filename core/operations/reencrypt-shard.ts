// SPDX-License-Identifier: Apache-2.0
// The worker of re-encryption: goes through one shard page by page and writes a checkpoint behind each. It may die at
// any item: the page is done again, and an item that is already under the current version is left as it is. It never
// writes over what an application wrote meanwhile, and never touches a ciphertext of another key.
import { isError, KeyturnError, precondition } from '../errors.ts';
import { mayReencryptFrom } from '../keys/containment.ts';
import type { VersionRecord } from '../keys/records.ts';
import type { SourceRecord } from '../keys/reencryption.ts';
import type {
  CiphertextSource,
  OpenSource,
  SealedPart,
  SourceItem,
} from '../ports/ciphertext-source.ts';
import type { ReEncryptor } from '../ports/key-vault.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock } from '../ports/platform.ts';
import type { RateBudget } from '../ports/rate-budget.ts';
import type {
  DeadItem,
  ReencryptionProgress,
  ShardCheckpoint,
} from '../ports/reencryption-progress.ts';
import { later } from './admit-operation.ts';
import { readRun, type ShardInput } from './reencryption-run.ts';

export interface ReencryptShardDeps {
  readonly ledger: Ledger;
  readonly progress: ReencryptionProgress;
  readonly clock: Clock;
  readonly openSource: OpenSource;
  readonly reEncryptor: ReEncryptor;
  readonly budget: RateBudget;
}

export interface Pace {
  /** Items of a page: what is done again after a death. */
  readonly pageItems: number;
  /** Items at once. */
  readonly concurrency: number;
  /** Seconds after which no further page is begun. */
  readonly seconds: number;
}

/** What happened to one item. */
interface Outcome {
  /** Version of each ciphertext that was found. */
  readonly versions: readonly number[];
  readonly isRewritten: boolean;
  readonly isChanged: boolean;
  readonly dead: string | null;
}

const NOTHING: Outcome = { versions: [], isRewritten: false, isChanged: false, dead: null };
const dead = (cause: string): Outcome => ({ ...NOTHING, dead: cause });

/** Failures of one ciphertext, which time does not mend. Everything else stops the shard, which is tried again. */
const LOST = ['CiphertextInvalid', 'AccessDenied', 'KeyNotUsable'] as const;

/** What a page is treated with: the versions as they are now. */
class Treatment {
  readonly #deps: ReencryptShardDeps;
  readonly #source: CiphertextSource;
  readonly #versions: ReadonlyMap<string, VersionRecord>;
  readonly #target: { readonly keyId: string; readonly keyArn: string; readonly version: number };
  readonly #bucket: { readonly keyStore: string; readonly upcoming: number };

  constructor(
    deps: ReencryptShardDeps,
    source: CiphertextSource,
    { key, versions }: KeySnapshot,
    bucket: { keyStore: string; upcoming: number },
  ) {
    const current = versions.find(({ version }) => version === key.currentVersion);
    if (key.state !== 'active' || !current?.keyId || !current.keyArn) {
      throw new KeyturnError(
        'KeyNotUsable',
        `${key.name} is ${key.state}; nothing is re-encrypted`,
      );
    }
    this.#deps = deps;
    this.#source = source;
    this.#versions = new Map(versions.map((version) => [version.keyId ?? '', version]));
    this.#target = { keyId: current.keyId, keyArn: current.keyArn, version: current.version };
    this.#bucket = bucket;
  }

  async of(item: SourceItem): Promise<Outcome> {
    if ('defect' in item) return dead(item.defect);
    try {
      return 'parts' in item ? await this.#ofParts(item) : await this.#ofHeld(item);
    } catch (error) {
      if (isError(error, ...LOST)) return dead(`${error.code}: ${error.message}`);
      throw error;
    }
  }

  /** The version that wrote an item, and why it is left alone. */
  #sourceOf(keyId: string): { readonly version: number; readonly objection: string | null } {
    const found = this.#versions.get(keyId);
    // Another key's ciphertext: our right to read it is not the application's right to move it (threat T7).
    if (!found) return { version: 0, objection: `it is under another key, ${keyId}` };
    const { version } = found;
    const mayRead = mayReencryptFrom(found, this.#deps.clock.now());
    const closed = `version ${version} is revoked and not open for re-encryption; see "reencrypt open"`;
    return { version, objection: mayRead ? null : closed };
  }

  async #ofParts(item: SourceItem & { readonly parts: readonly SealedPart[] }): Promise<Outcome> {
    const versions: number[] = [];
    const replaced: (Uint8Array | null)[] = [];
    for (const { ciphertext, context } of item.parts) {
      await this.#deps.budget.acquire({ call: 'CryptographicInKeyStore', ...this.#bucket });
      const done = await this.#deps.reEncryptor.reEncrypt(ciphertext, context, this.#target.keyId);
      const { version, objection } = this.#sourceOf(done.sourceKeyId);
      if (objection !== null) return dead(objection);
      versions.push(version);
      replaced.push(version === this.#target.version ? null : done.ciphertext);
    }
    if (replaced.every((part) => part === null)) return { ...NOTHING, versions };
    const isRewritten = await this.#source.replace(item, {
      ciphertexts: replaced,
      target: this.#target,
    });
    return { versions, isRewritten, isChanged: !isRewritten, dead: null };
  }

  async #ofHeld(item: SourceItem & { keyId: string }): Promise<Outcome> {
    const { version, objection } = this.#sourceOf(item.keyId);
    if (objection !== null) return dead(objection);
    if (version === this.#target.version) return { ...NOTHING, versions: [version] };
    await this.#deps.budget.acquire({ call: 'CryptographicInKeyStore', ...this.#bucket });
    const isRewritten = await this.#source.replace(item, { keyArn: this.#target.keyArn });
    return { versions: [version], isRewritten, isChanged: !isRewritten, dead: null };
  }
}

/** Treats items, so many at once; the first failure ends it when what was begun has come to its end. */
async function treatAll(
  items: readonly SourceItem[],
  treatment: Treatment,
  concurrency: number,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const failures: unknown[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length && failures.length === 0) {
      const index = next;
      next += 1;
      const item = items[index];
      if (item) outcomes[index] = await treatment.of(item);
    }
  };
  const workers = Array.from({ length: concurrency }, () =>
    worker().catch((error: unknown) => failures.push(error)),
  );
  await Promise.all(workers);
  if (failures.length > 0) throw failures[0];
  return outcomes;
}

function firstCheckpoint(input: ShardInput, expected: number | null, at: string): ShardCheckpoint {
  const { operationId, source, shard, pass } = input;
  return {
    operationId,
    source,
    shard,
    pass,
    sequence: 0,
    cursor: null,
    isDone: false,
    items: 0,
    found: {},
    rewritten: 0,
    changed: 0,
    dead: 0,
    expected,
    updatedAt: at,
  };
}

/** The checkpoint with a page added to it. */
function withPage(
  before: ShardCheckpoint,
  outcomes: readonly Outcome[],
  cursor: string | null,
  at: string,
): ShardCheckpoint {
  const found: Record<string, number> = { ...before.found };
  for (const version of outcomes.flatMap(({ versions }) => versions))
    found[version] = (found[version] ?? 0) + 1;
  const count = (is: (outcome: Outcome) => boolean) => outcomes.filter(is).length;
  return {
    ...before,
    sequence: before.sequence + 1,
    cursor,
    isDone: cursor === null,
    items: before.items + outcomes.length,
    found,
    rewritten: before.rewritten + count(({ isRewritten }) => isRewritten),
    changed: before.changed + count(({ isChanged }) => isChanged),
    dead: before.dead + count((outcome) => outcome.dead !== null),
    updatedAt: at,
  };
}

function deadItems(
  source: SourceRecord,
  items: readonly SourceItem[],
  outcomes: readonly Outcome[],
  at: string,
): DeadItem[] {
  return outcomes.flatMap(({ dead: cause }, index) =>
    cause === null ? [] : [{ source: source.name, id: items[index]?.id ?? '', cause, at }],
  );
}

async function checkpointOf(
  deps: ReencryptShardDeps,
  input: ShardInput,
  record: SourceRecord,
  source: CiphertextSource,
): Promise<ShardCheckpoint> {
  const { operationId, shard, pass } = input;
  const known = await deps.progress.readCheckpoint(operationId, input.source, shard);
  if (known && known.pass > pass) throw passedOn(input);
  if (known?.pass === pass) return known;
  const estimate = known ? null : await source.estimate();
  const expected = known ? known.items : estimate && Math.ceil(estimate / record.shards);
  const first = firstCheckpoint(input, expected, deps.clock.now());
  return { ...first, sequence: known?.sequence ?? 0 };
}

function passedOn(input: ShardInput): KeyturnError {
  return new KeyturnError(
    'LeaseLost',
    `another worker goes on with shard ${input.shard} of ${input.source}`,
    { details: { operationId: input.operationId, shard: input.shard } },
  );
}

/** Treats the next page and writes its checkpoint. */
async function nextPage(
  deps: ReencryptShardDeps,
  input: ShardInput,
  before: ShardCheckpoint,
  pace: Pace,
  opened: { record: SourceRecord; source: CiphertextSource },
): Promise<ShardCheckpoint> {
  // The versions are read again for every page: a rotation may have made another one current.
  const { snapshot } = await readRun(deps.ledger, input);
  const keyStore = await deps.ledger.readKeyStore(snapshot.key.keyStore);
  const page = await opened.source.readPage(input.shard, before.cursor, pace.pageItems);
  const treatment = new Treatment(deps, opened.source, snapshot, {
    keyStore: keyStore?.keyStoreId ?? snapshot.key.keyStore,
    upcoming: Math.max(1, page.items.length),
  });
  const outcomes = await treatAll(page.items, treatment, pace.concurrency);
  const at = deps.clock.now();
  const after = withPage(before, outcomes, page.cursor, at);
  const isWritten = await deps.progress.write(
    after,
    deadItems(opened.record, page.items, outcomes, at),
  );
  if (!isWritten) throw passedOn(input);
  return after;
}

/**
 * Works on a shard until it is done or the time is up.
 * @throws KeyturnError `LeaseLost` when another attempt or worker goes on with it, and what source and vault answer
 */
export async function reencryptShard(
  deps: ReencryptShardDeps,
  input: ShardInput,
  pace: Pace,
): Promise<{ isDone: boolean }> {
  const { snapshot } = await readRun(deps.ledger, input);
  const record = snapshot.sources.find(({ name }) => name === input.source);
  precondition(record, `source ${input.source} of ${input.key} is registered`);
  const source = deps.openSource(record);
  const deadline = later(deps.clock.now(), pace.seconds);
  let checkpoint = await checkpointOf(deps, input, record, source);
  while (!checkpoint.isDone && deps.clock.now() < deadline) {
    checkpoint = await nextPage(deps, input, checkpoint, pace, { record, source });
  }
  return { isDone: checkpoint.isDone };
}
