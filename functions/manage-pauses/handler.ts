// SPDX-License-Identifier: Apache-2.0
// The pause of the stage: begins it, shows it, ends it. It starts nothing and reaches no key.
import type { z } from 'zod';
import { systemClock } from '#adapters/system/system.ts';
import type * as contract from '#core/contract/pauses.ts';
import { PauseId, StartPauseRequest } from '#core/contract/pauses.ts';
import { KeyturnError } from '#core/errors.ts';
import { endPause, isPausing, startPause } from '#core/operations/pauses.ts';
import { pendingDeletions } from '#core/operations/pending-deletions.ts';
import type { PauseRecord } from '#core/ports/pauses.ts';
import { apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { parseBody } from '../shared/api-request.ts';
import { environmentOf } from '../shared/environment.ts';
import { authorizer, ledger, pauseRows } from '../shared/wiring.ts';

const environment = environmentOf('manage-pauses');
const deps = {
  ledger: ledger(environment.TABLE_NAME),
  pauses: pauseRows(environment.TABLE_NAME),
  clock: systemClock,
};

async function viewOf(pause: PauseRecord): Promise<z.infer<typeof contract.Pause>> {
  const deletionsAtKms = [...(await pendingDeletions(deps))];
  return { ...pause, isActive: isPausing(pause, systemClock.now()), deletionsAtKms };
}

const start: RouteHandler = async (request) => {
  const decision = await request.authorize({});
  const body = parseBody(request.event, StartPauseRequest);
  const pause = await startPause(deps, { ...body, by: request.principal.id, decision });
  return { body: await viewOf(pause), headers: { location: `/v1/pauses/${pause.id}` } };
};

const list: RouteHandler = async (request) => {
  await request.authorize({});
  const row = await deps.pauses.readPause();
  return { body: { items: row ? [await viewOf(row.pause)] : [], nextCursor: null } };
};

const end: RouteHandler = async (request) => {
  const decision = await request.authorize({});
  const id = PauseId.safeParse(request.path['id']);
  if (!id.success) throw new KeyturnError('PauseNotFound', 'no such pause');
  const by = request.principal.id;
  return { body: await viewOf(await endPause(deps, { id: id.data, by, decision })) };
};

export const handler = apiHandler(
  { startPause: start, listPauses: list, endPause: end },
  authorizer(environment.STAGE),
);
