// SPDX-License-Identifier: Apache-2.0
// Step: the first contact with a KMS key of somebody else. What it is, with its policy, is stored as evidence before
// anything of it is changed; then Keyturn's marks are put on it, as on a recorded version. Giving it back is the other
// way round: its own policy, from that evidence; no alias of ours; no marks. [INV-02] an adopted key is never disabled
// and never scheduled for deletion when its adoption is undone.
import { canonicalHash, sha256Hex } from '../crypto/hashing.ts';
import { KeyturnError, precondition } from '../errors.ts';
import type { VersionRecord } from '../keys/records.ts';
import type { EvidenceReader, EvidenceStore } from '../ports/evidence-store.ts';
import type { ForeignGrant, ForeignKey, KeyInspector } from '../ports/key-inspector.ts';
import type { AliasRemover, KeyMarker, PolicyRestorer, Provenance } from '../ports/key-vault.ts';
import { noteClosing } from './apply-policy.ts';
import { mutateKey } from './mutate-key.ts';
import {
  isRecorded,
  leasedContext,
  openStep,
  recordStep,
  type StepDeps,
  type StepInput,
} from './run-step.ts';

export interface AdoptVersionDeps extends StepDeps {
  readonly inspector: KeyInspector;
  readonly marker: KeyMarker;
  readonly evidence: EvidenceStore;
  readonly stage: string;
}

/** What is kept of a key as it was. */
interface Original {
  readonly keyId: string;
  readonly key: ForeignKey;
  readonly grants: readonly ForeignGrant[];
}

function requireUnchanged(key: ForeignKey, { adoption }: VersionRecord): void {
  const isSamePolicy = key.policy !== null && sha256Hex(key.policy) === adoption?.policyDigest;
  const isMarked = key.tags?.['keyturn:stage'] !== undefined;
  if (key.state === 'Enabled' && isSamePolicy && !isMarked) return;
  throw new KeyturnError(
    'KeyNotAdoptable',
    `the KMS key changed since its adoption was asked for: ${isMarked ? 'it carries tags of Keyturn' : isSamePolicy ? `its state is ${key.state}` : 'its policy is another'}; report on it again`,
    { details: { keyId: key.keyId } },
  );
}

/** Without our tags no step could be done or undone: a new attempt ends what the last one began. */
function requireNotGivenBack({ substate, keyId }: VersionRecord): void {
  if (substate !== 'giving-back') return;
  throw new KeyturnError(
    'KeyNotAdoptable',
    'its adoption is being undone, and is undone to its end',
    {
      details: { keyId },
    },
  );
}

async function keepOriginal(
  deps: AdoptVersionDeps,
  input: StepInput,
  version: VersionRecord,
  keyId: string,
): Promise<void> {
  const key = await deps.inspector.inspect(keyId);
  requireUnchanged(key, version);
  const original: Original = { keyId, key, grants: await deps.inspector.listGrants(keyId) };
  const digest = canonicalHash(original);
  const object = `adoption/${keyId}/${digest}.json`;
  await deps.evidence.store(object, JSON.stringify(original));
  await recordStep(deps, input, 'AdoptVersion', ({ version: current }) => {
    precondition(current.adoption, 'an adopted version says what it was adopted from');
    return {
      action: 'version.original-kept',
      detail: { keyId, object, digest },
      versions: [{ ...current, adoption: { ...current.adoption, original: { object, digest } } }],
    };
  });
}

/**
 * Keeps the key as it was, then marks it.
 * @throws KeyturnError `LeaseLost`, `KeyNotAdoptable` when it changed meanwhile, and what vault and evidence store answer
 */
export async function adoptVersion(deps: AdoptVersionDeps, input: StepInput): Promise<void> {
  const { version, operation } = await openStep(deps, input, 'BeginOperation');
  requireNotGivenBack(version);
  const { keyId } = version;
  precondition(keyId, 'an adopted version has its KMS key from its admission on');
  if (!isRecorded(operation, 'AdoptVersion')) await keepOriginal(deps, input, version, keyId);
  // Until the version is verified: an attempt that died before the marks is made good.
  if (version.substate !== 'creating') return;
  const provenance: Provenance = {
    stage: deps.stage,
    name: input.key,
    version: version.version,
    operationId: input.operationId,
  };
  await deps.marker.mark(keyId, provenance);
}

export interface RestorePolicyDeps extends StepDeps {
  readonly restorer: PolicyRestorer;
  readonly evidence: EvidenceReader;
}

/** The policy in the evidence, which nobody can have changed since. */
async function policyIn(evidence: EvidenceReader, version: VersionRecord): Promise<string> {
  const original = version.adoption?.original;
  precondition(original, 'the original of an adopted key is kept before anything is changed');
  const document: unknown = JSON.parse(await evidence.read(original.object));
  const { keyId, key } = document as Partial<Original>;
  if (canonicalHash(document) === original.digest && keyId === version.keyId && key?.policy)
    return key.policy;
  throw new KeyturnError(
    'InternalError',
    `evidence ${original.object} is not what was recorded of ${version.keyId}: restore its policy by hand`,
  );
}

/**
 * Gives an adopted key its own policy back, if ours may have been put.
 * @throws KeyturnError `LeaseLost`, and what vault and evidence store answer
 */
export async function restorePolicy(deps: RestorePolicyDeps, input: StepInput): Promise<void> {
  const { version, operation } = await openStep(deps, input);
  // It was put back before the tags began to come off.
  if (version.substate === 'giving-back') return;
  if (!(await noteClosing(deps, input))) return;
  // The policy is written behind the canary only.
  if (version.keyId === null || !isRecorded(operation, 'VerifyVersion')) return;
  await deps.restorer.restorePolicy(version.keyId, await policyIn(deps.evidence, version));
}

export interface GiveBackDeps {
  readonly marker: KeyMarker;
  readonly aliasRemover: AliasRemover;
}

/** Records that our alias and tags come off, before they do. */
async function noteGivingBack(deps: StepDeps, input: StepInput): Promise<void> {
  await mutateKey(deps.ledger, input.key, (snapshot) => {
    const { version, operation } = leasedContext(snapshot, input);
    if (version.substate === 'giving-back') return { draft: null, result: undefined };
    const draft = {
      versions: [{ ...version, substate: 'giving-back' as const }],
      audit: {
        at: deps.clock.now(),
        actor: `workflow/${operation.kind}`,
        action: 'version.give-back-intended',
        decision: { effect: 'permit' as const, rule: 'lease-holder' },
        operationId: input.operationId,
        detail: { version: version.version, keyId: version.keyId },
      },
    };
    return { draft, result: undefined };
  });
}

/** Takes everything of ours off a key whose adoption is undone; nothing else is done to it. */
export async function giveBack(
  deps: GiveBackDeps & StepDeps,
  input: StepInput,
  { keyId, alias, adoption, operationId }: VersionRecord,
): Promise<void> {
  if (keyId === null || !adoption?.original) return;
  await noteGivingBack(deps, input);
  await deps.aliasRemover.removeAlias(alias, keyId);
  await deps.marker.unmark(keyId, operationId);
}
