// SPDX-License-Identifier: Apache-2.0
// Steps that ask KMS instead of believing it: a canary round trip before a version is published, the same under the
// open policy, and after retirement that encryption is refused while decryption works, with a control beside it.
// The verifier role may use keys only with the canary's encryption context, so it can open nobody's data.
import type { Check } from '../contract/vocabulary.ts';
import { equalDigests, sha256 } from '../crypto/hashing.ts';
import { isError, KeyturnError, precondition } from '../errors.ts';
import { accessOf } from '../keys/consumers.ts';
import { accessOfContained } from '../keys/containment.ts';
import { CANARY_CONTEXT_KEY } from '../keys/naming.ts';
import type { VersionRecord } from '../keys/records.ts';
import type { Context } from '../ports/key-vault.ts';
import { openingTargets } from './open-version.ts';
import {
  type CanaryUse,
  checkContained,
  checkLifted,
  type ProbeDeps,
} from './probe-containment.ts';
import {
  isRecorded,
  openStep,
  recordStep,
  requireBehind,
  type StepContext,
  type StepInput,
} from './run-step.ts';
import { canaryUserOf } from './signed-canary.ts';
import { releaseTargetsOf, targetsOf } from './update-access.ts';

export type VerifyVersionDeps = ProbeDeps;

/** Bytes of a canary: as long as the data keys that are usually wrapped. */
const CANARY_BYTES = 32;

function canaryContext(version: VersionRecord): Context {
  return { [CANARY_CONTEXT_KEY]: `${version.name}/v${version.version}` };
}

function keyIdOf(version: VersionRecord): string {
  precondition(
    version.keyId,
    `version ${version.version} of ${version.name} has its KMS key recorded`,
  );
  return version.keyId;
}

/** Encrypts and decrypts a fresh canary; also proves that another context does not open it. */
async function roundTrip(deps: VerifyVersionDeps, version: VersionRecord) {
  const keyId = keyIdOf(version);
  const plaintext = deps.random(CANARY_BYTES);
  const digest = sha256(plaintext);
  const ciphertext = await deps.crypto.encrypt(keyId, plaintext, canaryContext(version));
  const opened = await deps.crypto.decrypt(ciphertext, canaryContext(version), keyId);
  if (opened.keyId !== keyId || !equalDigests(sha256(opened.plaintext), digest)) {
    throw new KeyturnError(
      'CanaryMismatch',
      `version ${version.version} did not give its canary back`,
    );
  }
  await refuseOtherContext(deps, version, ciphertext);
  const kept = Buffer.from(digest).toString('hex');
  return { ciphertext: Buffer.from(ciphertext).toString('base64'), digest: kept };
}

async function refuseOtherContext(
  deps: VerifyVersionDeps,
  version: VersionRecord,
  ciphertext: Uint8Array,
) {
  const other = { [CANARY_CONTEXT_KEY]: `${version.name}/other` };
  try {
    await deps.crypto.decrypt(ciphertext, other, keyIdOf(version));
  } catch (error) {
    if (isError(error, 'CiphertextInvalid')) return;
    throw error;
  }
  throw new KeyturnError('CanaryMismatch', 'a ciphertext opened under another encryption context');
}

/** The version's canary still opens: what was written before stays readable. */
async function readsOldCanary(deps: VerifyVersionDeps, version: VersionRecord): Promise<void> {
  precondition(version.canary, `version ${version.version} of ${version.name} kept its canary`);
  const ciphertext = Buffer.from(version.canary.ciphertext, 'base64');
  const opened = await deps.crypto.decrypt(ciphertext, canaryContext(version), keyIdOf(version));
  if (!equalDigests(sha256(opened.plaintext), Buffer.from(version.canary.digest, 'hex'))) {
    throw new KeyturnError('CanaryMismatch', `version ${version.version} gave another canary back`);
  }
}

async function holdsPolicy(deps: VerifyVersionDeps, context: StepContext, version: VersionRecord) {
  const access = accessOf(context.snapshot.key);
  const { policyTemplate: template } = version;
  precondition(template !== 'original', 'what is probed is a policy of ours');
  if (await deps.policies.hasPolicy(keyIdOf(version), template, access)) return;
  throw new KeyturnError(
    'ProbeNotYetConclusive',
    `version ${version.version} does not show its ${template} policy yet`,
    { details: { version: version.version, template } },
  );
}

/** `canary`: before anybody but the verifier may use the version. */
async function checkCanary(
  deps: VerifyVersionDeps,
  input: StepInput,
  context: StepContext,
): Promise<void> {
  const canary = await roundTrip(deps, context.version);
  await recordStep(deps, input, 'VerifyVersion', ({ version }) => ({
    action: 'version.verified',
    detail: { check: 'canary' },
    versions: [{ ...version, canary, verifiedAt: deps.clock.now(), substate: 'next' }],
  }));
}

/** `open`: the consumers' policy is in force and the canary still goes round. */
async function checkOpen(
  deps: VerifyVersionDeps,
  input: StepInput,
  context: StepContext,
): Promise<void> {
  await holdsPolicy(deps, context, context.version);
  await roundTrip(deps, context.version);
  await recordStep(deps, input, 'ProbeOpen', () => ({
    action: 'version.probed',
    detail: { check: 'open' },
  }));
}

async function isEncryptRefused(deps: VerifyVersionDeps, version: VersionRecord): Promise<boolean> {
  try {
    await deps.crypto.encrypt(keyIdOf(version), deps.random(CANARY_BYTES), canaryContext(version));
    return false;
  } catch (error) {
    if (isError(error, 'AccessDenied')) return true;
    throw error;
  }
}

/** `decrypt-only`: the replaced version refuses to encrypt and still decrypts; the control is the new version. */
async function checkDecryptOnly(
  deps: VerifyVersionDeps,
  input: StepInput,
  context: StepContext,
): Promise<void> {
  const { previous } = context;
  if (!previous) throw new KeyturnError('InternalError', 'there is no replaced version to probe');
  if (previous.containment) return probeReplacedContained(deps, input, previous);
  await holdsPolicy(deps, context, previous);
  if (context.version.isInPlace) return probeInPlace(deps, input, context, previous);
  if (previous.substate === 'bound') return probeBound(deps, input, previous);
  if (!(await isEncryptRefused(deps, previous))) {
    throw new KeyturnError('ProbeNotYetConclusive', `version ${previous.version} still encrypts`, {
      details: { version: previous.version },
    });
  }
  // The control: the same role encrypts under the new version now, so the refusal is the policy's and no outage.
  await roundTrip(deps, context.version);
  await readsOldCanary(deps, previous);
  await recordStep(deps, input, 'ProbeDecryptOnly', () => ({
    action: 'version.probed',
    detail: {
      check: 'decrypt-only',
      previousVersion: previous.version,
      encrypt: 'refused',
      decrypt: 'works',
    },
  }));
}

/**
 * Old and new version are one KMS key: what the old material wrote still opens, and what is written now is under the
 * new one, as KMS says itself.
 */
async function probeInPlace(
  deps: VerifyVersionDeps,
  input: StepInput,
  { version }: StepContext,
  previous: VersionRecord,
): Promise<void> {
  await readsOldCanary(deps, previous);
  const plaintext = deps.random(CANARY_BYTES);
  const written = await deps.crypto.encrypt(keyIdOf(version), plaintext, canaryContext(version));
  const { materialId } = await deps.crypto.decrypt(
    written,
    canaryContext(version),
    keyIdOf(version),
  );
  if (!materialId || materialId === previous.materialId)
    throw new KeyturnError(
      'ProbeNotYetConclusive',
      'KMS does not encrypt under the new material yet',
    );
  await recordStep(deps, input, 'ProbeDecryptOnly', ({ version: current }) => ({
    action: 'version.probed',
    detail: {
      check: 'in-place',
      previousVersion: previous.version,
      material: materialId,
      decrypt: 'works',
    },
    // A question whose answer was lost may have been asked twice: then KMS has gone one further.
    versions: [{ ...current, materialId }],
  }));
}

/** A version that was revoked beside its rotation: its own operation proves that it is refused. */
async function probeReplacedContained(
  deps: VerifyVersionDeps,
  input: StepInput,
  previous: VersionRecord,
) {
  await recordStep(deps, input, 'ProbeDecryptOnly', () => ({
    action: 'version.probed',
    detail: { check: 'contained', previousVersion: previous.version },
  }));
}

/** A bound version is not restricted: what was written under it still opens, and that is all there is to prove. */
async function probeBound(deps: VerifyVersionDeps, input: StepInput, previous: VersionRecord) {
  await readsOldCanary(deps, previous);
  await recordStep(deps, input, 'ProbeDecryptOnly', () => ({
    action: 'version.probed',
    detail: { check: 'bound', previousVersion: previous.version, decrypt: 'works' },
  }));
}

/** Versions that are open for re-encryption show the policy that says for how long, and still refuse everybody else. */
async function probeOpenings(deps: VerifyVersionDeps, { snapshot }: StepContext): Promise<void> {
  for (const { version, keyId } of openingTargets(snapshot)) {
    const shows = await deps.policies.hasPolicy(keyId, 'contained', accessOfContained(version));
    if (!shows || !(await isEncryptRefused(deps, version)))
      throw new KeyturnError(
        'ProbeNotYetConclusive',
        `version ${version.version} does not show yet for how long it is open`,
      );
  }
}

/** `access`: every readable version shows the policy that names the consumers of now, and does what it should. */
async function checkAccess(
  deps: VerifyVersionDeps,
  input: StepInput,
  context: StepContext,
): Promise<void> {
  if (context.operation.isRelease) return checkReleased(deps, input, context);
  const targets = targetsOf(context.snapshot);
  for (const { version } of targets) await holdsPolicy(deps, context, version);
  await probeOpenings(deps, context);
  for (const { version } of targets.filter((target) => target.template === 'decrypt-only')) {
    if (version.substate === 'bound' && !(await isEncryptRefused(deps, version))) {
      throw new KeyturnError('ProbeNotYetConclusive', `version ${version.version} still encrypts`);
    }
  }
  await roundTrip(deps, context.version);
  await recordStep(deps, input, 'ProbeAccess', () => ({
    action: 'access.probed',
    detail: { policies: targets.length },
  }));
}

/** A key that is let go: every readable version shows the policy that it is left with. */
async function checkReleased(
  deps: VerifyVersionDeps,
  input: StepInput,
  context: StepContext,
): Promise<void> {
  const targets = releaseTargetsOf(context.snapshot);
  for (const { version } of targets) await holdsPolicy(deps, context, version);
  await recordStep(deps, input, 'ProbeAccess', () => ({
    action: 'access.probed',
    detail: { policies: targets.length, released: true },
  }));
}

const CANARY: CanaryUse = { contextOf: canaryContext, reads: readsOldCanary, roundTrip };

/** Each check with the step that it rests on, and the step that records it. */
const CHECKS_BY_NAME = {
  canary: { behind: 'CreateVersion', step: 'VerifyVersion', run: checkCanary },
  open: { behind: 'OpenPolicy', step: 'ProbeOpen', run: checkOpen },
  'decrypt-only': { behind: 'RestrictPolicy', step: 'ProbeDecryptOnly', run: checkDecryptOnly },
  access: { behind: 'ApplyAccess', step: 'ProbeAccess', run: checkAccess },
  contained: {
    behind: 'RepeatContainment',
    step: 'ProbeContainment',
    run: (deps: VerifyVersionDeps, input: StepInput, context: StepContext) =>
      checkContained(deps, input, context, 'ProbeContainment', CANARY),
  },
  'still-contained': {
    behind: 'ProbeContainment',
    step: 'ConfirmContainment',
    run: (deps: VerifyVersionDeps, input: StepInput, context: StepContext) =>
      checkContained(deps, input, context, 'ConfirmContainment', CANARY),
  },
  lifted: {
    behind: 'LiftContainment',
    step: 'ProbeLifted',
    run: (deps: VerifyVersionDeps, input: StepInput, context: StepContext) =>
      checkLifted(deps, input, context, CANARY),
  },
} as const;

/**
 * Runs one check and records its result as evidence.
 * @throws KeyturnError `LeaseLost`, `CanaryMismatch`, `ProbeNotYetConclusive`, and what the vault answers
 */
export async function verifyVersion(
  deps: VerifyVersionDeps,
  input: StepInput & { check: Check },
): Promise<void> {
  const { behind, step, run } = CHECKS_BY_NAME[input.check];
  const context = await openStep(deps, input);
  const isAdopted = context.operation.kind === 'adopt-key' && behind === 'CreateVersion';
  requireBehind(context.operation, isAdopted ? 'AdoptVersion' : behind);
  if (isRecorded(context.operation, step)) return;
  await run({ ...deps, crypto: canaryUserOf(deps, context.snapshot.key) }, input, context);
}
