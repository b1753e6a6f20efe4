// SPDX-License-Identifier: Apache-2.0
// Settings from three layers: the stage's defaults, a file (`-c settings=FILE.json`), single context values
// (`-c issuerUrl=...`). The later layer wins, member by member; the result is parsed as a whole.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { STAGES } from '../../core/contract/vocabulary.ts';
import { Settings } from './settings.ts';
import { STAGE_DEFAULTS } from './stages.ts';

/** Where context values come from: `app.node.tryGetContext`. */
export type ReadContext = (name: string) => unknown;

interface Layer {
  readonly [member: string]: unknown;
}

/** Context name of each single value that may be set on the command line, and its place in the settings. */
const SINGLE_VALUES: Readonly<Record<string, readonly [string, string?]>> = {
  account: ['account'],
  region: ['region'],
  issuerUrl: ['identity', 'issuer'],
  jwksUrl: ['identity', 'jwksUrl'],
  audience: ['identity', 'audience'],
  settleSeconds: ['timings', 'settleSeconds'],
  bakeSeconds: ['timings', 'bakeSeconds'],
  people: ['people'],
  apiUrlTemplate: ['api', 'urlTemplate'],
  mailFrom: ['mail', 'from'],
  slack: ['slack'],
  passkeys: ['passkeys'],
  slackApiUrl: ['slack', 'apiUrl'],
  retryAfterSeconds: ['timings', 'retryAfterSeconds'],
  orphanGraceSeconds: ['timings', 'orphanGraceSeconds'],
  activationDelaySeconds: ['timings', 'activationDelaySeconds'],
};

const isRecord = (value: unknown): value is Layer =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Members of `over` replace those of `base`; records merge, lists are replaced whole. */
function merge(base: Layer, over: Layer): Layer {
  const merged: Record<string, unknown> = { ...base };
  for (const [member, value] of Object.entries(over)) {
    const under = merged[member];
    merged[member] = isRecord(under) && isRecord(value) ? merge(under, value) : value;
  }
  return merged;
}

function fileLayer(path: unknown): Layer {
  if (path === undefined) return {};
  if (typeof path !== 'string') throw new Error('settings must name a JSON file: -c settings=FILE');
  const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (!isRecord(parsed)) throw new Error(`${path} must hold one JSON object of settings`);
  return parsed;
}

function contextLayer(read: ReadContext): Layer {
  let layer: Layer = {};
  for (const [name, [member, inner]] of Object.entries(SINGLE_VALUES)) {
    const value = read(name);
    if (value === undefined || value === null) continue;
    layer = merge(layer, { [member]: inner === undefined ? value : { [inner]: value } });
  }
  return layer;
}

/** Links and tokens are secrets: only on one's own machine may they go without TLS. */
function refusePlainLinks({ stage, api, slack }: Settings): void {
  if (stage === 'local') return;
  if (!api.urlTemplate.startsWith('https://'))
    throw new Error(`api.urlTemplate of stage ${stage} must begin with https://`);
  if (slack !== null && !slack.apiUrl.startsWith('https://'))
    throw new Error(`slack.apiUrl of stage ${stage} must begin with https://`);
}

/** The local stage has no example issuer: its issuer is started beside it, at an address only the start knows. */
function refuseExampleIssuer(settings: Settings): void {
  if (settings.stage === 'local' && settings.identity.issuer.includes('issuer.example.com')) {
    throw new Error('the local stage needs -c issuerUrl=URL -c jwksUrl=URL of its own issuer');
  }
}

/**
 * Settings of the stage that the context names.
 * @throws Error naming each wrong member and where to set it.
 */
export function loadSettings(read: ReadContext): Settings {
  const stage = z.enum(STAGES).safeParse(read('stage'));
  if (!stage.success) throw new Error(`name the stage: -c stage=${STAGES.join('|')}`);
  const layers = [fileLayer(read('settings')), contextLayer(read)];
  const parsed = Settings.safeParse(
    layers.reduce<Layer>(merge, { ...STAGE_DEFAULTS[stage.data], stage: stage.data }),
  );
  if (!parsed.success) {
    throw new Error(
      `settings of stage ${stage.data} are not valid (set them with -c NAME=VALUE or -c settings=FILE.json)\n` +
        z.prettifyError(parsed.error),
    );
  }
  if (parsed.data.stage !== stage.data) {
    throw new Error(`the settings file is for stage ${parsed.data.stage}, not ${stage.data}`);
  }
  refuseExampleIssuer(parsed.data);
  refusePlainLinks(parsed.data);
  return parsed.data;
}
