// SPDX-License-Identifier: Apache-2.0
// What a command works with: the settings, a client that acts as the caller, and the two streams.
import {
  type Answer,
  type Client,
  createClient,
  createTransport,
  type Send,
} from '../sdk/index.ts';
import { curlCommand } from './curl.ts';
import { PrintedInstead } from './failures.ts';
import type { Host } from './host.ts';
import { tokenSource } from './identity.ts';
import { createReport, type Report } from './report.ts';
import { type Flags, readCa, requireEndpoint, resolveSettings, type Settings } from './settings.ts';

export interface Context {
  readonly host: Host;
  readonly settings: Settings;
  readonly report: Report;
  /** Made at first use, so that commands without API need no endpoint. */
  readonly client: () => Client;
  /** Fires on Ctrl-C. */
  readonly signal: AbortSignal;
}

function printing(host: Host, settings: Settings): Send {
  return (request) => {
    host.stdout.write(`${curlCommand(request, { caFile: settings.caFile?.value })}\n`);
    return Promise.reject(new PrintedInstead());
  };
}

function connect(host: Host, settings: Settings): Client {
  const endpointUrl = requireEndpoint(settings);
  if (settings.flags.printCurl) {
    const send = printing(host, settings);
    return createClient({ endpointUrl, token: '$KEYTURN_TOKEN', send });
  }
  const ca = readCa(settings);
  const token = tokenSource(settings, host.now, host.interrupt);
  return createClient({ endpointUrl, token, send: createTransport(ca ? { ca } : {}) });
}

/** @throws UsageError for settings that cannot be used */
export function openContext(host: Host, flags: Flags): Context {
  const settings = resolveSettings(flags, host);
  const isColored = flags.color && !host.env['NO_COLOR'];
  let client: Client | undefined;
  return {
    host,
    settings,
    report: createReport(host.stderr, flags.output, isColored),
    client: () => {
      client ??= connect(host, settings);
      return client;
    },
    signal: host.interrupt,
  };
}

/** Writes lines of data. */
export function print({ host }: Context, text: string): void {
  host.stdout.write(`${text}\n`);
}

/** Width that tables may have. */
export function widthOf({ host }: Context): number | undefined {
  return host.stdout.isTerminal ? host.stdout.columns : undefined;
}

/** Prints one answer: `json` gives the API's bytes unchanged, `jsonl` one line, `table` what `view` makes of it. */
export function printAnswer<T>(
  context: Context,
  answer: Answer<T>,
  view: (body: T, width: number | undefined) => string,
): void {
  const { host, settings } = context;
  const { output } = settings.flags;
  if (output === 'table') print(context, view(answer.body, widthOf(context)));
  else if (output === 'jsonl') print(context, JSON.stringify(answer.body));
  else host.stdout.write(host.stdout.isTerminal ? `${answer.text}\n` : answer.text);
}
