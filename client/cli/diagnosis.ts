// SPDX-License-Identifier: Apache-2.0
// The checks of `keyturn doctor`. Each tells what it saw and, when that is wrong, what to do.
import { existsSync } from 'node:fs';
import { createTransport, type HttpResponse, type Send } from '../sdk/index.ts';
import type { Context } from './context.ts';
import { readCa, type Settings } from './settings.ts';

/** SigV4 refuses requests more than 5 minutes off; tokens are stricter. */
const MAX_SKEW_MS = 60_000;
const OLDEST_NODE = 24;
const PATIENCE_MS = 5000;

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do when it is not ok. */
  readonly fix: string | null;
}

function check(name: string, ok: boolean, detail: string, fix: string): Check {
  return { name, ok, detail, fix: ok ? null : fix };
}

function checkNode(version: string): Check {
  const ok = Number(version.replace('v', '').split('.')[0]) >= OLDEST_NODE;
  return check('node', ok, version, 'run bin/keyturn, which uses the pinned Node');
}

function checkStackFile({ reading, endpointUrl, stack }: Settings): Check {
  const name = 'stack file';
  if (reading.kind === 'present') {
    const use = stack ? `stage ${reading.stack.stage}` : 'not used: another endpoint is set';
    return check(name, true, `${reading.path} (${use})`, '');
  }
  const detail =
    reading.kind === 'missing'
      ? `${reading.path} is missing`
      : `${reading.path}: ${reading.reason}`;
  const isNeeded = endpointUrl === null || reading.kind === 'unreadable';
  return check(name, !isNeeded, detail, 'npm start (or set KEYTURN_ENDPOINT_URL)');
}

function checkCa({ caFile }: Settings): Check {
  if (!caFile) return check('ca', true, 'that of the system', '');
  const ok = existsSync(caFile.value);
  const detail = ok ? caFile.value : `${caFile.value} is missing (${caFile.source})`;
  return check('ca', ok, detail, 'correct KEYTURN_CA_FILE, or run npm start again');
}

interface Probe {
  readonly response: HttpResponse | null;
  readonly reason: string;
}

async function probe(send: Send, method: string, url: string, signal: AbortSignal): Promise<Probe> {
  try {
    const response = await send({ method, url, headers: {}, signal });
    return { response, reason: `answers ${response.status}` };
  } catch (error) {
    return { response: null, reason: error instanceof Error ? error.message : String(error) };
  }
}

function checkHealth({ response, reason }: Probe): Check {
  const fix = 'npm start; if it runs, look at its output';
  if (response?.status !== 200) return check('api', false, reason, fix);
  const isOk = /"status"\s*:\s*"ok"/.test(response.text);
  const isPaused = /"isPaused"\s*:\s*true/.test(response.text);
  const healthy = isPaused ? 'healthy; scheduled work is paused (keyturn pause show)' : 'healthy';
  return check('api', isOk, isOk ? healthy : `health says ${response.text.slice(0, 200)}`, fix);
}

function checkClock({ response }: Probe, nowMs: number): Check {
  const name = 'clock';
  const date = Date.parse(response?.headers['date'] ?? '');
  if (Number.isNaN(date))
    return check(name, false, 'unknown: the API gave no time', 'make the API answer first');
  const skewMs = nowMs - date;
  const detail = `${Math.round(skewMs / 1000)} s from the API`;
  return check(
    name,
    Math.abs(skewMs) <= MAX_SKEW_MS,
    detail,
    'set the clock of this machine (NTP)',
  );
}

/** An endpoint is reachable when it answers anything but a server error: these probes carry no credentials. */
function checkReachable(name: string, { response, reason }: Probe): Check {
  return check(name, response !== null && response.status < 500, reason, 'npm start');
}

function transportFor(settings: Settings): Send {
  try {
    const ca = readCa(settings);
    return createTransport({ timeoutMs: PATIENCE_MS, ...(ca && { ca }) });
  } catch {
    // The check of the CA file tells why; the others then show what that leads to.
    return createTransport({ timeoutMs: PATIENCE_MS });
  }
}

/** Runs all checks that apply. Never throws. */
export async function diagnose({ settings, host, signal }: Context): Promise<Check[]> {
  const send = transportFor(settings);
  const local = [checkNode(process.version), checkStackFile(settings), checkCa(settings)];
  const { endpointUrl, stack } = settings;
  if (!endpointUrl) return [...local, check('api', false, 'no endpoint is known', 'npm start')];
  const base = endpointUrl.value.replace(/\/+$/, '');
  const health = await probe(send, 'GET', `${base}/v1/health`, signal);
  const checks = [...local, checkHealth(health), checkClock(health, host.now())];
  if (stack?.issuerUrl) {
    const issuer = `${stack.issuerUrl.replace(/\/+$/, '')}/.well-known/openid-configuration`;
    checks.push(checkReachable('issuer', await probe(send, 'GET', issuer, signal)));
  }
  if (stack?.gatewayUrl)
    checks.push(checkReachable('kms', await probe(send, 'POST', stack.gatewayUrl, signal)));
  return checks;
}
