// SPDX-License-Identifier: Apache-2.0
// Material for a KMS key of origin EXTERNAL that custodians can bring back: generated, split, sealed, signed, imported and
// wiped in one call. Who left the directory since the key was made gets no share of the next version.
import { KeyturnError } from '../errors.ts';
import type { Custodian } from '../escrow/records.ts';
import type { KeyRecord } from '../keys/records.ts';
import { classOf } from '../policies/classes.ts';
import type { CustodianDirectory } from '../ports/custodians.ts';
import type { MaterialSource } from './create-version.ts';
import { type EscrowMaterialDeps, escrowMaterial } from './escrow-material.ts';
import { expiryFor, type ImportedMaterialDeps, importedMaterial } from './import-material.ts';
import { keyNotFound } from './mutate-key.ts';

export interface EscrowedMaterialDeps extends EscrowMaterialDeps, ImportedMaterialDeps {
  readonly custodians: CustodianDirectory;
}

interface Circle {
  readonly required: number;
  readonly custodians: readonly Custodian[];
}

/**
 * Who gets shares of a key's next material: those that the key names and are still there, else the quorum of its class of
 * those who have an age key. Null when the key names nobody and there are too few.
 * @throws KeyturnError `ValidationFailed` when too few of those that the key names are left
 */
async function circleOf(deps: EscrowedMaterialDeps, key: KeyRecord): Promise<Circle | null> {
  if (key.escrow) return namedCircle(deps, key.name, key.escrow);
  const quorum = classOf(deps.classes, key.class)?.quorum;
  const holders = quorum ? await deps.custodians.holders() : [];
  if (!quorum || quorum.required < 2 || holders.length < quorum.of) return null;
  return { required: quorum.required, custodians: holders.slice(0, quorum.of) };
}

async function namedCircle(
  { custodians }: EscrowedMaterialDeps,
  key: string,
  { required, custodians: subs }: NonNullable<KeyRecord['escrow']>,
): Promise<Circle> {
  const found = await Promise.all(subs.map((sub) => custodians.custodian(sub)));
  const left = found.filter((one): one is Custodian => one !== null);
  if (left.length >= required) return { required, custodians: left };
  throw new KeyturnError(
    'ValidationFailed',
    `${required} custodians of ${key} are needed and ${left.length} are left with an age key; nothing was imported`,
  );
}

/** See the file's head; keys without a circle get material that nobody keeps. */
export function escrowedMaterial(deps: EscrowedMaterialDeps): MaterialSource {
  const plain = importedMaterial(deps);
  return {
    async provide(keyId, context) {
      const { key } = context.snapshot;
      const circle = await circleOf(deps, key);
      const isKept = await hasSet(deps, key.name, keyId);
      // Material that an earlier try imported without a circle is nobody's to split any more.
      if (!circle || (!isKept && (await deps.importer.hasMaterial(keyId))))
        return plain.provide(keyId, context);
      const expiresAt = expiryFor(deps, key.class);
      await escrowMaterial(deps, {
        key: key.name,
        version: context.version.version,
        keyId,
        expiresAt,
        ...circle,
        by: `workflow/${context.operation.kind}`,
        decision: { effect: 'permit', rule: 'lease-holder' },
        operationId: context.operation.id,
      });
      return { expiresAt: expiresAt && (await deps.importer.expiryOf(keyId)) };
    },
  };
}

async function hasSet({ ledger }: EscrowedMaterialDeps, name: string, keyId: string) {
  const snapshot = await ledger.readKey(name);
  if (!snapshot) throw keyNotFound(name);
  return snapshot.escrow.sets.some((set) => set.keyId === keyId && set.state !== 'retired');
}
