// SPDX-License-Identifier: Apache-2.0
// GET on the record of a key's use. Its role can only read.
import { KeyName } from '#core/contract/api.ts';
import { apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { environmentOf } from '../shared/environment.ts';
import { accessObject, existing } from '../shared/views.ts';
import { authorizer, keyUseLog, ledger } from '../shared/wiring.ts';

const environment = environmentOf('read-usage');
const table = ledger(environment.TABLE_NAME);
const log = keyUseLog(environment.TABLE_NAME);

const readUsage: RouteHandler = async (request) => {
  const name = request.path['name'] ?? '';
  const key = KeyName.safeParse(name).success ? await table.readKeyRecord(name) : null;
  await request.authorize(accessObject(key));
  const { name: known } = existing(key, name.slice(0, 64));
  const uses = await log.read(known);
  return { body: { items: uses.map(({ key: _key, ...use }) => use), nextCursor: null } };
};

export const handler = apiHandler({ readUsage }, authorizer(environment.STAGE));
