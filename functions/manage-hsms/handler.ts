// SPDX-License-Identifier: Apache-2.0
// The HSMs of a key store for operators: shows them, and records that one is to be added or replaced. It asks CloudHSM
// for nothing but a look; `watch-hsms` does what is recorded.
import type { z } from 'zod';
import { systemClock } from '#adapters/system/system.ts';
import * as contract from '#core/contract/hsms.ts';
import { admitFleetChange, clusterOf } from '#core/provisioning/change-fleet.ts';
import { judgeFleet, occupiedBy } from '#core/provisioning/judge-fleet.ts';
import type { FleetChange } from '#core/provisioning/records.ts';
import { apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { parseBody } from '../shared/api-request.ts';
import { environmentOf } from '../shared/environment.ts';
import { authorizer, hsmFleet, ledger } from '../shared/wiring.ts';

const environment = environmentOf('manage-hsms');
const deps = { ledger: ledger(environment.TABLE_NAME), clock: systemClock };
const fleet = hsmFleet();

function changeView(change: FleetChange): z.infer<typeof contract.HsmChange> {
  const { before: _before, askedAt: _askedAt, ...said } = change;
  return said;
}

const listHsms: RouteHandler = async (request) => {
  await request.authorize({});
  const name = request.path['name'] ?? '';
  const { record, clusterId } = await clusterOf(deps.ledger, name);
  const [view, occupancies] = await Promise.all([
    fleet.view(clusterId),
    deps.ledger.readOccupancy(name),
  ]);
  const { hsms, zones, findings, ...said } = {
    ...view,
    ...judgeFleet(view, occupiedBy(occupancies), deps.clock.now()),
  };
  const body: z.infer<typeof contract.Hsms> = {
    keyStore: name,
    ...said,
    items: [...hsms],
    zones: [...zones],
    findings: [...findings],
    change: record.fleet ? changeView(record.fleet) : null,
  };
  return { body };
};

const changeHsms: RouteHandler = async (request) => {
  const decision = await request.authorize({});
  const { zone = null, replaces = null } = parseBody(request.event, contract.ChangeHsmsRequest);
  const keyStore = request.path['name'] ?? '';
  const { clusterId } = await clusterOf(deps.ledger, keyStore);
  const change = await admitFleetChange(
    deps,
    { keyStore, zone, replaces, by: request.principal.id, decision },
    await fleet.view(clusterId),
  );
  return { body: changeView(change), headers: { location: `/v1/key-stores/${keyStore}/hsms` } };
};

export const handler = apiHandler({ listHsms, changeHsms }, authorizer(environment.STAGE));
