// SPDX-License-Identifier: Apache-2.0
// The KMS side of a containment: what the record denies already, KMS is made to refuse. Every call is idempotent, so the
// API call, each attempt of the workflow and each retry simply do them again.
import type { PolicyTemplate } from '../contract/vocabulary.ts';
import { isError, KeyturnError } from '../errors.ts';
import { accessOfContained, contained, isContainable } from '../keys/containment.ts';
import type { VersionRecord } from '../keys/records.ts';
import type { BlockReader, KeyBlocker, PolicyWriter } from '../ports/key-vault.ts';
import type { KeySnapshot } from '../ports/ledger.ts';
import type { Workflows } from '../ports/platform.ts';
import { mutateKey, ROWS_AT_ONCE } from './mutate-key.ts';
import {
  isRecorded,
  leasedContext,
  openStep,
  recordStep,
  type StepDeps,
  type StepInput,
} from './run-step.ts';

export interface BlockDeps {
  readonly policies: PolicyWriter;
  readonly blocker: KeyBlocker;
}

export interface EnforceDeps extends StepDeps, BlockDeps {
  readonly blockReader: BlockReader;
}

/** A contained version with a KMS key that can be asked. */
export interface BlockTarget {
  readonly version: VersionRecord;
  readonly containment: NonNullable<VersionRecord['containment']>;
  readonly keyId: string;
}

/** What KMS has to refuse and was not seen to refuse yet: the current version first, then the newest. */
export function blockTargets({ key, versions }: KeySnapshot): readonly BlockTarget[] {
  const rank = ({ version }: VersionRecord) =>
    version === key.currentVersion ? Number.POSITIVE_INFINITY : version;
  return [...versions]
    .sort((a, b) => rank(b) - rank(a))
    .flatMap((version) => {
      const { containment, keyId, substate } = version;
      if (!containment || containment.confirmedAt !== null || keyId === null) return [];
      // KMS refuses every use of a key that is pending deletion.
      if (substate === 'destroy-scheduled' || version.state === 'destroyed') return [];
      return [{ version, containment, keyId }];
    });
}

/** The policy that comes with the block of a version; a key that is disabled may have one of its own. */
function lockOf({ containment, version }: BlockTarget): PolicyTemplate | null {
  const { policyTemplate: template } = version;
  if (template === 'original') return null;
  const isBlock = template === 'contained' || template === 'suspended';
  return containment.mode === 'locked' || isBlock ? template : null;
}

async function lock({ policies }: BlockDeps, target: BlockTarget): Promise<void> {
  const template = lockOf(target);
  if (template)
    await policies.applyPolicy(target.keyId, template, accessOfContained(target.version));
}

/** Stops the use of a version with one call. */
export async function block(deps: BlockDeps, target: BlockTarget): Promise<void> {
  if (target.containment.mode === 'hard') return deps.blocker.disable(target.keyId);
  await lock(deps, target);
}

/** What of a block KMS shows already. */
interface Shown {
  readonly isDisabled: boolean;
  readonly isLocked: boolean;
}

async function shownOf({ blockReader }: EnforceDeps, target: BlockTarget): Promise<Shown> {
  const template = lockOf(target);
  const access = accessOfContained(target.version);
  try {
    return {
      isDisabled: await blockReader.isDisabled(target.keyId),
      isLocked: template !== null && (await blockReader.hasPolicy(target.keyId, template, access)),
    };
  } catch (error) {
    // The policy of an adopted key may keep its state to itself.
    if (!isError(error, 'AccessDenied')) throw error;
    return { isDisabled: false, isLocked: false };
  }
}

/**
 * The block, and what of it one call does not reach: grants outlive a policy, and somebody could enable the key.
 *
 * The call that contained the key has blocked it, as a rule, and DisableKey and PutKeyPolicy have KMS's smallest quotas: where
 * `mayTrust` says so, what KMS shows to be done is not asked for again, and thousands of keys are contained in half the time.
 */
async function blockFully(deps: EnforceDeps, target: BlockTarget, mayTrust: boolean) {
  const shown = mayTrust ? await shownOf(deps, target) : null;
  const { containment, keyId } = target;
  if (containment.mode === 'hard' && !shown?.isDisabled) await deps.blocker.disable(keyId);
  if (!shown?.isLocked) await lock(deps, target);
  if (containment.kind === 'revocation') await deps.blocker.revokeGrants(keyId);
}

/** Rows that did not fit into the transaction that denied the key. */
async function markRest(deps: EnforceDeps, input: StepInput): Promise<void> {
  for (let isDone = false; !isDone; ) {
    isDone = await mutateKey(deps.ledger, input.key, (snapshot) => {
      const { operation } = leasedContext(snapshot, input);
      const { containment } = snapshot.key;
      const marked = containment
        ? snapshot.versions.filter(isContainable).flatMap((version) => {
            const next = contained(version, containment);
            return next === version ? [] : [next];
          })
        : [];
      if (marked.length === 0) return { draft: null, result: true };
      const versions = marked.slice(0, ROWS_AT_ONCE);
      const known = snapshot.key.containedVersions ?? [];
      const draft = {
        key: {
          containedVersions: [...new Set([...known, ...versions.map(({ version }) => version)])],
        },
        versions,
        audit: {
          at: deps.clock.now(),
          actor: `workflow/${operation.kind}`,
          action: 'versions.contained',
          decision: { effect: 'permit' as const, rule: 'lease-holder' },
          operationId: input.operationId,
          detail: { versions: versions.length },
        },
      };
      return { draft, result: false };
    });
  }
}

/** Makes KMS refuse every version that the record denies. @throws KeyturnError `LeaseLost`, and what the vault answers */
export async function enforceContainment(deps: EnforceDeps, input: StepInput): Promise<void> {
  await openStep(deps, input, 'BeginOperation');
  await markRest(deps, input);
  const { snapshot, operation } = await openStep(deps, input);
  const targets = blockTargets(snapshot);
  // KMS shows changes late, so a second attempt, which comes when the proof failed, trusts nothing; and behind an operation
  // that lost the key a call may be under way that undoes what is shown.
  const isFirst = operation.attempt === 1 && (operation.containment?.quietUntil ?? null) === null;
  for (const target of targets) await blockFully(deps, target, isFirst);
  await recordStep(deps, input, 'EnforceContainment', () => ({
    action: 'containment.enforced',
    detail: { kmsKeys: targets.length },
  }));
}

/**
 * An operation that lost the key may have had a call under way, such as one that opens a policy. When none can be left,
 * everything is done once more. An operation that took the key from nobody has nothing to repeat.
 * @throws KeyturnError `ProbeNotYetConclusive` until then, `LeaseLost`, and what the vault answers
 */
export async function repeatContainment(deps: EnforceDeps, input: StepInput): Promise<void> {
  const { snapshot, operation } = await openStep(deps, input, 'EnforceContainment');
  if (isRecorded(operation, 'RepeatContainment')) return;
  const quietUntil = operation.containment?.quietUntil ?? null;
  if (quietUntil !== null && quietUntil > deps.clock.now())
    throw new KeyturnError(
      'ProbeNotYetConclusive',
      `a call of the operation that held the key may be under way until ${quietUntil}`,
    );
  const targets = quietUntil === null ? [] : blockTargets(snapshot);
  for (const target of targets) await blockFully(deps, target, false);
  await recordStep(deps, input, 'RepeatContainment', () => ({
    action: 'containment.repeated',
    detail: { kmsKeys: targets.length },
  }));
}

/** Starts what confirms a containment. @returns false for a lost start: the sweep notices when the lease has run out */
export function hasStarted({ workflows }: { readonly workflows: Workflows }, operationId: string) {
  return workflows.start('revoke-key', operationId, 1).then(
    () => true,
    () => false,
  );
}
