// SPDX-License-Identifier: Apache-2.0
// The four ways to name a key: id, key ARN, alias name, alias ARN; never across regions.
import { noteKey } from '../cloudtrail/keys-used.ts';
import { AwsError } from '../protocol/errors.ts';
import type { Call } from '../protocol/operation.ts';
import { aliasArn, keyArn, type Place } from '../settings.ts';
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

/** The resource part of an ARN of this region, e.g. `key/ID`; other names as they are. */
function localName(place: Place, keyId: string): string {
  if (!keyId.startsWith('arn:')) return keyId;
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
  const { place, store } = call.emulator;
  const name = localName(place, keyId);
  if (!KEY_ID.test(name)) throw notFound(`Invalid keyId '${keyId}'`);
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
  const name = localName(place, keyId);
  if (!name.startsWith('alias/')) return { key: findKey(call, name), alias: undefined };
  const target = store.aliases.find(name);
  if (target === undefined) throw notFound(`Alias ${aliasArn(place, name)} is not found.`);
  return { key: findKey(call, target.keyId), alias: name };
}
