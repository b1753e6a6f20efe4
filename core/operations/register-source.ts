// SPDX-License-Identifier: Apache-2.0
// Use cases: say where ciphertexts of a key lie, and take such a place off again. A key's old versions can be retired
// only when every registered source was counted, so a registration is a promise that is checked.
import { KeyturnError } from '../errors.ts';
import { encrypts } from '../keys/key-specs.ts';
import type {
  DeclaredCopy,
  ReencryptionRecord,
  SourceLocation,
  SourceRecord,
} from '../keys/reencryption.ts';
import { type ClassPolicy, classOf } from '../policies/classes.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock, Decision } from '../ports/platform.ts';
import { mutateKey } from './mutate-key.ts';
import { withdrawn } from './withdraw-retirement.ts';

/** More would make the partition of a key, which is read whole, large. */
const MAX_SOURCES = 32;

export interface SourceDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly classes: readonly ClassPolicy[];
}

export interface SourceInput {
  readonly key: string;
  readonly name: string;
  readonly location: SourceLocation;
  readonly shards: number;
  readonly copies: readonly DeclaredCopy[];
  readonly by: string;
  readonly decision: Decision;
}

/** The run of a key that never had one. */
export function idleRun(key: string, isAutomatic: boolean): ReencryptionRecord {
  return {
    key,
    state: 'idle',
    isAutomatic,
    operationId: null,
    fence: 0,
    pass: 0,
    passStartedAt: null,
    dueAt: null,
  };
}

function refuseWhileRunning({ reencryption }: KeySnapshot): void {
  if (reencryption?.state !== 'running') return;
  throw new KeyturnError(
    'OperationInProgress',
    `operation ${reencryption.operationId} re-encrypts this key; change its sources when it has ended`,
    { details: { operationId: reencryption.operationId } },
  );
}

function registered(snapshot: KeySnapshot, input: SourceInput, at: string): SourceRecord {
  const known = snapshot.sources.find(({ name }) => name === input.name);
  if (!known && snapshot.sources.length >= MAX_SOURCES) {
    throw new KeyturnError('ValidationFailed', `a key has at most ${MAX_SOURCES} sources`);
  }
  const isSamePlace = known && JSON.stringify(known.location) === JSON.stringify(input.location);
  return {
    key: input.key,
    name: input.name,
    location: input.location,
    shards: input.shards,
    copies: input.copies,
    // Another place was never counted, whatever was counted under this name.
    count: isSamePlace ? known.count : null,
    registeredAt: known?.registeredAt ?? at,
    registeredBy: input.by,
    removedAt: null,
  };
}

/** Nothing lies under a key that signs or authenticates, so there is nothing to count or to move. */
function requireCiphertexts({ key }: KeySnapshot, { location }: SourceInput): void {
  if (encrypts(key) || location.kind === 'none') return;
  throw new KeyturnError(
    'ValidationFailed',
    `${key.name} does not encrypt; a source of kind none declares that its old signatures are no longer relied on`,
    { fields: [{ pointer: '/location/kind', detail: 'must be none for such a key' }] },
  );
}

/**
 * Registers a source, or changes one.
 * @throws KeyturnError `KeyNotFound`, `ValidationFailed` beyond {@link MAX_SOURCES} and for what holds no ciphertexts,
 *   `OperationInProgress` while the key is re-encrypted
 */
export async function registerSource(deps: SourceDeps, input: SourceInput): Promise<SourceRecord> {
  return mutateKey(deps.ledger, input.key, (snapshot) => {
    requireCiphertexts(snapshot, input);
    refuseWhileRunning(snapshot);
    const at = deps.clock.now();
    const source = registered(snapshot, input, at);
    const policy = classOf(deps.classes, snapshot.key.class);
    const holdsDataKeys = [source, ...snapshot.sources].some(
      ({ location }) => location.kind === 'data-keys',
    );
    // Data keys always follow their parent: nobody else knows of them, so nobody would ask.
    const isAutomatic = holdsDataKeys || (policy?.reencryption?.automatic ?? false);
    const draft = {
      sources: [source],
      reencryption: {
        ...(snapshot.reencryption ?? idleRun(input.key, isAutomatic)),
        isAutomatic,
      },
      // What was found ready was found so without this source.
      versions: withdrawn(snapshot),
      audit: {
        at,
        actor: input.by,
        action: 'source.registered',
        decision: input.decision,
        operationId: null,
        detail: { source: input.name, kind: input.location.kind, shards: input.shards },
      },
    };
    return { draft, result: source };
  });
}

/** Takes a source off. @throws KeyturnError `KeyNotFound`, `SourceNotFound`, `OperationInProgress` */
export async function removeSource(
  deps: SourceDeps,
  input: Pick<SourceInput, 'key' | 'name' | 'by' | 'decision'>,
): Promise<SourceRecord> {
  return mutateKey(deps.ledger, input.key, (snapshot) => {
    refuseWhileRunning(snapshot);
    const source = snapshot.sources.find(({ name }) => name === input.name);
    if (!source) {
      throw new KeyturnError('SourceNotFound', `${input.key} has no source ${input.name}`);
    }
    const at = deps.clock.now();
    const removed = { ...source, removedAt: at };
    const draft = {
      sources: [removed],
      audit: {
        at,
        actor: input.by,
        action: 'source.removed',
        decision: input.decision,
        operationId: null,
        detail: { source: input.name, kind: source.location.kind },
      },
    };
    return { draft, result: removed };
  });
}
