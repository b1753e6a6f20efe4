// SPDX-License-Identifier: Apache-2.0
// Use case: a new managed key. Its policy is checked, its name taken and its first version admitted in one
// transaction; the `generate-key` workflow then makes the material inside the HSM.
import { genesisHash } from '../audit/chain.ts';
import type { Environment, KeySpec, Origin, Stage, Tier } from '../contract/vocabulary.ts';
import { isError, KeyturnError, precondition } from '../errors.ts';
import { assignedOf, firstAssignments } from '../keys/assignments.ts';
import { encrypts } from '../keys/key-specs.ts';
import { keyAlias, wrappedBy } from '../keys/naming.ts';
import { strategyOf } from '../keys/origins/all.ts';
import type { AccessGrant, KeyRecord } from '../keys/records.ts';
import { requireRoomForKey } from '../limits/hsm-capacity.ts';
import { type ClassPolicy, classOf } from '../policies/classes.ts';
import type { KeyChange, KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock, Decision, Directory, Ids, Principal, Workflows } from '../ports/platform.ts';
import { admit, admitOnce, type IdempotencyClaim, idempotencyRecord } from './admit-operation.ts';
import { ensureDataKeySource } from './data-key-source.ts';
import { keyStream, toChange } from './mutate-key.ts';

export interface GenerateKeyDeps {
  readonly ledger: Ledger;
  readonly workflows: Workflows;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly ids: Ids;
}

export interface GenerateKeyInput {
  readonly name: string;
  readonly class: string;
  readonly owner: string;
  readonly purpose: string;
  readonly environment: Environment;
  readonly tier: Tier;
  /** Absent: `AWS_CLOUDHSM`. */
  readonly origin?: Origin | undefined;
  /** Absent: `SYMMETRIC_DEFAULT`. */
  readonly keySpec?: KeySpec | undefined;
  /** Of origin `EXTERNAL`: the circle that holds its material, by id. */
  readonly escrow?: KeyRecord['escrow'] | undefined;
  /** Of tier `data`: the key that wraps it; absent: the one that the class names. */
  readonly parent?: string | null | undefined;
  readonly access: readonly AccessGrant[];
  /** Where it is used; absent: nobody says. */
  readonly application?: string | undefined;
  readonly host?: string | undefined;
}

/** Facts of the deployment that a new key takes over. */
export interface KeySite {
  readonly stage: Stage;
  readonly keyStore: string;
  readonly environments: readonly Environment[];
  readonly classes: readonly ClassPolicy[];
  /** Parts in which the data keys of one parent are re-wrapped: the shards of their index. */
  readonly dataKeyShards: number;
  /** Type of the HSMs of the stage's cluster: it says how many keys there is room for. */
  readonly hsmType: string;
}

/** Who asked, with the decision that let them. */
export interface Requester {
  readonly principal: Principal;
  readonly decision: Decision;
  readonly claim: IdempotencyClaim;
}

/** @throws KeyturnError `NotServedHere`, `ValidationFailed`, `UnknownOwner` */
export async function checkPolicy(
  deps: Pick<GenerateKeyDeps, 'directory'>,
  site: KeySite,
  input: Pick<GenerateKeyInput, 'environment' | 'class' | 'owner'>,
): Promise<void> {
  if (!site.environments.includes(input.environment)) {
    throw new KeyturnError(
      'NotServedHere',
      `stage ${site.stage} serves ${site.environments.join(', ')}; create a ${input.environment} key in a stage that serves it`,
      {
        fields: [
          { pointer: '/environment', detail: `must be one of ${site.environments.join(', ')}` },
        ],
      },
    );
  }
  if (!site.classes.some((policy) => policy.name === input.class)) {
    const names = site.classes.map((policy) => policy.name).join(', ');
    throw new KeyturnError('ValidationFailed', `no such class; the classes are ${names}`, {
      fields: [{ pointer: '/class', detail: `must be one of ${names}` }],
    });
  }
  if (!(await deps.directory.ownerExists(input.owner))) {
    throw new KeyturnError('UnknownOwner', 'the owner must be a person or team of the directory', {
      fields: [{ pointer: '/owner', detail: 'must name a person or team of the directory' }],
    });
  }
}

/**
 * The cluster has to hold what the class keeps of the key, beside what it keeps of the others.
 * @throws KeyturnError `InfeasiblePolicy`
 */
export async function checkRoom(
  deps: Pick<GenerateKeyDeps, 'ledger'>,
  site: KeySite,
  input: Pick<GenerateKeyInput, 'class'>,
): Promise<void> {
  const policy = classOf(site.classes, input.class);
  precondition(policy, `class ${input.class} exists`);
  const occupancies = await deps.ledger.readOccupancy(site.keyStore);
  requireRoomForKey(site.hsmType, occupancies, site.classes, policy);
}

/** The input with its parent decided: a name for tier `data`, nothing for tier `kms`. */
type Optional = 'parent' | 'origin' | 'escrow' | 'keySpec' | 'application' | 'host';
type AdmittedInput = Omit<GenerateKeyInput, Optional> & Pick<KeyRecord, Optional>;

async function withParent(
  deps: GenerateKeyDeps,
  site: KeySite,
  { parent: asked, origin, escrow, keySpec, application, host, ...rest }: GenerateKeyInput,
): Promise<AdmittedInput> {
  const input = {
    ...rest,
    ...assignedOf({ application, host }),
    ...(origin === undefined ? {} : { origin }),
    ...(escrow === undefined ? {} : { escrow }),
    ...(keySpec === undefined ? {} : { keySpec }),
  };
  const fixed = classOf(site.classes, input.class)?.dataKeyParent;
  if (input.tier === 'kms') {
    if (asked == null) return input;
    throw badParent('only a key of tier data has a parent', 'is for tier data');
  }
  const name = asked ?? fixed;
  if (name === undefined) {
    throw badParent(
      `class ${input.class} names no parent; name an active key of tier kms that is to wrap this one`,
      'must name an active key of tier kms',
    );
  }
  const parent = await deps.ledger.readKeyRecord(name);
  const isFit =
    parent?.tier === 'kms' &&
    parent.state === 'active' &&
    encrypts(parent) &&
    !parent.releasedAt &&
    parent.environment === input.environment;
  if (isFit) return { ...input, parent: name };
  throw badParent(
    `${name} cannot wrap data keys of ${input.environment}: it must be an active key of tier kms in the same environment`,
    'must name an active key of tier kms in the same environment',
  );
}

function badParent(message: string, detail: string): KeyturnError {
  return new KeyturnError('ValidationFailed', message, {
    fields: [{ pointer: '/parent', detail }],
  });
}

function newKey(site: KeySite, input: AdmittedInput, by: string, now: string): KeyRecord {
  return {
    ...input,
    keyStore: strategyOf(input).keyStore ?? site.keyStore,
    alias: keyAlias(site.stage, input.name),
    state: 'pre-activation',
    currentVersion: null,
    currentKeyId: null,
    latestVersion: 0,
    nextRotationAt: null,
    lastRotatedAt: null,
    retryNotBefore: null,
    createdAt: now,
    createdBy: by,
    lease: null,
    fence: 0,
    revision: 0,
    auditHead: genesisHash(keyStream(input.name)),
  };
}

/** A generation that was undone left a name without a version: asking for it again begins anew. */
function isAbandoned(key: KeyRecord): boolean {
  return key.lease === null && key.currentVersion === null;
}

/** A key of which nothing else is recorded yet. */
export function snapshotOf(key: KeyRecord): KeySnapshot {
  return {
    key,
    versions: [],
    consumers: [],
    sources: [],
    holds: [],
    reencryption: null,
    escrow: { sets: [], sessions: [] },
    purgeWatch: null,
    operation: null,
  };
}

function creation(
  key: KeyRecord,
  by: Requester,
  site: KeySite,
  operationId: string,
  now: string,
): KeyChange {
  const { lease, version, operation } = admit(key, {
    operationId,
    kind: 'generate-key',
    trigger: 'api',
    requestedBy: by.principal.id,
    reason: null,
    batchId: null,
    now,
    stage: site.stage,
  });
  const { class: className, owner, environment, tier, parent = null } = key;
  const change = toChange(snapshotOf(key), {
    key: { lease, fence: lease.fence, latestVersion: version.version },
    versions: [version],
    operation,
    assignments: firstAssignments(key),
    idempotency: idempotencyRecord(by.claim, operationId, now),
    ...(parent === null
      ? {}
      : { occupancy: { keyStore: wrappedBy(parent), class: className, keys: 1, versions: 0 } }),
    audit: {
      at: now,
      actor: by.principal.id,
      action: 'key.create-admitted',
      decision: by.decision,
      operationId,
      detail: {
        version: version.version,
        class: className,
        ...{ owner, environment, tier, parent },
        ...assignedOf(key),
      },
    },
  });
  return { ...change, expectedRevision: key.revision === 0 ? null : key.revision };
}

/** The record to begin with: a new one, or the one an undone generation left. @throws `KeyAlreadyExists` */
export async function freeName(
  deps: GenerateKeyDeps,
  site: KeySite,
  input: AdmittedInput,
  by: Requester,
): Promise<KeyRecord> {
  const existing = await deps.ledger.readKeyRecord(input.name);
  if (!existing) return newKey(site, input, by.principal.id, deps.clock.now());
  if (isAbandoned(existing)) {
    const { origin: _before, keySpec: _spec, application: _app, host: _host, ...kept } = existing;
    return { ...kept, ...input, keyStore: strategyOf(input).keyStore ?? site.keyStore };
  }
  throw nameTaken(input.name);
}

/** @throws KeyturnError `ValidationFailed` for a spec that keys of that tier or origin cannot have */
function checkSpec({ keySpec, origin, tier }: GenerateKeyInput): void {
  if (keySpec === undefined || (tier === 'kms' && keySpec === 'SYMMETRIC_DEFAULT')) return;
  if (tier === 'kms' && origin === 'AWS_KMS') return;
  const message =
    tier === 'data'
      ? 'a wrapped data key has no spec of its own'
      : `a key of origin ${origin ?? 'AWS_CLOUDHSM'} can be SYMMETRIC_DEFAULT only; ${keySpec} needs origin AWS_KMS`;
  throw new KeyturnError('ValidationFailed', message, {
    fields: [{ pointer: '/keySpec', detail: 'is for tier kms and origin AWS_KMS' }],
  });
}

/**
 * Admits a new key and starts its generation.
 * @throws KeyturnError `NotServedHere`, `ValidationFailed`, `UnknownOwner`, `InfeasiblePolicy`, `KeyAlreadyExists`,
 *   `IdempotencyKeyReused`
 */
export async function generateKey(
  deps: GenerateKeyDeps,
  site: KeySite,
  input: GenerateKeyInput,
  by: Requester,
): Promise<{ operationId: string }> {
  const operationId = await admitOnce(deps.ledger, by.claim, () =>
    admitGeneration(deps, site, input, by),
  );
  // Starting an execution twice under one name starts it once.
  await deps.workflows.start('generate-key', operationId, 1);
  return { operationId };
}

async function admitGeneration(
  deps: GenerateKeyDeps,
  site: KeySite,
  input: GenerateKeyInput,
  by: Requester,
): Promise<string> {
  await checkPolicy(deps, site, input);
  checkSpec(input);
  if (input.tier === 'data' && input.origin !== undefined) {
    throw new KeyturnError('ValidationFailed', 'a wrapped data key has the origin of its parent', {
      fields: [{ pointer: '/origin', detail: 'is for tier kms' }],
    });
  }
  const operationId = deps.ids.operationId();
  const key = await freeName(deps, site, await withParent(deps, site, input), by);
  // Before the key exists: no data key is ever without the source that re-wraps it.
  if (key.parent) await ensureDataKeySource({ ...deps, ...site }, key.parent, by);
  // Only the CloudHSM cluster can be full.
  if (key.tier === 'kms' && strategyOf(key).keyStore === null) await checkRoom(deps, site, input);
  try {
    await deps.ledger.commit(creation(key, by, site, operationId, deps.clock.now()));
    return operationId;
  } catch (error) {
    throw isError(error, 'RevisionConflict') ? nameTaken(input.name, error) : error;
  }
}

function nameTaken(name: string, cause?: unknown): KeyturnError {
  return new KeyturnError(
    'KeyAlreadyExists',
    `a key named ${name} exists; names are never reused`,
    {
      details: { key: name },
      fields: [{ pointer: '/name', detail: 'is taken' }],
      cause,
    },
  );
}
