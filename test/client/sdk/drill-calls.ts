// SPDX-License-Identifier: Apache-2.0
// How the methods of drills are called, and the path that must be requested; a part of `client.test.ts`.
import type { Client } from '#client/sdk/index.ts';

type Call = readonly [(client: Client) => Promise<unknown>, string];

export const DRILL_CALLS = {
  startDrill: [(c) => c.startDrill(), '/v1/drills'],
  listDrills: [(c) => c.listDrills(), '/v1/drills'],
  getDrill: [(c) => c.getDrill('drl_0001'), '/v1/drills/drl_0001'],
  answerDrill: [(c) => c.answerDrill('drl_0001'), '/v1/drills/drl_0001/answers'],
  reportDrillKeys: [
    (c) => c.reportDrillKeys('drl_0001', { labels: [] }),
    '/v1/drills/drl_0001/keys',
  ],
} satisfies Record<string, Call>;
