// SPDX-License-Identifier: Apache-2.0
// The one step of a generation or rotation of tier `data`: a new data key, wrapped by the parent's current KMS key,
// becomes the current version, and the replaced one only opens from then on. One call to KMS and one transaction;
// nothing has to settle, because the record alone says which version encrypts. Consumers that answer are asked first.
import { KeyturnError, precondition } from '../errors.ts';
import { answering } from '../keys/consumers.ts';
import { dataKeyContext } from '../keys/naming.ts';
import type { VersionRecord, WrappedDataKey } from '../keys/records.ts';
import { mayProtect, transition } from '../keys/transitions.ts';
import { classOf, dueDates } from '../policies/classes.ts';
import type { DataKeyMaker } from '../ports/data-keys.ts';
import { type GateDeps, passGate } from './await-acknowledgements.ts';
import { endedAlready } from './end-operation.ts';
import { openStep, recordStep, type StepContext, type StepInput } from './run-step.ts';

export interface MakeDataKeyDeps extends GateDeps {
  readonly maker: DataKeyMaker;
}

/** A new data key under the parent's current version. */
async function wrapNew(deps: MakeDataKeyDeps, context: StepContext): Promise<WrappedDataKey> {
  const { key } = context.snapshot;
  precondition(key.parent, 'a key of tier data names its parent');
  const parent = await deps.ledger.readKeyRecord(key.parent);
  if (!parent || !mayProtect(parent.state) || !parent.currentKeyId || !parent.currentVersion) {
    throw new KeyturnError(
      'KeyNotUsable',
      `${key.parent}, which wraps ${key.name}, is ${parent?.state ?? 'unknown'}; nothing can be wrapped under it now`,
      { details: { key: key.name, parent: key.parent } },
    );
  }
  const keyStore = await deps.ledger.readKeyStore(parent.keyStore);
  const made = await deps.maker.makeWrapped(
    parent.currentKeyId,
    dataKeyContext(key.name, context.version.version),
    keyStore?.keyStoreId ?? parent.keyStore,
  );
  return {
    parent: parent.name,
    parentVersion: parent.currentVersion,
    keyId: parent.currentKeyId,
    keyArn: made.keyArn,
    wrapped: Buffer.from(made.wrapped).toString('base64'),
    wrappedAt: deps.clock.now(),
  };
}

/** The replaced version: readable, and nothing new is encrypted under it. */
function replaced(previous: VersionRecord, at: string): VersionRecord {
  // What was revoked stays compromised.
  const state = previous.containment ? previous.state : transition(previous.state, 'deactivated');
  return { ...previous, state, substate: null, deactivatedAt: at };
}

function completion(deps: MakeDataKeyDeps, context: StepContext, dataKey: WrappedDataKey) {
  const { snapshot, version, previous, operation } = context;
  const at = deps.clock.now();
  const policy = classOf(deps.classes, snapshot.key.class);
  precondition(policy, `class ${snapshot.key.class} exists`);
  const { parent, parentVersion } = dataKey;
  const active: VersionRecord = {
    ...version,
    dataKey,
    state: transition(version.state, 'active'),
    substate: null,
    activatedAt: at,
  };
  return {
    action: operation.kind === 'rotate-key' ? 'rotation.completed' : 'key.created',
    detail: { previousVersion: previous?.version ?? null, parent, parentVersion },
    versions: previous ? [active, replaced(previous, at)] : [active],
    key: {
      state: active.state,
      currentVersion: version.version,
      ...dueDates(policy, snapshot.key.name, at),
      ...(previous ? { lastRotatedAt: at } : {}),
      lease: null,
      retryNotBefore: null,
    },
    operation: { state: 'done' as const, endedAt: at, cause: null, retryAt: null },
  };
}

/** Records the version before its consumers are asked, so that what they were told of is what becomes current. */
async function stage(
  deps: MakeDataKeyDeps,
  input: StepInput,
  dataKey: WrappedDataKey,
): Promise<void> {
  const { parent, parentVersion } = dataKey;
  await recordStep(deps, input, 'CreateVersion', ({ version }) => ({
    action: 'version.created',
    detail: { parent, parentVersion },
    versions: [{ ...version, dataKey, substate: 'next' }],
  }));
  await passGate(deps, input);
}

/**
 * Makes the version's data key and ends the operation.
 * @throws KeyturnError `LeaseLost`; `KeyNotUsable` while the parent cannot wrap; `AcknowledgementsPending`,
 *   `AcknowledgementsMissing`; and what the vault answers
 */
export async function makeDataKey(deps: MakeDataKeyDeps, input: StepInput): Promise<void> {
  if (await endedAlready(deps, input)) return;
  const context = await openStep(deps, input);
  const made = context.version.dataKey ?? (await wrapNew(deps, context));
  const { previous, snapshot } = context;
  // Nothing works until there is a successor of what was revoked, whoever is ready for it.
  const mustAsk = previous && !previous.containment && answering(snapshot.consumers).length > 0;
  if (mustAsk) await stage(deps, input, made);
  // The recorded one may be another: two invocations of the step can have run at once, or it was re-wrapped since.
  await recordStep(deps, input, 'CompleteOperation', (current) =>
    completion(deps, current, current.version.dataKey ?? made),
  );
}
