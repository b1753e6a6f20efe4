// SPDX-License-Identifier: Apache-2.0
// [INV-01] the alias of a key points at a version that can encrypt at every moment of a rotation.
// Steps on aliases: the permanent alias of a version, and the switch of the key's own alias. The switch is the point
// of no return of a rotation: its intent is recorded before KMS is asked, and from then on every failure goes forward.
import { isError, KeyturnError, precondition } from '../errors.ts';
import { answering } from '../keys/consumers.ts';
import type { VersionRecord } from '../keys/records.ts';
import { transition } from '../keys/transitions.ts';
import { type ClassPolicy, classOf, dueDates } from '../policies/classes.ts';
import type { AliasWriter } from '../ports/key-vault.ts';
import { later } from './admit-operation.ts';
import { passGate } from './await-acknowledgements.ts';
import { mutateKey } from './mutate-key.ts';
import {
  isRecorded,
  leasedContext,
  openStep,
  recordStep,
  requireBehind,
  type StepContext,
  type StepDeps,
  type StepInput,
} from './run-step.ts';

export interface PlaceAliasDeps extends StepDeps {
  readonly aliases: AliasWriter;
  readonly classes: readonly ClassPolicy[];
}

/** Points an alias at a key: created, left, or moved from the one key it may come from. */
async function point(
  aliases: AliasWriter,
  alias: string,
  to: string,
  from: string | null,
): Promise<void> {
  const target = await aliases.aliasTarget(alias);
  if (target === to) return;
  if (target === null) return create(aliases, alias, to);
  if (target === from) return aliases.moveAlias(alias, to);
  throw taken(alias, target);
}

/**
 * Points an alias back at the key it was moved from just now. KMS may still show that key, which says nothing: the
 * move is made in any case, and made twice is made once.
 */
async function pointBack(
  aliases: AliasWriter,
  alias: string,
  to: string,
  from: string | null,
): Promise<void> {
  const target = await aliases.aliasTarget(alias);
  if (target !== null && target !== to && target !== from) throw taken(alias, target);
  await aliases.moveAlias(alias, to);
}

/** Makes an alias that was not there. An earlier try may have made it, and KMS not show it yet. */
async function create(aliases: AliasWriter, alias: string, to: string): Promise<void> {
  try {
    await aliases.createAlias(alias, to);
  } catch (error) {
    if (!isError(error, 'AliasTaken')) throw error;
    const target = await aliases.aliasTarget(alias);
    if (target === to) return;
    if (target !== null) throw taken(alias, target);
    throw new KeyturnError('KeyNotYetVisible', `${alias} exists and does not show its target yet`, {
      cause: error,
    });
  }
}

/** Aliases of the key from before its adoption; an alias that its owner removed is not made again. */
async function legacyTargets(deps: PlaceAliasDeps, { snapshot }: StepContext) {
  const targets: { readonly alias: string; readonly target: string }[] = [];
  for (const alias of snapshot.key.legacyAliases ?? []) {
    const target = await deps.aliases.aliasTarget(alias);
    if (target !== null) targets.push({ alias, target });
  }
  return targets;
}

/** Before the switch: somebody else's use of a legacy alias stops the rotation while it can still go back. */
async function checkLegacy(deps: PlaceAliasDeps, context: StepContext): Promise<void> {
  const ours = [context.version.keyId, context.previous?.keyId ?? null];
  for (const { alias, target } of await legacyTargets(deps, context))
    if (!ours.includes(target)) throw taken(alias, target);
}

/** Moves the legacy aliases to where the key's own alias leads. */
async function moveLegacy(
  deps: PlaceAliasDeps,
  context: StepContext,
  move: typeof point,
): Promise<void> {
  const { version, previous } = context;
  precondition(version.keyId, 'aliases are moved to a version whose KMS key was recorded');
  for (const { alias } of await legacyTargets(deps, context))
    await move(deps.aliases, alias, version.keyId, previous?.keyId ?? null);
}

function taken(alias: string, found: string): KeyturnError {
  return new KeyturnError(
    'AliasTaken',
    `${alias} points at a key that Keyturn did not put there; find out who moved it, then resume the operation`,
    { details: { alias, found } },
  );
}

/** Names the version for ever. @throws KeyturnError `LeaseLost`, `AliasTaken`, and what the vault answers */
export async function nameVersion(deps: PlaceAliasDeps, input: StepInput): Promise<void> {
  const { version, operation } = await openStep(deps, input, 'VerifyVersion');
  if (isRecorded(operation, 'NameVersion')) return;
  precondition(version.keyId, 'a version is named after its KMS key was recorded');
  await point(deps.aliases, version.alias, version.keyId, null);
  await recordStep(deps, input, 'NameVersion', () => ({
    action: 'version.named',
    detail: { alias: version.alias },
  }));
}

/** From here on the operation is only ever finished, never undone. */
async function noteIntent(deps: PlaceAliasDeps, input: StepInput): Promise<void> {
  await mutateKey(deps.ledger, input.key, (snapshot) => {
    const { version, operation } = leasedContext(snapshot, input);
    // Somebody may have closed the policy since this step began: then the switch would lead consumers nowhere.
    requireBehind(operation, 'ProbeOpen');
    if (version.state === 'active' || version.substate === 'switching')
      return { draft: null, result: undefined };
    const draft = {
      versions: [{ ...version, substate: 'switching' as const }],
      audit: {
        at: deps.clock.now(),
        actor: `workflow/${operation.kind}`,
        action: 'alias.switch-intended',
        decision: { effect: 'permit' as const, rule: 'lease-holder' },
        operationId: input.operationId,
        detail: { version: version.version },
      },
    };
    return { draft, result: undefined };
  });
}

/** The version before: one that was revoked is not restricted any further, and stays what it is. */
function leaving(previous: VersionRecord): VersionRecord {
  return previous.containment ? previous : { ...previous, substate: 'retiring' };
}

function activation(deps: PlaceAliasDeps, { snapshot, version, previous }: StepContext) {
  const at = deps.clock.now();
  const policy = classOf(deps.classes, snapshot.key.class);
  precondition(policy, `class ${snapshot.key.class} exists`);
  const active = {
    ...version,
    state: transition(version.state, 'active'),
    substate: null,
    activatedAt: at,
  };
  return {
    action: 'alias.switched',
    detail: { alias: snapshot.key.alias, from: previous?.keyId ?? null, to: version.keyId },
    versions: previous ? [active, leaving(previous)] : [active],
    key: {
      state: active.state,
      currentVersion: version.version,
      currentKeyId: version.keyId,
      ...dueDates(policy, snapshot.key.name, at, at, version.materialExpiresAt ?? null),
      ...(previous ? { lastRotatedAt: at } : {}),
    },
  };
}

/** After a rollback the key is left alone for so long: who reads the alarm needs time to find the cause. */
const RETRY_AFTER_ROLLBACK_SECONDS = 86_400;

function switchBack(deps: PlaceAliasDeps, { snapshot, version, previous }: StepContext) {
  precondition(previous, 'a rotation that goes back has a version to leave');
  const at = deps.clock.now();
  return {
    action: 'alias.switched-back',
    detail: { alias: snapshot.key.alias, from: previous.keyId, to: version.keyId },
    versions: [
      { ...version, substate: null },
      { ...previous, substate: 'retiring' as const },
    ],
    key: {
      currentVersion: version.version,
      currentKeyId: version.keyId,
      nextRotationAt: at,
      nextNoticeAt: null,
      dueBecause: {
        trigger: 'schedule' as const,
        reason: 'the last rotation went back',
        isUrgent: false,
      },
      retryNotBefore: later(at, RETRY_AFTER_ROLLBACK_SECONDS),
    },
  };
}

/**
 * Switches consumers to the new version, once they are ready for it.
 * @throws KeyturnError `AcknowledgementsPending`, `AcknowledgementsMissing`, `LeaseLost`, `AliasTaken`, and what the
 *   vault answers
 */
export async function switchAlias(deps: PlaceAliasDeps, input: StepInput): Promise<void> {
  const opened = await openStep(deps, input, 'ProbeOpen');
  const { snapshot, version, previous, operation } = opened;
  if (isRecorded(operation, 'SwitchAlias')) return;
  precondition(version.keyId, 'the alias is switched to a version whose KMS key was recorded');
  if (operation.rollback) {
    await pointBack(deps.aliases, snapshot.key.alias, version.keyId, previous?.keyId ?? null);
    await moveLegacy(deps, opened, pointBack);
  } else if (version.state !== 'active') {
    // A key without consumers passes here with no record and no call: it neither waits nor pays.
    // Nor does one whose material is new in place: there is nothing that they could take up.
    // Nor does one whose old version is revoked: nothing works until the switch, whoever is ready for it.
    const waits =
      previous &&
      !previous.containment &&
      !version.isInPlace &&
      answering(snapshot.consumers).length > 0;
    if (waits) await passGate(deps, input);
    if (version.substate !== 'switching') await checkLegacy(deps, opened);
    await noteIntent(deps, input);
    await point(deps.aliases, snapshot.key.alias, version.keyId, previous?.keyId ?? null);
    await moveLegacy(deps, opened, point);
  }
  await recordStep(deps, input, 'SwitchAlias', (context) =>
    context.operation.rollback ? switchBack(deps, context) : activation(deps, context),
  );
}

/**
 * The alias shows the new version. Before that an operation is not done, and the old version is not restricted.
 * @throws KeyturnError `LeaseLost`, `ProbeNotYetConclusive`, and what the vault answers
 */
export async function probeAlias(deps: PlaceAliasDeps, input: StepInput): Promise<void> {
  const opened = await openStep(deps, input, 'SwitchAlias');
  const { snapshot, version, operation } = opened;
  if (isRecorded(operation, 'ProbeAlias')) return;
  const main = {
    alias: snapshot.key.alias,
    target: await deps.aliases.aliasTarget(snapshot.key.alias),
  };
  const behind = [main, ...(await legacyTargets(deps, opened))].find(
    ({ target }) => target !== version.keyId,
  );
  if (behind) {
    throw new KeyturnError(
      'ProbeNotYetConclusive',
      `${behind.alias} does not show version ${version.version} yet`,
    );
  }
  await recordStep(deps, input, 'ProbeAlias', () => ({
    action: 'alias.probed',
    detail: { alias: snapshot.key.alias },
  }));
}
