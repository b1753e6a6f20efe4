// SPDX-License-Identifier: Apache-2.0
// ImportKeyMaterial: a key's first material, material it had before, or new material that waits for a rotation.
import { rsaPrivate } from '#adapters/pkcs11/import-wrapping.ts';
import { authorizeKey } from '../../authorization/authorize.ts';
import { epochSeconds } from '../../clock.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { importedShape } from '../../keys/import-shape.ts';
import { importedMaterialId, refreshImported } from '../../keys/imported-material.ts';
import { requireNotPendingDeletion, requireSettled } from '../../keys/key-state.ts';
import { isMultiRegion, isPrimary } from '../../keys/multi-region.ts';
import { requireImportable } from '../../keys/rotation.ts';
import { unwrapImported } from '../../keys/wrapped-import.ts';
import { AwsError, serializationError } from '../../protocol/errors.ts';
import { blob, oneOf, text } from '../../protocol/members.ts';
import { type Call, operation } from '../../protocol/operation.ts';
import { type InputOf, optional, type Reader, required } from '../../protocol/shape.ts';
import { keyArn } from '../../settings.ts';
import type { MaterialRecord } from '../../store/key-materials.ts';
import type { KeyRecord } from '../../store/key-row.ts';

const MAXIMUM_MILLISECONDS = 365 * 86_400_000;

/** Epoch seconds on the wire, milliseconds inside. */
const instant: Reader<number> = (value) => {
  if (typeof value !== 'number') throw serializationError('Expected a timestamp');
  return Math.round(value * 1000);
};

const members = {
  KeyId: required(keyIdText),
  ImportToken: required(blob(1, 6144)),
  EncryptedKeyMaterial: required(blob(1, 6144)),
  ValidTo: optional(instant),
  ExpirationModel: optional(oneOf(['KEY_MATERIAL_EXPIRES', 'KEY_MATERIAL_DOES_NOT_EXPIRE'])),
  ImportType: optional(oneOf(['NEW_KEY_MATERIAL', 'EXISTING_KEY_MATERIAL'])),
  KeyMaterialDescription: optional(text(0, 256, { pattern: /^[a-zA-Z0-9:/_\s.-]*$/ })),
  KeyMaterialId: optional(text(64, 64, { pattern: /^[a-f0-9]+$/ })),
};
type Input = InputOf<typeof members>;

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

function expiryOf(call: Call, input: Input): number | null {
  const expires = (input.ExpirationModel ?? 'KEY_MATERIAL_EXPIRES') === 'KEY_MATERIAL_EXPIRES';
  const { ValidTo: validTo } = input;
  if (!expires) {
    if (validTo === undefined) return null;
    throw invalid('ValidTo must not be given when the key material does not expire.');
  }
  if (validTo === undefined) {
    throw invalid('A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES');
  }
  if (validTo <= call.now) throw invalid('ValidTo must be in the future.');
  if (validTo > call.now + MAXIMUM_MILLISECONDS) {
    throw invalid('ValidTo must be at most 365 days from now.');
  }
  return validTo;
}

function incorrect(message: string): AwsError {
  return new AwsError('IncorrectKeyMaterialException', message);
}

/** The clear material; the caller wipes it. @throws AwsError about the token or what it wraps */
function openMaterial(call: Call, key: KeyRecord, input: Input): Buffer {
  const { store, hsm } = call.emulator;
  const parameters = store.materials.findImport(input.ImportToken.toString('base64'));
  if (parameters === undefined || parameters.keyId !== key.keyId) {
    throw new AwsError('InvalidImportTokenException', 'The import token is not valid.');
  }
  if (parameters.validTo <= call.now) {
    throw new AwsError('ExpiredImportTokenException', 'The import token has expired.');
  }
  const { token, key: domainKey } = hsm.domain;
  const modulusBytes = (input.ImportToken.at(-1) ?? 0) * 128;
  return unwrapImported(
    parameters.algorithm,
    input.EncryptedKeyMaterial,
    modulusBytes,
    (encrypted) => rsaPrivate(token, domainKey, parameters.wrappedPrivateKey, encrypted),
  );
}

/** @throws AwsError ValidationException for members that only keys of several materials have */
function requireMembersOfKey(key: KeyRecord, input: Input): void {
  if (key.keySpec === 'SYMMETRIC_DEFAULT') return;
  const { ImportType, KeyMaterialId, KeyMaterialDescription } = input;
  const given = [ImportType, KeyMaterialId, KeyMaterialDescription];
  if (given.every((value) => value === undefined)) return;
  throw invalid(
    'ImportType, KeyMaterialId and KeyMaterialDescription are valid for symmetric encryption keys only.',
  );
}

/** New material comes through the primary. @throws AwsError */
function requireKnownToPrimary(call: Call, key: KeyRecord, isNew: boolean): void {
  if (!isNew || !isMultiRegion(key.keyId) || isPrimary(call.emulator, key.keyId)) return;
  throw incorrect(
    'New key material must be imported into the primary key before it is imported into a replica key.',
  );
}

/** What the material is to the key: its place among the key's materials. @throws AwsError */
function placeOf(call: Call, key: KeyRecord, input: Input, materialId: string) {
  const present = call.emulator.store.materials.ofKey(key.keyId);
  const known = present.find((material) => material.materialId === materialId);
  const isFirst = present.length === 0;
  const type = input.ImportType ?? (isFirst ? 'NEW_KEY_MATERIAL' : 'EXISTING_KEY_MATERIAL');
  requireKnownToPrimary(call, key, type === 'NEW_KEY_MATERIAL');
  if (input.KeyMaterialId !== undefined && type === 'NEW_KEY_MATERIAL') {
    throw invalid('KeyMaterialId cannot be given with ImportType NEW_KEY_MATERIAL.');
  }
  if (input.KeyMaterialId !== undefined && input.KeyMaterialId !== materialId) {
    throw incorrect('The key material is not the one that KeyMaterialId names.');
  }
  if (type === 'EXISTING_KEY_MATERIAL') {
    if (known !== undefined) return known;
    throw incorrect('The key material is not one that was imported into this key before.');
  }
  if (known !== undefined) throw incorrect('The key material is already that of this key.');
  const pending = present.find(({ state }) => state === 'PENDING_ROTATION');
  if (pending !== undefined) {
    const arn = keyArn(call.emulator.place, key.keyId);
    throw new AwsError(
      'KMSInvalidStateException',
      `New key material (id: ${materialId}) cannot be imported into KMS key ${arn}, because another key material (id: ${pending.materialId}) is pending rotation.`,
    );
  }
  return {
    keyId: key.keyId,
    sequence: (present.at(-1)?.sequence ?? -1) + 1,
    materialId,
    state: isFirst ? 'CURRENT' : 'PENDING_ROTATION',
    rotatedAt: null,
    rotationType: null,
    description: null,
  } as const;
}

function store(call: Call, material: MaterialRecord, publicKey: Buffer | null): void {
  const { materials, keys } = call.emulator.store;
  call.emulator.material.forgetMaterial(material.materialId);
  materials.together(() => {
    materials.put(material);
    materials.setPlan(material.keyId, {});
    if (publicKey !== null) keys.change(material.keyId, { publicKey }, call.visibleAt);
    refreshImported(call.emulator, material.keyId, call.visibleAt);
  });
}

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ImportKeyMaterial.html */
export const importKeyMaterial = operation('ImportKeyMaterial', members, (call, input) => {
  const { emulator } = call;
  const key = findKey(call, input.KeyId);
  authorizeKey(call, 'kms:ImportKeyMaterial', key, {
    'kms:ExpirationModel': input.ExpirationModel ?? 'KEY_MATERIAL_EXPIRES',
    'kms:ValidTo': input.ValidTo === undefined ? undefined : epochSeconds(input.ValidTo),
  });
  requireImportable(call, key);
  requireNotPendingDeletion(call, key);
  requireSettled(call, key);
  requireMembersOfKey(key, input);
  const validTo = expiryOf(call, input);
  const clear = openMaterial(call, key, input);
  try {
    const shape = importedShape(emulator, key, clear);
    const materialId = importedMaterialId(key.keyId, shape.identity);
    const material = placeOf(call, key, input, materialId);
    const wrappedKey = shape.wrapped();
    shape.identity.fill(0);
    const description = input.KeyMaterialDescription ?? material.description;
    store(call, { ...material, wrappedKey, validTo, description }, shape.publicKey);
    const KeyId = keyArn(emulator.place, key.keyId);
    return key.keySpec === 'SYMMETRIC_DEFAULT' ? { KeyId, KeyMaterialId: materialId } : { KeyId };
  } finally {
    clear.fill(0);
  }
});
