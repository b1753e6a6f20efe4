// SPDX-License-Identifier: Apache-2.0
// The KMS side of a containment: what the record denies already, KMS is made to refuse. Every call is idempotent, so the
// API call, each attempt of the workflow and each retry simply do them again.
import { KeyturnError } from '../errors.ts';
import { accessOfContained, contained, isContainable } from '../keys/containment.ts';
import type { VersionRecord } from '../keys/records.ts';
import type { KeyBlocker, PolicyWriter } from '../ports/key-vault.ts';
import type { KeySnapshot } from '../ports/ledger.ts';
import { mutateKey } from './mutate-key.ts';
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

export interface EnforceDeps extends StepDeps, BlockDeps {}

/** Versions that one transaction changes: DynamoDB takes 100 items, and the rest of the change needs some. */
export const VERSIONS_PER_CHANGE = 80;

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

/** Stops the use of a version with one call. */
export async function block(deps: BlockDeps, target: BlockTarget): Promise<void> {
  const { containment, keyId, version } = target;
  if (containment.mode === 'hard') return deps.blocker.disable(keyId);
  if (version.policyTemplate !== 'original')
    await deps.policies.applyPolicy(keyId, version.policyTemplate, accessOfContained(version));
}

/** The same, and what of it one call does not reach: grants outlive a policy, and somebody could enable the key. */
export async function blockFully(deps: BlockDeps, target: BlockTarget): Promise<void> {
  await block(deps, target);
  const { containment, keyId, version } = target;
  const { policyTemplate: template } = version;
  // One that was locked before it was disabled has its policy still, or a lifting took it away meanwhile.
  if (containment.mode === 'hard' && (template === 'contained' || template === 'suspended'))
    await deps.policies.applyPolicy(keyId, template, accessOfContained(version));
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
      const versions = marked.slice(0, VERSIONS_PER_CHANGE);
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
  const { snapshot } = await openStep(deps, input);
  const targets = blockTargets(snapshot);
  for (const target of targets) await blockFully(deps, target);
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
  for (const target of targets) await blockFully(deps, target);
  await recordStep(deps, input, 'RepeatContainment', () => ({
    action: 'containment.repeated',
    detail: { kmsKeys: targets.length },
  }));
}
