// SPDX-License-Identifier: Apache-2.0
// `npm run bench -- [--only TEXT] [--json] [--full]`: the stand-in beside the HSM alone and beside the AWS
// emulator's built-in KMS, and rotations on the local stack, in one run on one machine. Figures of different machines
// do not compare; ratios do. `limits-model` starts nothing: it is arithmetic over the real rate budget.
import { parseArgs } from 'node:util';
import { measureApprovals, measureRaces } from './approvals.ts';
import { measureCreation } from './creation.ts';
import { growthNames, measureCryptography, measureGrowth } from './cryptography.ts';
import { newFolderForMany } from './folder.ts';
import { measureFunctions } from './functions.ts';
import { measureIncident } from './incident.ts';
import { measureLimits } from './limits-model.ts';
import { type MeasuredStack, startMeasuredStack, stopMeasuredStack } from './local-stack.ts';
import { measureNotices } from './notices.ts';
import { openRawHsm } from './raw-hsm.ts';
import { measureRecovery } from './recovery.ts';
import { measureReencryption } from './reencryption.ts';
import { Report } from './report.ts';
import { measureRevocation } from './revocation.ts';
import { measureRevoke } from './revoke.ts';
import { measureRevokeCached } from './revoke-cached.ts';
import { measureRevokeDelayed, measureRevokeLoaded } from './revoke-under-load.ts';
import { measureRotationCost } from './rotation-cost.ts';
import { measureDataRotationCost } from './rotation-cost-data.ts';
import { measureRotationGrowth } from './rotation-growth.ts';
import { measureThousand } from './rotation-thousand.ts';
import { measureView } from './rotation-view.ts';
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
// `--only rotation-cost` and `--only rotation-cost.kms.kms-calls` both need the whole measure.
const wants = (name: string) => {
  const only = (values.only ?? '').toLowerCase();
  return name.toLowerCase().includes(only) || only.startsWith(`${name.toLowerCase()}.`);
};
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

async function measureStandIn(): Promise<void> {
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
}

/** What is measured on the whole local stack, which is started for it alone; the heavy ones last. */
const ON_THE_STACK: Readonly<Record<string, (stack: MeasuredStack) => Promise<void>>> = {
  functions: (stack) => measureFunctions(stack, report),
  notices: (stack) => measureNotices(stack, report),
  'rotation-cost.kms': (stack) => measureRotationCost(stack, report, values.full ? 100 : 20),
  'rotation-cost.data': (stack) => measureDataRotationCost(stack, report, values.full ? 100 : 20),
  approvals: (stack) => measureApprovals(stack, report, values.full ? 100 : 30),
  'rotation-view': (stack) => measureView(stack, report, values.full ? 5 : 2),
  revoke: (stack) => measureRevoke(stack, report, values.full ? 30 : 8),
  'revoke.cached': (stack) => measureRevokeCached(stack, report, values.full ? 20 : 5),
  'revoke.delayed': (stack) => measureRevokeDelayed(stack, report, values.full ? 10 : 3),
  'revoke.loaded': (stack) => measureRevokeLoaded(stack, report, values.full ? 30 : 8),
  reencryption: (stack) => measureReencryption(stack, report, values.full ? 100_000 : 2000),
  'rotation-thousand': (stack) => measureThousand(stack, report, values.full ? 1000 : 50),
  recovery: (stack) => measureRecovery(stack, report, values.full ? 1000 : 50),
  'rotation-growth': (stack) => measureRotationGrowth(stack, report, GROWTH),
  incident: (stack) =>
    measureIncident(stack, report, { real: values.full ? 300 : 60, seeded: 10_000 }),
};
const GROWTH = values.full ? [100, 1000, 10_000, 100_000] : [100, 1000, 10_000];

async function measureOnTheStack(): Promise<void> {
  const measured = await startMeasuredStack();
  try {
    for (const [name, measure] of Object.entries(ON_THE_STACK))
      if (wants(name)) await measure(measured);
  } finally {
    await stopMeasuredStack(measured);
  }
}

const only = values.only ?? '';
const isOnTheStack = Object.keys(ON_THE_STACK).some(wants);
if (only === '' || only.startsWith('limits-model')) await measureLimits(report);
if (only === '' || only.startsWith('approval-races')) measureRaces(report, 10_000);
if (
  !/^(functions|notices|rotation|revoke|incident|recovery|reencryption|approval|limits-model)/.test(
    only,
  )
)
  await measureStandIn();
if (isOnTheStack) await measureOnTheStack();
report.finish();
