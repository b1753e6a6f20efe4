// SPDX-License-Identifier: Apache-2.0
// Puts an emulator together and lets it listen; `stop` ends all it started and keeps its state.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { AuthenticationSettings } from './authentication/authenticate.ts';
import { readPrincipals, rootAlone } from './authentication/principals.ts';
import { type Clock, settableClock, systemClock } from './clock.ts';
import { Trail } from './cloudtrail/trail.ts';
import { removeOrphanContent } from './clusters/backups.ts';
import { type Endpoint, endpointFile } from './endpoint.ts';
import { Faults } from './faults/faults.ts';
import { switchesOff } from './faults/switches.ts';
import { Hsm } from './hsm/hsm.ts';
import { hasToken, keptMaterial } from './hsm/kept-material.ts';
import { KeyMaterial } from './hsm/key-material.ts';
import { takeBackUnfinished } from './hsm/reconcile.ts';
import { removeOrphans } from './hsm/token-folders.ts';
import { startIssuer } from './issuer/issuer.ts';
import { readPeople } from './issuer/people.ts';
import { passTime } from './passing-time.ts';
import { Regions, regionFolder, regionsOnDisk } from './regions.ts';
import { createServer } from './server.ts';
import type { Emulator, HsmQuotas } from './settings.ts';
import { openStore, type Store } from './store/store.ts';

/** How to start. Port 0 takes a free one. */
export interface StartOptions {
  readonly port: number;
  readonly dataFolder?: string | undefined;
  readonly region?: string | undefined;
  readonly account?: string | undefined;
  readonly gatewaySecretPath?: string | undefined;
  /** JSON file of principals that sign with access keys of their own. */
  readonly principalsPath?: string | undefined;
  /** Whoever is not known is the account root; the default without a gateway and without principals. */
  readonly acceptsAnyCaller?: boolean | undefined;
  readonly adminTokenPath?: string | undefined;
  readonly tlsCertPath?: string | undefined;
  readonly tlsKeyPath?: string | undefined;
  readonly issuerPort?: number | undefined;
  readonly peoplePath?: string | undefined;
  /** Clusters wait for an HSM admin, see `settings.ts`. */
  readonly explicitHsmAdmin?: boolean | undefined;
  /** 4 clusters, 6 HSMs and 10 custom key stores unless raised. */
  readonly hsmQuotas?: HsmQuotas | undefined;
  readonly clock?: Clock | undefined;
}

/** A listening emulator. */
export interface RunningEmulator {
  readonly url: string;
  /** Whom it believes, for the ready line. */
  readonly callers: string;
  readonly issuerUrl: string | undefined;
  readonly dataFolder: string;
  readonly adminTokenPath: string;
  readonly adminToken: string;
  stop(): Promise<void>;
}

const SWEEP_MILLISECONDS = 60_000;
const DEFAULT_ACCOUNT = '000000000000';

function adminToken(path: string): string {
  if (!existsSync(path)) writeFileSync(path, randomBytes(24).toString('hex'), { mode: 0o600 });
  return readFileSync(path, 'utf8').trim();
}

function tlsOf(options: StartOptions) {
  const { tlsCertPath: certPath, tlsKeyPath: keyPath } = options;
  if (certPath === undefined && keyPath === undefined) return undefined;
  if (certPath !== undefined && keyPath !== undefined) return { certPath, keyPath };
  throw new Error('--tls-cert and --tls-key must be given together');
}

async function listen(server: http.Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function close(server: http.Server | undefined): Promise<void> {
  if (server === undefined) return;
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** The stores of the configured Region and of those with state on disk. @throws Error when they are in use */
function openStores(dataFolder: string, home: string, clock: Clock): Map<string, Store> {
  const homeStore = openStore(dataFolder, clock);
  const stores = new Map([[home, homeStore]]);
  for (const region of regionsOnDisk(dataFolder)) {
    if (region === home) {
      throw new Error(`${dataFolder} was made with another --region than ${home}; start with that`);
    }
    const folder = regionFolder(dataFolder, region);
    stores.set(region, openStore(folder, clock, homeStore.multiRegion));
  }
  return stores;
}

async function openHsm(stores: readonly Store[], dataFolder: string): Promise<Hsm> {
  try {
    return await Hsm.open(dataFolder, keptMaterial(stores));
  } catch (error) {
    for (const store of stores) store.close();
    throw error;
  }
}

async function openEmulator(options: StartOptions, dataFolder: string): Promise<Emulator> {
  const clockSetting = settableClock(options.clock ?? systemClock);
  const clock = clockSetting.now;
  const place = {
    region: options.region ?? 'us-east-1',
    account: options.account ?? DEFAULT_ACCOUNT,
  };
  // The store first: its lock refuses a second emulator on the same folder before the HSM is touched.
  const stores = openStores(dataFolder, place.region, clock);
  const all = [...stores.values()];
  removeOrphanContent(all, dataFolder);
  removeOrphans(join(dataFolder, 'hsm', 'tokens'), (id) =>
    all.some((store) => hasToken(store, id)),
  );
  const hsm = await openHsm(all, dataFolder);
  const shared = {
    clock,
    hsm,
    material: new KeyMaterial(hsm),
    dataFolder,
    faults: new Faults(),
    switches: switchesOff(place.region, clock),
    clockSetting,
    trail: new Trail(clockSetting.base),
    explicitHsmAdmin: options.explicitHsmAdmin ?? false,
    quotas: options.hsmQuotas ?? { clusters: 4, hsms: 6, keyStores: 10 },
  };
  const make = (region: string): Emulator => {
    const folder = regionFolder(dataFolder, region);
    const { multiRegion } = all[0] ?? {};
    const store = stores.get(region) ?? openStore(folder, clock, multiRegion);
    return { ...shared, place: { ...place, region }, store, regions };
  };
  const regions: Emulator['regions'] = new Regions(dataFolder, make);
  const home = make(place.region);
  regions.add(home);
  for (const region of stores.keys()) regions.of(region);
  for (const emulator of regions.all()) {
    const takenBack = takeBackUnfinished(emulator);
    if (takenBack > 0) process.stderr.write(`emulator: took back ${takenBack} unfinished keys\n`);
  }
  await passTime(regions);
  return home;
}

/** Tells the commands of the same folder where to find this emulator. @returns the file */
function announce(dataFolder: string, endpoint: Endpoint): string {
  const path = endpointFile(dataFolder);
  writeFileSync(path, JSON.stringify(endpoint), { mode: 0o600 });
  return path;
}

async function sweepNow(regions: Emulator['regions']): Promise<void> {
  try {
    await passTime(regions);
  } catch (error) {
    // A full disk, for one: what is due is tried again with the next look at the clock.
    process.stderr.write(`emulator: the passing of time failed: ${String(error)}\n`);
  }
}

async function openIssuer(options: StartOptions, emulator: Emulator, token: string) {
  if (options.issuerPort === undefined) return undefined;
  return startIssuer({
    port: options.issuerPort,
    dataFolder: emulator.dataFolder,
    adminToken: token,
    people: readPeople(options.peoplePath),
    clock: emulator.clock,
  });
}

function secretOf(path: string | undefined): string | undefined {
  return path === undefined ? undefined : readFileSync(path, 'utf8').trim();
}

/** Whom to believe; nothing set: anyone, as a developer's machine wants it. */
function authenticationOf(options: StartOptions, account: string): AuthenticationSettings {
  const { principalsPath } = options;
  const gatewaySecret = secretOf(options.gatewaySecretPath);
  const isOpen = gatewaySecret === undefined && principalsPath === undefined;
  const acceptsAnyCaller = options.acceptsAnyCaller ?? isOpen;
  if (acceptsAnyCaller && gatewaySecret !== undefined) {
    throw new Error('any caller cannot be accepted beside a gateway that vouches for callers');
  }
  const declared = principalsPath === undefined ? new Map() : readPrincipals(principalsPath);
  const principals = acceptsAnyCaller ? declared : new Map([...rootAlone(account), ...declared]);
  return { account, gatewaySecret, principals, acceptsAnyCaller };
}

function describeCallers(settings: AuthenticationSettings): string {
  if (settings.gatewaySecret !== undefined) return "callers: the gateway's, and signed requests";
  if (!settings.acceptsAnyCaller) return 'callers: signed requests only';
  const declared = settings.principals.size === 0 ? '' : ', but for declared principals';
  return `callers: anyone, as the account root${declared}`;
}

/** Starts an emulator. One per process and SoftHSM module. */
export async function start(options: StartOptions): Promise<RunningEmulator> {
  const tls = tlsOf(options);
  const authentication = authenticationOf(options, options.account ?? DEFAULT_ACCOUNT);
  const dataFolder = options.dataFolder ?? mkdtempSync(join(tmpdir(), 'keyturn-emulator-'));
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const adminTokenPath = options.adminTokenPath ?? join(dataFolder, 'admin-token');
  const token = adminToken(adminTokenPath);
  const emulator = await openEmulator(options, dataFolder);
  const { regions, hsm } = emulator;
  const server = createServer(emulator, { ...authentication, adminToken: token, tls });
  const port = await listen(server, options.port);
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  const endpoint = announce(dataFolder, { url, adminTokenPath: resolve(adminTokenPath) });
  const issuer = await openIssuer(options, emulator, token);
  const sweep = setInterval(() => void sweepNow(regions), SWEEP_MILLISECONDS);
  const stop = async () => {
    clearInterval(sweep);
    rmSync(endpoint, { force: true });
    await close(server);
    await close(issuer?.server);
    for (const { store } of regions.all()) store.close();
    hsm.close();
  };
  return {
    callers: describeCallers(authentication),
    url,
    issuerUrl: issuer?.url,
    dataFolder,
    adminTokenPath,
    adminToken: token,
    stop,
  };
}
