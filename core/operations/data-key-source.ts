// SPDX-License-Identifier: Apache-2.0
// The data keys that a key wraps, as a source of its ciphertexts: when the level above rotates, the engine of
// re-encryption moves them under the new version. KMS re-encrypts them without anybody seeing one; each lands in its
// own key's record, in a transaction that fails when it is no longer what was read.
import { precondition } from '../errors.ts';
import { dataKeyContext } from '../keys/naming.ts';
import type { VersionRecord, WrappedDataKey } from '../keys/records.ts';
import type { SourceRecord } from '../keys/reencryption.ts';
import type {
  CiphertextSource,
  Replacement,
  SourceItem,
  SourcePage,
} from '../ports/ciphertext-source.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Clock, Decision, Principal } from '../ports/platform.ts';
import { mutateKey } from './mutate-key.ts';
import { registerSource, type SourceDeps } from './register-source.ts';

/** Name of the source on every key that wraps data keys. */
export const DATA_KEY_SOURCE = 'data-keys';
/** DynamoDB keeps so many days for point-in-time recovery (developer guide), and with them the old wrapping. */
const RECOVERY_DAYS = 35;

/** Registers the source when a key gets its first data key; a request repeated finds it there. */
export async function ensureDataKeySource(
  deps: SourceDeps & { readonly dataKeyShards: number },
  parent: string,
  by: { readonly principal: Principal; readonly decision: Decision },
): Promise<void> {
  const snapshot = await deps.ledger.readKey(parent);
  if (snapshot?.sources.some(({ location }) => location.kind === 'data-keys')) return;
  await registerSource(deps, {
    key: parent,
    name: DATA_KEY_SOURCE,
    location: { kind: 'data-keys' },
    shards: deps.dataKeyShards,
    copies: [{ kind: 'point-in-time-recovery', retentionDays: RECOVERY_DAYS }],
    by: by.principal.id,
    decision: by.decision,
  });
}

export class DataKeySource implements CiphertextSource {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #parent: string;
  /** What was handed out, by the item's id. */
  readonly #read = new Map<string, VersionRecord>();

  constructor({ ledger, clock }: { ledger: Ledger; clock: Clock }, { key }: SourceRecord) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#parent = key;
  }

  async readPage(shard: number, cursor: string | null, limit: number): Promise<SourcePage> {
    const page = await this.#ledger.listDataKeys(this.#parent, shard, cursor, limit);
    // Pages before this one are decided: their items are not asked for any more.
    this.#read.clear();
    const items = page.items.flatMap((version) => {
      const { name, version: number, dataKey } = version;
      if (!dataKey) return [];
      const id = `${name}/v${number}`;
      this.#read.set(id, version);
      const ciphertext = Buffer.from(dataKey.wrapped, 'base64');
      return [{ id, parts: [{ ciphertext, context: dataKeyContext(name, number) }] }];
    });
    return { items, cursor: page.nextCursor };
  }

  async replace(item: SourceItem, replacement: Replacement): Promise<boolean> {
    const seen = this.#read.get(item.id);
    if (!seen?.dataKey || !('ciphertexts' in replacement)) return false;
    const [ciphertext] = replacement.ciphertexts;
    const { target } = replacement;
    precondition(ciphertext && target, 'a data key is replaced by one under a known version');
    return this.#put(seen, {
      parent: this.#parent,
      parentVersion: target.version,
      keyId: target.keyId,
      keyArn: target.keyArn,
      wrapped: Buffer.from(ciphertext).toString('base64'),
      wrappedAt: this.#clock.now(),
    });
  }

  /** The index does not count; the passes do. */
  async estimate(): Promise<number | null> {
    return null;
  }

  /** Only the wrapping changes: no state, no lease, so that no rotation waits for it. */
  #put(seen: VersionRecord, dataKey: WrappedDataKey): Promise<boolean> {
    return mutateKey<boolean>(this.#ledger, seen.name, ({ versions }) => {
      const version = versions.find((one) => one.version === seen.version);
      if (version?.dataKey?.wrapped !== seen.dataKey?.wrapped || !version)
        return { draft: null, result: false };
      const draft = {
        versions: [{ ...version, dataKey }],
        audit: {
          at: this.#clock.now(),
          actor: 'workflow/reencrypt',
          action: 'version.rewrapped',
          decision: { effect: 'permit' as const, rule: 'parent-rotated' },
          operationId: null,
          detail: {
            version: version.version,
            parent: dataKey.parent,
            from: version.dataKey?.parentVersion ?? null,
            to: dataKey.parentVersion,
          },
        },
      };
      return { draft, result: true };
    });
  }
}
