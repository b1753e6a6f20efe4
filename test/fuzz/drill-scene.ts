// SPDX-License-Identifier: Apache-2.0
// A drill that runs, for the routes that need one; for the list of keys it is far enough to take it.
import { advanceDrill } from '#core/drills/advance-drill.ts';
import { startDrill } from '#core/drills/start-drill.ts';
import { ALICE, KEY_STORE, PERMIT, type World } from '#test/support/world.ts';

const NEEDED = ['getDrill', 'answerDrill', 'reportDrillKeys'];

export async function drillScene(world: World, route: string) {
  const bodies = { reportDrillKeys: { labels: ['odd'] } };
  const callers = { answerDrill: { person: 'bob' } };
  if (!NEEDED.includes(route)) return { bodies, callers, paths: {} };
  const { drills, drillSite: site } = world;
  const deps = { ...world.deps, drills, site, answerSeconds: 3600 };
  const times = { patienceSeconds: 3600, settleSeconds: 60 };
  const { id } = await startDrill(deps, { keyStore: KEY_STORE, by: ALICE.id, decision: PERMIT });
  for (let looks = 0; looks < 6; looks += 1) {
    await advanceDrill({ ...deps, ...times, notices: { tell: async () => false } });
    site.settle();
  }
  return { bodies, callers, paths: Object.fromEntries(NEEDED.map((one) => [one, { id }])) };
}
