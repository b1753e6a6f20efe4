// SPDX-License-Identifier: Apache-2.0
// The processes of the local stack: the key endpoint (KMS and CloudHSM v2 over SoftHSM), the gateway (an AWS
// emulator with our patches), and the stand-ins for Slack and a mailbox. Each is started, waited for by its own sign of life, and ended cleanly.
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Emulator, Installed } from './emulators/emulator.ts';
import { ACCOUNT, baseEnvironment, REGION } from './environment.ts';
import { LocalStackError } from './errors.ts';
import { type Layout, ROOT } from './layout.ts';
import type { Ports } from './ports.ts';
import { writePrivate } from './private-file.ts';
import { isRunning, type ProcessRecord, type Program, start } from './processes.ts';
import type { Secrets } from './secrets.ts';
import { until } from './waiting.ts';

/** Names of the process records. */
export const GATEWAY = 'gateway';
export const KEY_ENDPOINT = 'key-endpoint';
export const STAND_INS = 'stand-ins';

/** Everything the processes need to know. */
export interface ServiceSettings {
  readonly layout: Layout;
  readonly ports: Ports;
  readonly secrets: Secrets;
  readonly emulator: Emulator;
  readonly installed: Installed;
  readonly softHsmModule: string;
  /** Script of the key endpoint. */
  readonly keyEndpoint: string;
  readonly peopleFile: string;
  readonly waitScale: number;
}

/** Base URL of the key endpoint. */
export const keyEndpointUrl = (ports: Ports) => `http://127.0.0.1:${ports.keyEndpoint}`;
/** Base URL of the gateway, under the name its certificate carries. */
export const gatewayUrl = (ports: Ports) => `https://localhost:${ports.gateway}`;
/** Base URL of the token issuer. */
export const issuerUrl = (ports: Ports) => `http://127.0.0.1:${ports.issuer}`;

/** Base URL of the stand-in for Slack; its Web API lies under `/api`. */
export const slackUrl = (ports: Ports) => `http://127.0.0.1:${ports.slack}`;
/** Base URL of the mailbox. */
export const mailUrl = (ports: Ports) => `http://127.0.0.1:${ports.mail}`;

/** Starts the key endpoint and waits until it says that it is ready. */
export async function startKeyEndpoint(settings: ServiceSettings): Promise<void> {
  const { layout, ports, secrets } = settings;
  const options = {
    port: ports.keyEndpoint,
    data: layout.hsmData,
    region: REGION,
    account: ACCOUNT,
    'gateway-secret-file': secrets.gatewaySecretFile,
    'admin-token-file': secrets.adminTokenFile,
    'issuer-port': ports.issuer,
    people: settings.peopleFile,
  };
  const logFile = freshLog(layout, KEY_ENDPOINT);
  const record = await start({
    ...programOf(layout, KEY_ENDPOINT, logFile),
    command: process.execPath,
    args: [
      '--disable-warning=ExperimentalWarning',
      settings.keyEndpoint,
      ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]),
      '--explicit-hsm-admin',
    ],
    env: { ...baseEnvironment(layout), SOFTHSM2_LIB: settings.softHsmModule },
  });
  const isReady = () => /^ready http/m.test(readLog(logFile));
  await alive(record, logFile, 'the key endpoint', isReady);
}

/** Starts the stand-ins for Slack and a mailbox and waits until they say that they are ready. */
export async function startStandIns(settings: ServiceSettings): Promise<void> {
  const { layout, ports, secrets, emulator } = settings;
  const options = {
    'slack-port': ports.slack,
    'mail-port': ports.mail,
    'slack-secret-file': secrets.slackSecretFile,
    'admin-token-file': secrets.adminTokenFile,
    'mail-source': `https://127.0.0.1:${ports.gateway}${emulator.mailPath}`,
  };
  const logFile = freshLog(layout, STAND_INS);
  const record = await start({
    ...programOf(layout, STAND_INS, logFile),
    command: process.execPath,
    args: [
      '--disable-warning=ExperimentalWarning',
      join(ROOT, 'emulator', 'stand-ins.ts'),
      ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ],
    env: baseEnvironment(layout),
  });
  const isReady = () => /^ready http/m.test(readLog(logFile));
  await alive(record, logFile, 'the stand-ins for Slack and mail', isReady);
}

/** Starts the gateway and waits until it answers its health check. */
export async function startGateway(settings: ServiceSettings): Promise<void> {
  const { layout, ports, secrets } = settings;
  const { emulator, installed } = settings;
  const launch = emulator.launch(settings);
  const settingsFile = join(layout.run, 'gateway-settings.json');
  const own = {
    kmsEndpoint: keyEndpointUrl(ports),
    gatewaySecret: secrets.gatewaySecret,
    adminToken: secrets.adminToken,
    region: REGION,
    account: ACCOUNT,
    tickSeconds: 1,
    ...installed.settings,
    ...launch.settings,
  };
  writePrivate(settingsFile, JSON.stringify(own));
  const logFile = freshLog(layout, GATEWAY);
  const record = await start({
    ...programOf(layout, GATEWAY, logFile),
    command: installed.python,
    args: [launch.launcher, settingsFile],
    env: {
      ...baseEnvironment(layout),
      PYTHONUNBUFFERED: '1',
      PYTHONDONTWRITEBYTECODE: '1',
      ...launch.environment,
    },
  });
  const health = `https://127.0.0.1:${ports.gateway}${emulator.healthPath}`;
  await alive(record, logFile, emulator.title, () => answers(health));
}

function programOf(
  layout: Layout,
  name: string,
  logFile: string,
): Omit<Program, 'command' | 'args' | 'env'> {
  return { name, cwd: layout.directory, runDirectory: layout.run, logFile };
}

/** The log file of a new start; the one before is kept as `.previous`. */
function freshLog(layout: Layout, name: string): string {
  const file = join(layout.logs, `${name}.log`);
  if (existsSync(file)) renameSync(file, `${file}.previous`);
  return file;
}

function readLog(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

async function alive(
  record: ProcessRecord,
  logFile: string,
  what: string,
  isReady: () => boolean | Promise<boolean>,
): Promise<void> {
  const probe = async () => {
    if (await isReady()) return true;
    if (await isRunning(record)) return false;
    throw new LocalStackError(`${what} did not start:\n${readLog(logFile).trim().slice(-3000)}`);
  };
  await until(probe, { timeoutSeconds: 60, what: `${what} to be ready (log: ${logFile})` });
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
