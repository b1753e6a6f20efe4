// SPDX-License-Identifier: Apache-2.0
// Drills for people: begins one, shows them, takes answers of custodians and the list of keys of the restored HSM. It asks
// CloudHSM for nothing; `watch-drills` does what is recorded.
import * as contract from '#core/contract/drills.ts';
import { reportDrillKeys } from '#core/drills/compare-keys.ts';
import { drillNotFound } from '#core/drills/drill-record.ts';
import { answerDrill, startDrill } from '#core/drills/start-drill.ts';
import { type ApiRequest, apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { parseBody } from '../shared/api-request.ts';
import { drillDeps, drillView } from '../shared/drills.ts';
import { environmentOf } from '../shared/environment.ts';
import { authorizer } from '../shared/wiring.ts';

const environment = environmentOf('manage-drills');
const deps = drillDeps(environment);
/** Ids of all keys that an HSM holds, some 40 bytes each. */
const LISTING_BYTES = 1_048_576;

function idInPath({ path }: ApiRequest): string {
  const id = contract.DrillId.safeParse(path['id']);
  if (id.success) return id.data;
  throw drillNotFound();
}

/** Who does it, as decided. */
async function actorOf(request: ApiRequest) {
  return { by: request.principal.id, decision: await request.authorize({}) };
}

const start: RouteHandler = async (request) => {
  const actor = await actorOf(request);
  const drill = await startDrill(deps, { ...actor, keyStore: environment.KEY_STORE_NAME });
  return { body: drillView(drill), headers: { location: `/v1/drills/${drill.id}` } };
};

const list: RouteHandler = async (request) => {
  await request.authorize({});
  const all = [...(await deps.drills.listDrills())].sort((a, b) =>
    a.startedAt < b.startedAt ? 1 : -1,
  );
  return { body: { items: all.map(drillView), nextCursor: null } };
};

const show: RouteHandler = async (request) => {
  await request.authorize({});
  const drill = await deps.drills.readDrill(idInPath(request));
  if (!drill) throw drillNotFound();
  return { body: drillView(drill) };
};

const answer: RouteHandler = async (request) => {
  const actor = await actorOf(request);
  const { id: sub } = request.principal;
  return { body: drillView(await answerDrill(deps, { ...actor, sub, id: idInPath(request) })) };
};

const reportKeys: RouteHandler = async (request) => {
  const actor = await actorOf(request);
  const id = idInPath(request);
  const { labels } = parseBody(request.event, contract.ReportDrillKeysRequest, LISTING_BYTES);
  return { body: drillView(await reportDrillKeys(deps, { ...actor, id, labels })) };
};

export const handler = apiHandler(
  {
    startDrill: start,
    listDrills: list,
    getDrill: show,
    answerDrill: answer,
    reportDrillKeys: reportKeys,
  },
  authorizer(environment.STAGE),
);
