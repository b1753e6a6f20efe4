// SPDX-License-Identifier: Apache-2.0
// `npm run bench -- [--only TEXT] [--json] [--full]`: the stand-in beside the HSM alone and beside the AWS
// emulator's built-in KMS, in one run on one machine. Figures of different machines do not compare; ratios do.
import { parseArgs } from 'node:util';
import { measureCreation } from './creation.ts';
import { growthNames, measureCryptography, measureGrowth } from './cryptography.ts';
import { newFolderForMany } from './folder.ts';
import { openRawHsm } from './raw-hsm.ts';
import { Report } from './report.ts';
import { measureRevocation } from './revocation.ts';
import { startBuiltIn, startStandIn } from './servers.ts';
import { measureStart, startName } from './start-up.ts';
import { fill, type Run, standInOf, targetOf } from './targets.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
  },
});
const wants = (name: string) => name.toLowerCase().includes((values.only ?? '').toLowerCase());
const report = new Report(values.json);
const pace = values.full ? { rounds: 5, sliceSeconds: 0.3 } : { rounds: 3, sliceSeconds: 0.2 };
const KEY_COUNTS = values.full ? [1000, 10_000] : [1000];
const FEW = 10;

async function measureAll(run: Run): Promise<void> {
  await fill(run.few, FEW);
  if (run.builtIn !== undefined) await fill(run.builtIn, FEW);
  await measureCryptography(run);
  await measureRevocation(run);
  for (const count of KEY_COUNTS) {
    const memory = `resident memory, ${count} keys in each store`;
    if (![...growthNames(count), memory, startName(count)].some(wants)) continue;
    await fill(run.many, count);
    await measureGrowth(run);
    if (wants(memory)) report.value(memory, run.many.server.residentMegabytes(), 'MB');
  }
  await measureCreation(run);
}

const raw = await openRawHsm();
const servers = [await startStandIn(), await startStandIn(newFolderForMany())] as const;
const builtInServer = await startBuiltIn();
const builtIn = builtInServer && targetOf(builtInServer);
if (builtIn === undefined) process.stderr.write('bench: no AWS emulator to compare with\n');
const [few, many] = [await standInOf(servers[0]), await standInOf(servers[1])];
try {
  const run = { report, raw, few, many, builtIn, pace, wants };
  await measureAll(run);
  await measureStart(run);
} finally {
  for (const target of [few, many, builtIn]) {
    target?.caller.close();
    await target?.server.stop();
  }
  raw.close();
}
report.finish();
