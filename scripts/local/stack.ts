// SPDX-License-Identifier: Apache-2.0
// Starts and stops a local stack: the key endpoint, the AWS emulator in front of it, stand-ins for Slack and a mailbox,
// and the CDK app deployed to them. Everything it needs and leaves lies in one directory; a second start reuses all of it.
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ensureSoftHsm } from '#adapters/pkcs11/softhsm.ts';
import { DIRECTORY } from '#policies/directory.ts';
import { type ConsistencyDelay, setConsistencyDelay } from './consistency.ts';
import { type App, deploy, KEYTURN_APP } from './deployment.ts';
import { EMULATOR } from './emulators/choose.ts';
import type { Emulator } from './emulators/emulator.ts';
import type { EmulatorName } from './emulators/names.ts';
import { ACCOUNT, REGION } from './environment.ts';
import { createDirectories, DEFAULT_DIRECTORY, type Layout, layoutOf, ROOT } from './layout.ts';
import { readOutputs } from './outputs.ts';
import {
  discardData,
  findUnclean,
  markRunning,
  releaseOwnership,
  stopServices,
  takeOwnership,
} from './ownership.ts';
import { ensurePeople } from './people.ts';
import { choosePorts, type Ports } from './ports.ts';
import { readJson, writePrivate } from './private-file.ts';
import { findRunning } from './processes.ts';
import { drawSecrets, type Secrets } from './secrets.ts';
import {
  GATEWAY,
  gatewayUrl,
  issuerUrl,
  KEY_ENDPOINT,
  keyEndpointUrl,
  mailUrl,
  STAND_INS,
  slackUrl,
  startGateway,
  startKeyEndpoint,
  startStandIns,
} from './services.ts';
import { connectSlack } from './slack.ts';
import { bringBackStackFile, findStackFile, type StackInfo, writeStackFile } from './stack-file.ts';
import { ensureCertificates, trustAuthority } from './tls.ts';

export { readStackFile, type StackInfo, updateStackFile } from './stack-file.ts';

/** How to start a stack. */
export interface StackOptions {
  /** Relative to the repository; default `.local`. */
  readonly directory?: string;
  readonly log?: (line: string) => void;
  /** Which AWS; default ministack. */
  readonly emulator?: EmulatorName;
  /** Eventual consistency of KMS; null or absent answers at once. */
  readonly consistencyDelay?: ConsistencyDelay | null;
  /** What to deploy; default Keyturn, null nothing. */
  readonly app?: App | null;
  /** The program that answers for KMS and CloudHSM v2; default our emulator. */
  readonly keyEndpoint?: string;
  /** Factor on the waits and retry delays of state machines, and the emulator's own time limits; default 1. */
  readonly waitScale?: number;
}

/** A running stack. */
export interface Stack {
  /** The contents of `stack.json`. */
  readonly info: StackInfo;
  readonly layout: Layout;
  /** Resolves with the name of a process of the stack that ended without being asked to. */
  lost(): Promise<string>;
  /** Saves all state and ends all processes. Returns whether everything was saved. */
  stop(): Promise<boolean>;
}

/** Starts a stack and returns when the app is deployed and `stack.json` is written. @throws LocalStackError */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const emulator = EMULATOR[options.emulator ?? 'ministack'];
  const layout = layoutOf(options.directory ?? DEFAULT_DIRECTORY, emulator.name);
  const log = options.log ?? (() => {});
  createDirectories(layout);
  await takeOwnership(layout);
  try {
    await recover(layout, log);
    bringBackStackFile(layout, emulator.name);
    if (!emulator.keepsState) discardData(layout);
    return await bringUp(layout, emulator, options, log);
  } catch (error) {
    await stopServices(layout);
    releaseOwnership(layout);
    throw error;
  }
}

/** Brings a directory whose last owner vanished back to a state that can be trusted. */
async function recover(layout: Layout, log: (line: string) => void): Promise<void> {
  const marked = findUnclean(layout);
  const saved = await stopServices(layout);
  if (marked !== undefined && saved) {
    log('ended the processes that the last start left behind; their state was saved');
  } else if (marked !== undefined) {
    log(
      'the last stop was not clean, so the state of the emulators is lost: starting from nothing',
    );
    discardData(layoutOf(layout.directory, marked));
  }
}

async function bringUp(
  layout: Layout,
  emulator: Emulator,
  options: StackOptions,
  log: (line: string) => void,
): Promise<Stack> {
  createDirectories(layout);
  const [installed, softHsm] = await Promise.all([
    timed(log, 'Python environment', () => emulator.prepare(layout, log)),
    timed(log, 'SoftHSM', () => ensureSoftHsm(join(ROOT, DEFAULT_DIRECTORY))),
    ensureCertificates(layout.tls),
  ]);
  trustAuthority(layout.tls.ca);
  const ports = await choosePorts(layout.portsFile);
  const secrets = drawSecrets(layout);
  const settings = {
    layout,
    ports,
    secrets,
    emulator,
    installed,
    softHsmModule: softHsm.modulePath,
    keyEndpoint: options.keyEndpoint ?? join(ROOT, 'emulator', 'main.ts'),
    peopleFile: writePeople(layout),
    waitScale: options.waitScale ?? 1,
  };
  await timed(log, `key endpoint, ${emulator.title} and stand-ins`, () =>
    Promise.all([startKeyEndpoint(settings), startGateway(settings), startStandIns(settings)]),
  );
  markRunning(layout, emulator.name);
  const app = options.app === undefined ? KEYTURN_APP : options.app;
  const people = JSON.stringify(await ensurePeople(layout.people));
  if (app !== null) {
    const withPeople = { ...app, context: { ...app.context, people } };
    await timed(log, 'CDK app', () => deploy(layout, ports, withPeople, log));
  }
  await setConsistencyDelay(keyEndpointUrl(ports), secrets.adminToken, options.consistencyDelay);
  const info = describeStack(layout, emulator.name, ports, secrets);
  await connectSlack(info, secrets);
  writeStackFile(layout, info);
  return { info, layout, lost: () => lostService(layout), stop: () => stopStack(layout) };
}

/** Looks every two seconds; this also keeps the process alive while a stack is up. */
async function lostService(layout: Layout): Promise<string> {
  for (;;) {
    for (const name of [GATEWAY, KEY_ENDPOINT, STAND_INS]) {
      if ((await findRunning(layout.run, name)) === undefined) return name;
    }
    await pause(2000);
  }
}

async function stopStack(layout: Layout): Promise<boolean> {
  const saved = await stopServices(layout);
  releaseOwnership(layout);
  return saved;
}

/** The people of the local stage, for the token issuer. */
function writePeople(layout: Layout): string {
  const people = DIRECTORY.local.map(({ user, sub, groups }) => ({ user, sub, groups }));
  const file = join(layout.run, 'people.json');
  writePrivate(file, JSON.stringify(people));
  return file;
}

function describeStack(
  layout: Layout,
  emulator: EmulatorName,
  ports: Ports,
  secrets: Secrets,
): StackInfo {
  return {
    emulator,
    ...readOutputs(readJson(layout.outputsFile), gatewayUrl(ports)),
    gatewayUrl: gatewayUrl(ports),
    kmsUrl: keyEndpointUrl(ports),
    issuerUrl: issuerUrl(ports),
    consoleUrl: null,
    slackUrl: slackUrl(ports),
    mailUrl: mailUrl(ports),
    region: REGION,
    account: ACCOUNT,
    stage: 'local',
    caFile: layout.tls.ca,
    // Provisioned by a workflow later; kept from the start before, because the data is kept too.
    keyStoreId: findStackFile(layout)?.keyStoreId ?? null,
    adminToken: secrets.adminToken,
  };
}

async function timed<T>(
  log: (line: string) => void,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  const began = performance.now();
  const result = await work();
  log(`${what} ready (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  return result;
}
