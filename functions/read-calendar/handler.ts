// SPDX-License-Identifier: Apache-2.0
// GET on what rotates when. Its role can only read.
import { z } from 'zod';
import { systemClock } from '#adapters/system/system.ts';
import { later } from '#core/operations/admit-operation.ts';
import { readDue } from '#core/operations/read-calendar.ts';
import { CLASSES } from '#policies/classes.ts';
import { apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { parseQuery } from '../shared/api-request.ts';
import { environmentOf } from '../shared/environment.ts';
import { accessObject } from '../shared/views.ts';
import { authorizer, ledger } from '../shared/wiring.ts';

const environment = environmentOf('read-calendar');
const deps = { ledger: ledger(environment.TABLE_NAME), classes: CLASSES };

const WEEK_SECONDS = 7 * 86_400;
// One form for every instant, so that they compare as text.
const Instant = z.iso.datetime().transform((text) => new Date(text).toISOString());
const Query = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z
    .string()
    .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z#[a-z][a-z0-9-]{0,62}$/)
    .optional(),
  from: Instant.optional(),
  until: Instant.optional(),
});

const readCalendar: RouteHandler = async (request) => {
  const query = parseQuery(request.event, Query);
  const from = query.from ?? systemClock.now();
  const until = query.until ?? later(from, WEEK_SECONDS);
  const { limit, cursor = null } = query;
  const body = await readDue(deps, { from, until, cursor, limit }, (key) =>
    request.permits(accessObject(key)),
  );
  return { body };
};

export const handler = apiHandler({ readCalendar }, authorizer(environment.STAGE));
