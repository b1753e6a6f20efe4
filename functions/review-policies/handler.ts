// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { systemClock } from '#adapters/system/system.ts';
import { KeyName } from '#core/contract/api.ts';
import { reviewPolicies } from '#core/operations/review-policies.ts';
import { CLASSES } from '#policies/classes.ts';
import { environmentOf } from '../shared/environment.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { ledger } from '../shared/wiring.ts';

const environment = environmentOf('review-policies');
const deps = { ledger: ledger(environment.TABLE_NAME), clock: systemClock, classes: CLASSES };
/** One page: few enough that all of them changed is done within the function's time. */
const PAGE = 200;
const Input = z.object({ cursor: KeyName.nullable().default(null) });

export const handler = stepHandler(Input, async ({ cursor }) => {
  const { reviewed, changed, replaced, nextCursor } = await reviewPolicies(deps, cursor, PAGE);
  return { reviewed, changed, replaced, cursor: nextCursor, hasMore: nextCursor !== null };
});
