// SPDX-License-Identifier: Apache-2.0
// Steps that write key policies: open the new version to the consumers, restrict the replaced one to decryption, or,
// as the compensation of opening, close a version again.

import type { PolicyTemplate } from '../contract/vocabulary.ts';
import { precondition } from '../errors.ts';
import { accessOf, boundTo } from '../keys/consumers.ts';
import type { VersionRecord } from '../keys/records.ts';
import { sharingKey } from '../keys/sharing.ts';
import type { PolicyWriter } from '../ports/key-vault.ts';
import type { KeySnapshot } from '../ports/ledger.ts';
import { mutateKey } from './mutate-key.ts';
import {
  isRecorded,
  leasedContext,
  openStep,
  recordStep,
  type StepContext,
  type StepDeps,
  type StepInput,
  withStep,
} from './run-step.ts';

export interface ApplyPolicyDeps extends StepDeps {
  readonly policies: PolicyWriter;
}

async function apply(
  deps: ApplyPolicyDeps,
  { snapshot }: StepContext,
  version: VersionRecord,
  template: PolicyTemplate,
): Promise<void> {
  precondition(version.keyId, 'a policy is written on a recorded KMS key');
  await deps.policies.applyPolicy(version.keyId, template, accessOf(snapshot.key));
}

/** The versions that the policy of a version's KMS key is about, as they are to be recorded. */
function withTemplate(
  { versions }: KeySnapshot,
  version: VersionRecord,
  policyTemplate: PolicyTemplate,
): readonly VersionRecord[] {
  return sharingKey(versions, version).map((one) => ({ ...one, policyTemplate }));
}

/** Opens the new version to the key's consumers. @throws KeyturnError `LeaseLost`, and what the vault answers */
export async function openPolicy(deps: ApplyPolicyDeps, input: StepInput): Promise<void> {
  const context = await openStep(deps, input, 'VerifyVersion');
  if (isRecorded(context.operation, 'OpenPolicy')) return;
  await apply(deps, context, context.version, 'active');
  await recordStep(deps, input, 'OpenPolicy', ({ snapshot, version }) => ({
    action: 'policy.opened',
    detail: { template: 'active' },
    versions: withTemplate(snapshot, version, 'active'),
  }));
}

/**
 * Leaves the replaced version to decryption alone. [INV-02] what was encrypted before a rotation opens after it.
 * @throws KeyturnError `LeaseLost`, and what the vault answers
 */
export async function restrictPolicy(deps: ApplyPolicyDeps, input: StepInput): Promise<void> {
  const context = await openStep(deps, input, 'ProbeAlias');
  if (isRecorded(context.operation, 'RestrictPolicy')) return;
  const { previous } = context;
  precondition(previous, 'a rotation has a version to restrict');
  if (context.version.isInPlace) return keepShared(deps, input);
  if (previous.containment) return keepContained(deps, input);
  const bound = boundTo(context.snapshot.consumers, previous);
  if (bound.length > 0) return keepBound(deps, input, bound.length);
  await apply(deps, context, previous, 'decrypt-only');
  await recordStep(deps, input, 'RestrictPolicy', ({ snapshot }) => ({
    action: 'policy.restricted',
    detail: { template: 'decrypt-only', previousVersion: previous.version },
    versions: withTemplate(snapshot, previous, 'decrypt-only'),
  }));
}

/** Both versions are one KMS key: restricting the older would close the newer, and KMS encrypts under the newer alone. */
async function keepShared(deps: ApplyPolicyDeps, input: StepInput): Promise<void> {
  await recordStep(deps, input, 'RestrictPolicy', ({ previous }) => ({
    action: 'policy.shared',
    detail: { previousVersion: previous?.version ?? null },
  }));
}

/** It was revoked meanwhile, which denies more than a replaced version is denied. */
async function keepContained(deps: ApplyPolicyDeps, input: StepInput): Promise<void> {
  await recordStep(deps, input, 'RestrictPolicy', ({ previous }) => ({
    action: 'policy.kept-contained',
    detail: { previousVersion: previous?.version ?? null },
  }));
}

/** An AWS service still holds on to the version: it stays as it is until the service is declared moved. */
async function keepBound(deps: ApplyPolicyDeps, input: StepInput, services: number): Promise<void> {
  await recordStep(deps, input, 'RestrictPolicy', ({ previous }) => {
    precondition(previous, 'a rotation has a version to restrict');
    return {
      action: 'policy.kept-open',
      detail: { previousVersion: previous.version, services },
      versions: [{ ...previous, substate: 'bound' }],
    };
  });
}

/**
 * Records that the policy is being closed, before it is: from then on the switch is refused until the policy was
 * opened and probed again. Whoever records first, this or the intent to switch, keeps the other from its act.
 * @returns false when the operation is past the switch, where nothing is closed any more
 */
export async function noteClosing(deps: StepDeps, input: StepInput): Promise<boolean> {
  return mutateKey(deps.ledger, input.key, (snapshot) => {
    const { version, operation } = leasedContext(snapshot, input);
    if (isPastSwitch(version)) return { draft: null, result: false };
    if (isRecorded(operation, 'ClosePolicy') && !isRecorded(operation, 'OpenPolicy'))
      return { draft: null, result: true };
    const at = deps.clock.now();
    const template = version.adoption ? ('original' as const) : ('pre-activation' as const);
    const draft = {
      versions: [{ ...version, policyTemplate: template }],
      operation: withStep(operation, 'ClosePolicy', at),
      audit: {
        at,
        actor: `workflow/${operation.kind}`,
        action: 'policy.close-intended',
        decision: { effect: 'permit' as const, rule: 'lease-holder' },
        operationId: input.operationId,
        detail: { version: version.version, template },
      },
    };
    return { draft, result: true };
  });
}

/**
 * Takes consumers off a version that will not be published.
 * @throws KeyturnError `LeaseLost`, and what the vault answers
 */
export async function closePolicy(deps: ApplyPolicyDeps, input: StepInput): Promise<void> {
  const context = await openStep(deps, input);
  if (context.version.keyId === null || isPastSwitch(context.version)) return;
  if (!(await noteClosing(deps, input))) return;
  await apply(deps, context, context.version, 'pre-activation');
}

/** From the recorded intent to switch on, nothing is undone. */
export function isPastSwitch(version: VersionRecord): boolean {
  return (
    version.substate === 'switching' ||
    version.state !== 'pre-activation' ||
    version.isInPlace === true
  );
}
