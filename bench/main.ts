// SPDX-License-Identifier: Apache-2.0
// `npm run bench -- [--only TEXT] [--json] [--full]`: the stand-in beside the HSM alone and beside the AWS
// emulator's built-in KMS, and rotations on the local stack, in one run on one machine. Figures of different machines
// do not compare; ratios do. `limits-model` starts nothing: it is arithmetic over the real rate budget.
import { parseArgs } from 'node:util';
import { connectedKeyStore } from './key-store.ts';
import { measureLimits } from './limits-model.ts';
import { Caller } from './load.ts';
import { startMeasuredStack, stopMeasuredStack } from './local-stack.ts';
import {
  fill,
  MAXIMUM_CLIENTS,
  measureCreation,
  measureCryptography,
  measureRevocation,
  type Run,
  type Target,
} from './measures.ts';
import { openRawHsm } from './raw-hsm.ts';
import { Report } from './report.ts';
import { measureRotationCost } from './rotation-cost.ts';
import { type Server, startBuiltIn, startStandIn } from './servers.ts';

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
const seconds = values.full ? 3 : 0.7;
const keyCounts = values.full ? [10, 1000, 10_000] : [10, 1000];

function targetOf(server: Server): Target {
  return { server, caller: new Caller(server.url, MAXIMUM_CLIENTS), keyIds: [] };
}

async function measureAll(run: Run): Promise<void> {
  const rates = new Map<string, number>();
  const keyStoreId = await connectedKeyStore(run.standIn.caller);
  for (const count of keyCounts) {
    await fill(run.standIn, count);
    if (run.builtIn !== undefined && count === keyCounts[0]) await fill(run.builtIn, count);
    await measureCryptography(run, rates);
    const memory = `resident memory, ${count} keys`;
    if (wants(memory)) report.value(memory, run.standIn.server.residentMegabytes(), 'MB');
  }
  await measureRevocation(run);
  await measureCreation(run, keyStoreId);
}

async function measureRestart(standIn: Server): Promise<void> {
  const name = 'start on the folder of this run';
  report.value('start on an empty folder', standIn.startSeconds, 's');
  await standIn.stop('keep');
  const again = await startStandIn(standIn.dataFolder);
  report.value(name, again.startSeconds, 's');
  await again.stop();
}

async function measureStandIn(): Promise<void> {
  const raw = await openRawHsm(seconds / 2);
  const standIn = targetOf(await startStandIn());
  const builtInServer = await startBuiltIn();
  const builtIn = builtInServer && targetOf(builtInServer);
  if (builtIn === undefined) process.stderr.write('bench: no AWS emulator to compare with\n');
  try {
    await measureAll({ report, raw, standIn, builtIn, seconds, wants });
  } finally {
    standIn.caller.close();
    builtIn?.caller.close();
    await builtIn?.server.stop();
    raw.close();
    await measureRestart(standIn.server);
  }
}

/** Rows that begin with `rotation-` are measured on the whole local stack, which is started for them alone. */
async function measureRotations(): Promise<void> {
  const measured = await startMeasuredStack();
  try {
    if (wants('rotation-cost')) await measureRotationCost(measured, report, values.full ? 100 : 20);
  } finally {
    await stopMeasuredStack(measured);
  }
}

const only = values.only ?? '';
if (only === '' || only.startsWith('limits-model')) await measureLimits(report);
if (!/^(rotation|limits-model)/.test(only)) await measureStandIn();
if (only === '' || only.startsWith('rotation')) await measureRotations();
report.finish();
