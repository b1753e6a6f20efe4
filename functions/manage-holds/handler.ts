// SPDX-License-Identifier: Apache-2.0
// Holds: what keeps the versions of a key from being retired. A duty apart from retiring them.
import { systemClock } from '#adapters/system/system.ts';
import { PutHoldRequest } from '#core/contract/reencryption.ts';
import { placeHold, releaseHold } from '#core/operations/place-hold.ts';
import { apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { parseBody } from '../shared/api-request.ts';
import { environmentOf } from '../shared/environment.ts';
import { decidedSnapshot, nameInPath } from '../shared/key-request.ts';
import { holdView } from '../shared/reencryption-views.ts';
import { authorizer, ledger } from '../shared/wiring.ts';

const environment = environmentOf('manage-holds');
const table = ledger(environment.TABLE_NAME);
const deps = { ledger: table, clock: systemClock };

const listHolds: RouteHandler = async (request) => {
  const { snapshot } = await decidedSnapshot(table, request);
  return { body: { items: snapshot.holds.map(holdView), nextCursor: null } };
};

const putHold: RouteHandler = async (request) => {
  const { snapshot, decision } = await decidedSnapshot(table, request);
  const name = nameInPath(request, 'hold');
  const { reason, until } = parseBody(request.event, PutHoldRequest);
  const hold = await placeHold(deps, {
    key: snapshot.key.name,
    name,
    reason,
    // One form for every instant, so that they compare as text.
    until: until && new Date(until).toISOString(),
    by: request.principal.id,
    decision,
  });
  return { body: holdView(hold) };
};

const deleteHold: RouteHandler = async (request) => {
  const { snapshot, decision } = await decidedSnapshot(table, request);
  const name = nameInPath(request, 'hold');
  const by = request.principal.id;
  return {
    body: holdView(await releaseHold(deps, { key: snapshot.key.name, name, by, decision })),
  };
};

export const handler = apiHandler(
  { listHolds, putHold, deleteHold },
  authorizer(environment.STAGE),
);
