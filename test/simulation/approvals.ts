// SPDX-License-Identifier: Apache-2.0
// Suite `approvals` of `npm run simulate`, as a program of its own.
//   SEEDS SEED    the count and the first seed
import { aHistory } from './approval-history.ts';
import { play } from './approval-play.ts';
import { runSuite } from './run-suite.ts';

await runSuite('approvals', aHistory, play);
