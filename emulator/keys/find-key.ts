// SPDX-License-Identifier: Apache-2.0
// The four ways to name a key: id, key ARN, alias name, alias ARN; never across regions.
import { isForeign } from '../authorization/accounts.ts';
import { noteKey } from '../cloudtrail/keys-used.ts';
import { AwsError } from '../protocol/errors.ts';
import type { Call } from '../protocol/operation.ts';
import { aliasArn, keyArn } from '../settings.ts';
import type { KeyRecord } from '../store/key-row.ts';
import { settleKey } from './shared-material.ts';

/** A key and the alias it was named by, with `alias/` in front. */
export interface FoundKey {
  readonly key: KeyRecord;
  readonly alias: string | undefined;
}

const KEY_ID = /^(mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

function notFound(message: string): AwsError {
  return new AwsError('NotFoundException', message);
}

/** A name without an ARN means one of the caller's own account, which has nothing here if it is another. */
function ownName(call: Call, name: string): string {
  if (!isForeign(call)) return name;
  const place = { ...call.emulator.place, account: call.caller.account };
  throw notFound(
    name.startsWith('alias/')
      ? `Alias ${aliasArn(place, name)} is not found.`
      : `Key '${keyArn(place, name)}' does not exist`,
  );
}

/** The resource part of an ARN of this region, e.g. `key/ID`; other names as they are. */
function localName(call: Call, keyId: string): string {
  if (!keyId.startsWith('arn:')) return ownName(call, keyId);
  const { place } = call.emulator;
  const [, , service, region, account, ...rest] = keyId.split(':');
  const resource = rest.join(':');
  if (region !== place.region) throw notFound(`Invalid arn ${region ?? ''}`);
  if (service !== 'kms' || !/^(key|alias)\//.test(resource)) throw notFound(`Invalid arn ${keyId}`);
  if (account !== place.account) {
    throw notFound(
      resource.startsWith('key/')
        ? `Key '${keyId}' does not exist`
        : `Alias ${keyId} is not found.`,
    );
  }
  return resource.startsWith('key/') ? resource.slice('key/'.length) : resource;
}

/** Finds by id or key ARN only, as most management operations demand. @throws AwsError NotFoundException */
export function findKey(call: Call, keyId: string): KeyRecord {
  const name = localName(call, keyId);
  if (!KEY_ID.test(name)) throw notFound(`Invalid keyId '${keyId}'`);
  return keyById(call, name);
}

/** The key of an id that a ciphertext, an alias or a grant holds. @throws AwsError NotFoundException */
export function keyById(call: Call, name: string): KeyRecord {
  const { place, store } = call.emulator;
  settleKey(call.emulator, name, call.now);
  const key = store.keys.find(name);
  // A key past its deletion date is gone, even if its destruction has not run yet.
  if (key === undefined || (key.deletionAt !== null && key.deletionAt <= call.now)) {
    throw notFound(`Key '${keyArn(place, name)}' does not exist`);
  }
  noteKey(call.caller, key.keyId);
  return key;
}

/** Finds by any of the four names. @throws AwsError NotFoundException */
export function findKeyOrAlias(call: Call, keyId: string): FoundKey {
  const { place, store } = call.emulator;
  const name = localName(call, keyId);
  if (!name.startsWith('alias/')) {
    if (!KEY_ID.test(name)) throw notFound(`Invalid keyId '${name}'`);
    return { key: keyById(call, name), alias: undefined };
  }
  const target = store.aliases.find(name);
  if (target === undefined) throw notFound(`Alias ${aliasArn(place, name)} is not found.`);
  return { key: keyById(call, target.keyId), alias: name };
}
