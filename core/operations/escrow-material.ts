// SPDX-License-Identifier: Apache-2.0
// Use case: material for a version of origin EXTERNAL, generated, put in escrow and imported inside one function. It is
// in escrow before it is in the vault: a vault key whose material nobody else has would be lost with it.
import { wipe } from '../crypto/check-value.ts';
import { KeyturnError } from '../errors.ts';
import type { Custodian, EscrowSetRecord } from '../escrow/records.ts';
import { type SealSharesDeps, sealShares } from '../escrow/seal-shares.ts';
import { nextGeneration, retired, setName, setsOf } from '../escrow/sets.ts';
import type { MaterialImporter } from '../ports/escrow.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock, Decision, Ids } from '../ports/platform.ts';
import { keyNotFound, mutateKey, requireManaged } from './mutate-key.ts';

/** AES-256: what KMS takes for a symmetric key (KMS developer guide, importing key material). */
const MATERIAL_BYTES = 32;

export interface EscrowMaterialDeps extends SealSharesDeps {
  readonly ledger: Ledger;
  readonly importer: MaterialImporter;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: (bytes: number) => Uint8Array;
}

export interface EscrowMaterialInput {
  readonly key: string;
  readonly version: number;
  /** The vault key that waits for material. */
  readonly keyId: string;
  /** When the vault is to forget the material; null: never. */
  readonly expiresAt: string | null;
  readonly required: number;
  readonly custodians: readonly Custodian[];
  readonly by: string;
  readonly decision: Decision;
  readonly operationId: string | null;
}

/**
 * Gives a vault key its material; done once, it answers the set that is there.
 * @returns the active set of the version
 * @throws KeyturnError `ValidationFailed` when it cannot be split so, `KeyNotFound`, `EscrowCheckFailed` when the vault
 *   key has other material, and what the ports answer
 */
export async function escrowMaterial(
  deps: EscrowMaterialDeps,
  input: EscrowMaterialInput,
): Promise<EscrowSetRecord> {
  const snapshot = await deps.ledger.readKey(input.key);
  if (!snapshot) throw keyNotFound(input.key);
  requireManaged(snapshot.key);
  const [active] = setsFor(snapshot, input, 'active');
  if (active) return active;
  const [pending] = setsFor(snapshot, input, 'pending');
  // An earlier try was stopped between import and record: the vault has the material of that set.
  if (pending && (await deps.importer.hasMaterial(input.keyId)))
    return activate(deps, input, pending);
  const material = deps.random(MATERIAL_BYTES);
  try {
    const set = await store(deps, input, snapshot, material);
    await deps.importer.importMaterial(input.keyId, material, input.expiresAt);
    return await activate(deps, input, set);
  } finally {
    wipe(material);
  }
}

/** Sets of the vault key: an earlier try may have made another one, which nobody recorded. */
function setsFor(
  snapshot: KeySnapshot,
  { version, keyId }: EscrowMaterialInput,
  state: EscrowSetRecord['state'],
): readonly EscrowSetRecord[] {
  return setsOf(snapshot, version, state).filter((set) => set.keyId === keyId);
}

async function store(
  deps: EscrowMaterialDeps,
  input: EscrowMaterialInput,
  snapshot: KeySnapshot,
  material: Uint8Array,
): Promise<EscrowSetRecord> {
  const { key, version, required, custodians } = input;
  const generation = nextGeneration(snapshot, version);
  const setId = deps.ids.escrowSetId();
  const createdAt = deps.clock.now();
  const shared = { setId, key, version, generation, required, custodians, createdAt };
  const envelopes = await sealShares(deps, shared, material);
  const { checkValue = '', bytes = 0 } = envelopes[0] ?? {};
  const set = newSet({ ...shared, keyId: input.keyId, checkValue, bytes, createdBy: input.by });
  return mutateKey(deps.ledger, key, (now) => {
    requireSameGeneration(now, set);
    const stale = [...setsOf(now, version, 'pending'), ...setsOf(now, version, 'active')].map(
      (one) =>
        retired(
          one,
          createdAt,
          'its material was never imported, or into a KMS key that was given up',
        ),
    );
    const draft = {
      escrow: { sets: [...stale, set], shares: [{ setId, generation, envelopes }] },
      audit: auditOf(input, createdAt, 'escrow.stored', set),
    };
    return { draft, result: set };
  });
}

/** A set as it begins. */
export function newSet(
  given: Pick<
    EscrowSetRecord,
    | 'setId'
    | 'key'
    | 'version'
    | 'generation'
    | 'keyId'
    | 'required'
    | 'custodians'
    | 'bytes'
    | 'checkValue'
    | 'createdAt'
    | 'createdBy'
  >,
): EscrowSetRecord {
  const { setId, key, version, generation, keyId, required, custodians, bytes, checkValue } = given;
  return {
    key,
    name: setName(version, generation),
    setId,
    version,
    generation,
    keyId,
    required,
    total: custodians.length,
    bytes,
    checkValue,
    state: 'pending',
    custodians: custodians.map(({ sub, recipient }) => ({ sub, recipient })),
    proofs: [],
    createdAt: given.createdAt,
    createdBy: given.createdBy,
    activatedAt: null,
    openedAt: null,
    retiredAt: null,
    cause: null,
  };
}

/** The generation was numbered on what was read before; @throws KeyturnError `RevisionConflict` when it is taken */
export function requireSameGeneration(snapshot: KeySnapshot, set: EscrowSetRecord): void {
  if (nextGeneration(snapshot, set.version) === set.generation) return;
  throw new KeyturnError(
    'RevisionConflict',
    `the material of version ${set.version} was split by somebody else meanwhile; try again`,
  );
}

async function activate(
  { ledger, clock }: EscrowMaterialDeps,
  input: EscrowMaterialInput,
  { name }: EscrowSetRecord,
): Promise<EscrowSetRecord> {
  return mutateKey(ledger, input.key, ({ escrow }) => {
    const set = escrow.sets.find((one) => one.name === name);
    if (set?.state !== 'pending')
      throw new KeyturnError('RevisionConflict', 'the set was replaced meanwhile; try again');
    const at = clock.now();
    const active = { ...set, state: 'active' as const, activatedAt: at };
    const audit = auditOf(input, at, 'escrow.activated', active);
    return { draft: { escrow: { sets: [active] }, audit }, result: active };
  });
}

function auditOf(
  { by, decision, operationId }: EscrowMaterialInput,
  at: string,
  action: string,
  { setId, version, generation, required, total, custodians }: EscrowSetRecord,
) {
  const subs = custodians.map(({ sub }) => sub).join(',');
  const detail = { version, set: setId, generation, required, of: total, custodians: subs };
  return { at, actor: by, action, decision, operationId, detail };
}
