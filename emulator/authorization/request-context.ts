// SPDX-License-Identifier: Apache-2.0
// The context of a request: what conditions may ask about the caller, the key and the call itself.
import { isMultiRegion } from '../keys/multi-region.ts';
import type { Call } from '../protocol/operation.ts';
import type { Emulator } from '../settings.ts';
import type { KeyRecord } from '../store/key-row.ts';
import type { RequestContext } from './conditions.ts';
import { type Caller, principalArn } from './principal.ts';

/** Values by context key as documented by AWS; undefined values are absent keys. */
export type ContextEntries = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

function principalType({ isRoot, arn }: Caller): string {
  if (isRoot) return 'Account';
  return arn.includes(':assumed-role/') ? 'AssumedRole' : 'User';
}

function callerEntries({ caller, emulator, now }: Call): ContextEntries {
  const tags = Object.entries(caller.principalTags ?? {});
  return {
    ...Object.fromEntries(tags.map(([name, value]) => [`aws:PrincipalTag/${name}`, value])),
    'aws:PrincipalArn': principalArn(caller),
    'aws:PrincipalAccount': caller.account,
    'aws:PrincipalOrgID': caller.principalOrgId,
    'aws:PrincipalType': principalType(caller),
    'aws:username': /:user\/(?:.*\/)?([^/]+)$/.exec(caller.arn)?.[1],
    'aws:SourceIp': caller.sourceIp,
    'aws:SecureTransport': caller.secureTransport,
    'aws:CurrentTime': new Date(now).toISOString(),
    'aws:EpochTime': Math.floor(now / 1000),
    'aws:RequestedRegion': emulator.place.region,
    'kms:CallerAccount': caller.account,
    'kms:ViaService': caller.viaService,
  };
}

function multiRegionEntries({ store, place }: Emulator, keyId: string): ContextEntries {
  if (!isMultiRegion(keyId)) return { 'kms:MultiRegion': false };
  // A primary that is being created is in no set yet.
  const { primaryRegion = place.region } = store.multiRegion.find(keyId) ?? {};
  const type = primaryRegion === place.region ? 'PRIMARY' : 'REPLICA';
  return { 'kms:MultiRegion': true, 'kms:MultiRegionKeyType': type };
}

function keyEntries({ emulator }: Call, key: KeyRecord | undefined): ContextEntries {
  if (key === undefined) return {};
  const tags = Object.entries(key.tags).map(([name, value]) => [`aws:ResourceTag/${name}`, value]);
  return {
    ...Object.fromEntries(tags),
    'aws:ResourceAccount': emulator.place.account,
    'kms:KeyOrigin': key.origin,
    'kms:KeySpec': key.keySpec,
    'kms:KeyUsage': key.keyUsage,
    // The older names of both, which policies still use.
    'kms:CustomerMasterKeySpec': key.keySpec,
    'kms:CustomerMasterKeyUsage': key.keyUsage,
    ...multiRegionEntries(emulator, key.keyId),
    'kms:ResourceAliases': emulator.store.aliases.namesOf(key.keyId),
  };
}

/** Builds the context of one authorization. */
export function requestContext(
  call: Call,
  key: KeyRecord | undefined,
  entries: ContextEntries,
): RequestContext {
  const context = new Map<string, readonly string[]>();
  const all = { ...callerEntries(call), ...keyEntries(call, key), ...entries };
  for (const [name, value] of Object.entries(all)) {
    if (value === undefined) continue;
    context.set(name.toLowerCase(), typeof value === 'object' ? value : [String(value)]);
  }
  return context;
}

/** Context of an encryption context. */
export function encryptionContextEntries(
  encryptionContext: ReadonlyMap<string, string> | undefined,
): ContextEntries {
  if (encryptionContext === undefined || encryptionContext.size === 0) return {};
  const pairs = [...encryptionContext].map(([name, value]) => [
    `kms:EncryptionContext:${name}`,
    value,
  ]);
  return {
    ...Object.fromEntries(pairs),
    'kms:EncryptionContextKeys': [...encryptionContext.keys()],
  };
}

/** Context of tags in a request. */
export function requestTagEntries(
  tags: readonly { readonly TagKey: string; readonly TagValue: string }[],
): ContextEntries {
  if (tags.length === 0) return {};
  const pairs = tags.map(({ TagKey, TagValue }) => [`aws:RequestTag/${TagKey}`, TagValue]);
  return { ...Object.fromEntries(pairs), 'aws:TagKeys': tags.map(({ TagKey }) => TagKey) };
}
