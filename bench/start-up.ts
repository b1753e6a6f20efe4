// SPDX-License-Identifier: Apache-2.0
// Starting on the folder with many keys: until the server listens, its memory then, and once every key was used.
import { load } from './load.ts';
import { startStandIn } from './servers.ts';
import { median } from './slices.ts';
import { MAXIMUM_CLIENTS, type Run, type Target, targetOf } from './targets.ts';

const STARTS = 3;

/** The name of the measure at this number of keys. */
export function startName(count: number): string {
  return `start, ${count} keys in each store`;
}

async function useAll({ caller }: Target, keyIds: readonly string[]): Promise<void> {
  await load(MAXIMUM_CLIENTS, { seconds: 120, calls: keyIds.length }, (index) =>
    caller.must('Encrypt', { KeyId: keyIds[index], Plaintext: 'eA==' }),
  );
}

/** Stops the stand-in with many keys, keeping its folder, and starts it again; it is stopped in the end. */
export async function measureStart(run: Run): Promise<void> {
  const name = startName(run.many.keyIds.length);
  if (!run.wants(name)) return;
  run.report.value('start, no keys', run.few.server.startSeconds, 's');
  const { dataFolder } = run.many.server;
  run.many.caller.close();
  await run.many.server.stop('keep');
  const walls: number[] = [];
  const cpus: number[] = [];
  for (let left = STARTS; left > 0; left -= 1) {
    const server = await startStandIn(dataFolder);
    walls.push(server.startSeconds);
    cpus.push(server.cpuMilliseconds() / 1000);
    if (left > 1) await server.stop('keep');
    else await measureUse(run, targetOf(server));
  }
  run.report.value(name, median(walls), 's');
  run.report.value(`${name}: processor time`, median(cpus), 's');
}

async function measureUse(run: Run, target: Target): Promise<void> {
  const name = `resident memory, ${run.many.keyIds.length} keys in each store, after a start`;
  run.report.value(name, target.server.residentMegabytes(), 'MB');
  const [first] = run.many.storeKeyIds;
  const began = performance.now();
  await target.caller.must('Encrypt', { KeyId: first, Plaintext: 'eA==' });
  const took = performance.now() - began;
  run.report.value('first use of a custom-store key after a start', took, 'ms');
  await useAll(target, run.many.keyIds);
  run.report.value(`${name}, standard-store keys used`, target.server.residentMegabytes(), 'MB');
  await useAll(target, run.many.storeKeyIds);
  run.report.value(`${name}, all keys used`, target.server.residentMegabytes(), 'MB');
  target.caller.close();
  await target.server.stop();
}
