// SPDX-License-Identifier: Apache-2.0
// `--print-curl`: the request as a curl command. The token never appears: the shell puts $KEYTURN_TOKEN in.
import type { HttpRequest } from '../sdk/index.ts';

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Values the shell fills in; everything else is quoted against it. */
const PLACEHOLDERS = { authorization: '"authorization: Bearer $KEYTURN_TOKEN"' };

/** Renders a request; an `if-match` of `$ETAG` stays for the caller to fill in. */
export function curlCommand(
  request: HttpRequest,
  options: { caFile?: string | undefined },
): string {
  const headers = Object.entries(request.headers).map(([name, value]) => {
    if (name === 'authorization') return PLACEHOLDERS.authorization;
    if (name === 'if-match' && value === '$ETAG') return '"if-match: $ETAG"';
    return quoted(`${name}: ${value}`);
  });
  return [
    `curl -sS -X ${request.method}`,
    ...(options.caFile ? [`--cacert ${quoted(options.caFile)}`] : []),
    ...headers.map((header) => `-H ${header}`),
    ...(request.body === undefined ? [] : [`--data-raw ${quoted(request.body)}`]),
    quoted(request.url),
  ].join(' \\\n  ');
}
