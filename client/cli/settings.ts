// SPDX-License-Identifier: Apache-2.0
// Where each setting comes from: flag, else environment, else the local stack, else default. A stack lends its stage,
// CA and users only to its own endpoint: a stage must never be implied for somebody else's deployment.
import { readFileSync } from 'node:fs';
import { STAGES } from '#core/contract/vocabulary.ts';
import { MissingCredentialsError, UsageError } from './failures.ts';
import type { Host } from './host.ts';
import { isSameOrigin, readStack, type Stack, type StackReading } from './stack-file.ts';

export const OUTPUTS = ['table', 'json', 'jsonl'] as const;
export type Output = (typeof OUTPUTS)[number];

/** Global flags as commander gives them. */
export interface Flags {
  readonly output: Output;
  readonly stage?: string;
  readonly user?: string;
  readonly endpointUrl?: string;
  readonly stackFile?: string;
  readonly wait?: boolean;
  readonly color: boolean;
  readonly printCurl?: boolean;
}

/** A setting and the words for where it came from. */
export interface Sourced {
  readonly value: string;
  readonly source: string;
}

export type Identity =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'user'; readonly name: string; readonly stack: Stack }
  | { readonly kind: 'none' };

export interface Settings {
  readonly flags: Flags;
  readonly endpointUrl: Sourced | null;
  readonly stage: Sourced | null;
  readonly caFile: Sourced | null;
  readonly identity: Identity;
  readonly reading: StackReading;
  /** The local stack, when the endpoint is its own. */
  readonly stack: Stack | null;
}

/** Picks the first that is set. An empty environment variable counts as unset. */
function firstOf(
  ...candidates: readonly (readonly [string | null | undefined, string])[]
): Sourced | null {
  for (const [value, source] of candidates) if (value) return { value, source };
  return null;
}

function ownStack(reading: StackReading, explicit: Sourced | null): Stack | null {
  if (reading.kind !== 'present') return null;
  const { stack } = reading;
  if (!explicit) return stack;
  const own = [stack.apiUrl, stack.workloadApiUrl, stack.gatewayUrl];
  return own.some((url) => isSameOrigin(explicit.value, url)) ? stack : null;
}

function identify(flags: Flags, host: Host, stack: Stack | null): Identity {
  const local = stack?.stage === 'local' ? stack : null;
  if (flags.user !== undefined) {
    if (local) return { kind: 'user', name: flags.user, stack: local };
    throw new UsageError(
      '--user works on the local stage only',
      'run "npm start" first, or set KEYTURN_TOKEN instead of --user',
    );
  }
  const token = host.env['KEYTURN_TOKEN'];
  if (token) return { kind: 'token', token };
  return local ? { kind: 'user', name: 'alice', stack: local } : { kind: 'none' };
}

function checked(setting: Sourced | null, isValid: (value: string) => boolean, rule: string) {
  if (setting && !isValid(setting.value))
    throw new UsageError(`${setting.source} is "${setting.value}"; ${rule}`);
  return setting;
}

/** Resolves all settings. @throws UsageError for values that cannot be used */
export function resolveSettings(flags: Flags, host: Host): Settings {
  const { env } = host;
  const reading = readStack(flags.stackFile ?? host.stackFile);
  if (flags.stackFile !== undefined && reading.kind === 'missing')
    throw new UsageError(`--stack-file: there is no file ${flags.stackFile}`);
  const explicit = checked(
    firstOf(
      [flags.endpointUrl, '--endpoint-url'],
      [env['KEYTURN_ENDPOINT_URL'], 'KEYTURN_ENDPOINT_URL'],
    ),
    (value) => /^https?:\/\//.test(value) && URL.canParse(value),
    'it must be an http or https URL',
  );
  const stack = ownStack(reading, explicit);
  const stage = checked(
    firstOf(
      [flags.stage, '--stage'],
      [env['KEYTURN_STAGE'], 'KEYTURN_STAGE'],
      [stack?.stage, reading.path],
    ),
    (value) => STAGES.some((known) => known === value),
    `stages are ${STAGES.join(', ')}`,
  );
  const identity = identify(flags, host, stack);
  const caFile = firstOf(
    [env['KEYTURN_CA_FILE'], 'KEYTURN_CA_FILE'],
    [stack?.caFile, reading.path],
  );
  const endpointUrl = explicit ?? firstOf([stack?.apiUrl, reading.path]);
  return { flags, endpointUrl, stage, caFile, identity, reading, stack };
}

/** The endpoint, which every API verb needs. @throws UsageError when nothing names one */
export function requireEndpoint({ endpointUrl, reading }: Settings): string {
  if (endpointUrl) return endpointUrl.value;
  const why =
    reading.kind === 'unreadable'
      ? `${reading.path} cannot be used (${reading.reason})`
      : reading.kind === 'present'
        ? `${reading.path} has no apiUrl`
        : `there is no local stack (${reading.path})`;
  throw new UsageError(
    `no endpoint is known: ${why}`,
    'run "npm start", or set --endpoint-url or KEYTURN_ENDPOINT_URL',
  );
}

/** The local stack, which `token` and `credentials` need. @throws UsageError anywhere but on the local stage */
export function requireLocalStack({ stack }: Settings, verb: string): Stack {
  if (stack?.stage === 'local') return stack;
  throw new UsageError(
    `"keyturn ${verb}" works on the local stage only`,
    'run "npm start", and leave --endpoint-url out',
  );
}

/** PEM text of the CA file, if one is set. @throws UsageError when it cannot be read */
export function readCa({ caFile }: Settings): string | undefined {
  if (!caFile) return undefined;
  try {
    return readFileSync(caFile.value, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `the CA file of ${caFile.source} cannot be read: ${reason}`,
      'correct KEYTURN_CA_FILE, or run "npm start" again',
    );
  }
}

/** @throws MissingCredentialsError always: for calls without any identity */
export function refuseAnonymous(): never {
  throw new MissingCredentialsError(
    'nothing says who you are',
    'set KEYTURN_TOKEN to a token of your identity provider',
  );
}
