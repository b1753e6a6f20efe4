// SPDX-License-Identifier: Apache-2.0
// GET on keys, versions, operations and audit. Its role can only read.
import { z } from 'zod';
import { KeyName } from '#core/contract/api.ts';
import { KeyturnError } from '#core/errors.ts';
import type { KeyRecord } from '#core/keys/records.ts';
import { type ApiRequest, apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { parseQuery } from '../shared/api-request.ts';
import { AuditQuery, Limit, streamOf } from '../shared/audit-streams.ts';
import { environmentOf } from '../shared/environment.ts';
import {
  accessObject,
  etag,
  existing,
  keyView,
  operationView,
  provisioningView,
  versionView,
} from '../shared/views.ts';
import { authorizer, ledger } from '../shared/wiring.ts';

const environment = environmentOf('read-keys');
const table = ledger(environment.TABLE_NAME);
const where = { account: environment.ACCOUNT_ID, region: process.env['AWS_REGION'] ?? 'us-east-1' };

/** Rows read at once for callers who may see few of them. */
const READ_AHEAD = 200;

const ListQuery = z.strictObject({ limit: Limit, cursor: KeyName.optional() });
/** Reads a key that the caller may see; who may not see it cannot tell whether it exists. */
async function readableKey(request: Parameters<RouteHandler>[0], name: string) {
  const key = KeyName.safeParse(name).success ? await table.readKeyRecord(name) : null;
  await request.authorize(accessObject(key));
  return existing(key, name.slice(0, 64));
}

/** Keys the caller may see, in name order. Pages are read until one more than asked is found or there are no more. */
async function visibleKeys(request: ApiRequest, after: string | null, limit: number) {
  const visible: KeyRecord[] = [];
  let cursor = after;
  do {
    const page = await table.listKeys(cursor, Math.max(limit + 1, READ_AHEAD));
    for (const key of page.items) {
      if (await request.permits(accessObject(key))) visible.push(key);
    }
    cursor = page.nextCursor;
  } while (cursor !== null && visible.length <= limit);
  return visible;
}

const listKeys: RouteHandler = async (request) => {
  const { limit, cursor } = parseQuery(request.event, ListQuery);
  const visible = await visibleKeys(request, cursor ?? null, limit);
  const items = visible.slice(0, limit);
  // The cursor is the name of a key the caller sees: another one's would tell that it exists.
  const nextCursor = visible.length > limit ? (items.at(-1)?.name ?? null) : null;
  return { body: { items: items.map((key) => keyView(key, where)), nextCursor } };
};

const getKey: RouteHandler = async (request) => {
  const key = await readableKey(request, request.path['name'] ?? '');
  return { body: keyView(key, where), headers: etag(key.revision) };
};

const listVersions: RouteHandler = async (request) => {
  const key = await readableKey(request, request.path['name'] ?? '');
  const snapshot = await table.readKey(key.name);
  return { body: { items: (snapshot?.versions ?? []).map(versionView), nextCursor: null } };
};

const getOperation: RouteHandler = async (request) => {
  const id = request.path['id'] ?? '';
  const provisioning = await table.readKeyStore(environment.KEY_STORE_NAME);
  if (provisioning?.operationId === id) {
    await request.authorize({});
    return { body: provisioningView(provisioning) };
  }
  const operation = /^op_[0-9A-HJKMNP-TV-Z]{26}$/.test(id) ? await table.readOperation(id) : null;
  const key = operation ? await table.readKeyRecord(operation.key) : null;
  await request.authorize(accessObject(key));
  if (!operation)
    throw new KeyturnError('OperationNotFound', 'no operation has this id; ids begin with op_');
  return { body: operationView(operation) };
};

const readAudit: RouteHandler = async (request) => {
  const { limit, cursor, ...of } = parseQuery(request.event, AuditQuery);
  const stream = await streamOf(table, request, of);
  const { records, head } = await table.readAudit(stream, cursor ?? 0, limit);
  const last = records.at(-1)?.sequence ?? head.sequence;
  return { body: { items: records, nextCursor: last < head.sequence ? String(last) : null, head } };
};

export const handler = apiHandler(
  { listKeys, getKey, listVersions, getOperation, readAudit },
  authorizer(environment.STAGE),
);
