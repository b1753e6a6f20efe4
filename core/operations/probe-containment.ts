// SPDX-License-Identifier: Apache-2.0
// Steps that ask KMS whether a contained version is refused, or a lifted one works again. KMS shows changes with a delay,
// and not everywhere at once (AWS KMS developer guide, programming-eventual-consistency): one refusal proves nothing, so
// each version is asked again and again, in two steps with a wait between them.

import type { Step } from '../contract/vocabulary.ts';
import { isError, KeyturnError, precondition } from '../errors.ts';
import { accessOf } from '../keys/consumers.ts';
import { accessOfContained } from '../keys/containment.ts';
import type { VersionRecord } from '../keys/records.ts';
import { mayProcess } from '../keys/transitions.ts';
import type { CryptoUser, PolicyReader, Prover } from '../ports/key-vault.ts';
import { type BlockTarget, blockTargets } from './enforce-containment.ts';
import { liftTargets } from './resume-key.ts';
import { recordStep, type StepContext, type StepDeps, type StepInput } from './run-step.ts';

/** What a probe needs. */
export interface ProbeDeps extends StepDeps {
  readonly crypto: CryptoUser;
  /** Of keys that sign or authenticate. */
  readonly prover: Prover;
  readonly policies: PolicyReader;
  readonly random: (bytes: number) => Uint8Array;
}

/** Asked in a row; one answer that is no refusal begins anew. */
const PROBES = 3;
const CANARY_BYTES = 32;

/** The verifier's own ways of using a version, which only its canary opens. */
export interface CanaryUse {
  readonly contextOf: (version: VersionRecord) => Readonly<Record<string, string>>;
  readonly reads: (deps: ProbeDeps, version: VersionRecord) => Promise<void>;
  readonly roundTrip: (deps: ProbeDeps, version: VersionRecord) => Promise<unknown>;
}

async function use(deps: ProbeDeps, { version, keyId }: BlockTarget, canary: CanaryUse) {
  const context = canary.contextOf(version);
  if (version.canary === null)
    return deps.crypto.encrypt(keyId, deps.random(CANARY_BYTES), context);
  return deps.crypto.decrypt(Buffer.from(version.canary.ciphertext, 'base64'), context, keyId);
}

/** An outage is no refusal: it ends, and then the key would work. */
async function isRefused(deps: ProbeDeps, target: BlockTarget, canary: CanaryUse) {
  try {
    await use(deps, target, canary);
    return false;
  } catch (error) {
    if (isError(error, 'AccessDenied', 'KeyNotUsable')) return true;
    throw error;
  }
}

async function showsPolicy(deps: ProbeDeps, { version, keyId }: BlockTarget) {
  const { policyTemplate: template } = version;
  if (template !== 'contained' && template !== 'suspended') return true;
  return deps.policies.hasPolicy(keyId, template, accessOfContained(version));
}

async function requireRefused(deps: ProbeDeps, target: BlockTarget, canary: CanaryUse) {
  const number = target.version.version;
  const notYet = (what: string) =>
    new KeyturnError('ProbeNotYetConclusive', `version ${number} ${what}`, {
      details: { version: number },
    });
  if (!(await showsPolicy(deps, target))) throw notYet('does not show its policy yet');
  for (let probe = 0; probe < PROBES; probe += 1)
    if (!(await isRefused(deps, target, canary))) throw notYet('is still usable');
}

/** @throws KeyturnError `ProbeNotYetConclusive` while KMS lets any contained version be used */
export async function checkContained(
  deps: ProbeDeps,
  input: StepInput,
  { snapshot }: StepContext,
  step: Extract<Step, 'ProbeContainment' | 'ConfirmContainment'>,
  canary: CanaryUse,
): Promise<void> {
  const targets = blockTargets(snapshot);
  for (const target of targets) await requireRefused(deps, target, canary);
  await recordStep(deps, input, step, () => ({
    action: 'containment.probed',
    detail: { kmsKeys: targets.length, refusals: targets.length * PROBES },
  }));
}

/** What was written before the suspension opens again. KMS shows that a key is enabled with a delay. */
async function requireReadable(deps: ProbeDeps, version: VersionRecord, canary: CanaryUse) {
  // One that never was in use may be on its way out: its operation goes on with that.
  const wasInUse = version.containment && mayProcess(version.containment.before.state);
  if (version.canary === null || !wasInUse) return;
  try {
    await canary.reads(deps, version);
  } catch (error) {
    if (!isError(error, 'KeyNotUsable')) throw error;
    throw new KeyturnError(
      'ProbeNotYetConclusive',
      `version ${version.version} does not open yet what it wrote`,
    );
  }
}

/** What was lifted shows its policy, every version opens what it wrote, and the one that will be current works. */
export async function checkLifted(
  deps: ProbeDeps,
  input: StepInput,
  context: StepContext,
  canary: CanaryUse,
): Promise<void> {
  const access = accessOf(context.snapshot.key);
  const targets = liftTargets(context.snapshot);
  for (const { keyId, version, template } of targets) {
    if (template !== null && !(await deps.policies.hasPolicy(keyId, template, access)))
      throw new KeyturnError(
        'ProbeNotYetConclusive',
        `version ${version.version} does not show its ${template} policy yet`,
      );
  }
  for (const { version } of targets) await requireReadable(deps, version, canary);
  // A rotation that was stopped behind its switch has two active versions, and may have restricted the older.
  const { currentVersion } = context.snapshot.key;
  const current = targets.find(
    ({ version }) =>
      version.version === currentVersion && version.containment?.before.state === 'active',
  );
  if (current) await canary.roundTrip(deps, current.version);
  precondition(context.snapshot.key.containment, 'what is lifted was suspended');
  await recordStep(deps, input, 'ProbeLifted', () => ({
    action: 'suspension.probed',
    detail: { kmsKeys: targets.length },
  }));
}
