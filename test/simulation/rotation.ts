// SPDX-License-Identifier: Apache-2.0
// Suite `rotation` of `npm run simulate`, as a program of its own.
//   SEEDS SEED    the count and the first seed
import { aHistory } from './history.ts';
import { play } from './play.ts';
import { runSuite } from './run-suite.ts';

await runSuite('rotation', aHistory, play);
