// SPDX-License-Identifier: Apache-2.0
// From API Gateway's event to a typed request: who asks, and a body that was parsed, not cast.
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { z } from 'zod';
import type { FieldError } from '#core/contract/errors.ts';
import { KeyturnError } from '#core/errors.ts';
import type { Principal } from '#core/ports/platform.ts';
import { findAmbiguousMember } from './strict-json.ts';

/** Bounds on a body (threat T18): its bytes and its nesting. */
const MAX_BODY_BYTES = 65_536;
const MAX_DEPTH = 16;

/** Case-insensitive header; the last one wins, as API Gateway hands them over. */
export function headerOf(event: APIGatewayProxyEvent, name: string): string | null {
  const found = Object.entries(event.headers ?? {}).find(([key]) => key.toLowerCase() === name);
  return found?.[1] ?? null;
}

const PersonContext = z.object({
  sub: z.string().min(1),
  name: z.string(),
  groups: z.string().transform((text) => z.array(z.string()).parse(JSON.parse(text))),
});

/** `arn:aws:sts::A:assumed-role/NAME/SESSION` as the ARN of the role; other ARNs as they are. */
export function roleArnOf(arn: string): string {
  const session = /^arn:([^:]+):sts::(\d{12}):assumed-role\/([^/]+)\//.exec(arn);
  return session ? `arn:${session[1]}:iam::${session[2]}:role/${session[3]}` : arn;
}

/** Who asks. @throws KeyturnError `Unauthenticated` when API Gateway vouches for nobody */
export function principalOf(event: APIGatewayProxyEvent): Principal {
  const { authorizer, identity } = event.requestContext;
  const person = PersonContext.safeParse(authorizer);
  if (person.success) {
    const { sub, name, groups } = person.data;
    return { id: sub, kind: 'person', name, groups };
  }
  if (identity?.userArn) {
    return { id: roleArnOf(identity.userArn), kind: 'workload', name: null, groups: [] };
  }
  throw new KeyturnError('Unauthenticated', 'send a bearer token, or sign the request with SigV4');
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let deepest = 0;
  // Iterative, so that a deep body cannot overflow the stack.
  const pending: { value: object; depth: number }[] = [{ value, depth: 1 }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    deepest = Math.max(deepest, next.depth);
    if (deepest > MAX_DEPTH) return deepest;
    for (const member of Object.values(next.value)) {
      if (typeof member === 'object' && member !== null)
        pending.push({ value: member, depth: next.depth + 1 });
    }
  }
  return deepest;
}

const invalid = (detail: string, fields: readonly FieldError[] = []) =>
  new KeyturnError('ValidationFailed', detail, { fields });

function bodyText(event: APIGatewayProxyEvent, maxBytes: number): string {
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > maxBytes) {
    throw new KeyturnError('PayloadTooLarge', `the body may have ${maxBytes} bytes`);
  }
  return event.isBase64Encoded ? decodeUtf8(bytes) : (event.body ?? '');
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    // Replacement characters would let two different bodies read the same.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid('the body must be well-formed UTF-8 text');
  }
}

function parseJson(text: string): unknown {
  if (!text.isWellFormed() || text.includes('\u0000'))
    throw invalid('the body must be well-formed UTF-8 text');
  const value = parsedJson(text);
  if (depthOf(value) > MAX_DEPTH) throw invalid(`the body may nest ${MAX_DEPTH} levels`);
  const ambiguous = findAmbiguousMember(text);
  if (ambiguous) throw invalid('a member of the body is ambiguous', [ambiguous]);
  return value;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the input, so it is not passed on.
    throw invalid('the body must be one JSON object');
  }
}

function toPointer(path: readonly PropertyKey[]): string {
  return path
    .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}

function fieldErrors(error: z.ZodError): FieldError[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        pointer: toPointer([...issue.path, key.slice(0, 64)]),
        detail: 'is not known here',
      }));
    }
    return [{ pointer: toPointer(issue.path), detail: issue.message }];
  });
}

/** No body at all stands for an empty object: some routes need nothing from it. */
function bodyOf(event: APIGatewayProxyEvent, maxBytes: number): unknown {
  if (event.body === null || event.body === undefined || event.body === '') return {};
  const type = (headerOf(event, 'content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new KeyturnError('UnsupportedMediaType', 'send Content-Type: application/json');
  }
  return parseJson(bodyText(event, maxBytes));
}

/**
 * The request's body by its schema.
 * @param maxBytes of a body that is a long list; others are short
 * @throws KeyturnError `UnsupportedMediaType`, `PayloadTooLarge`, `ValidationFailed` with one entry per bad member
 */
export function parseBody<S extends z.ZodType>(
  event: APIGatewayProxyEvent,
  schema: S,
  maxBytes = MAX_BODY_BYTES,
): z.infer<S> {
  const parsed = schema.safeParse(bodyOf(event, maxBytes));
  if (parsed.success) return parsed.data;
  throw invalid('some members of the body are not valid', fieldErrors(parsed.error));
}

/** A query parameter by its schema. @throws KeyturnError `ValidationFailed` */
export function parseQuery<S extends z.ZodType>(
  event: APIGatewayProxyEvent,
  schema: S,
): z.infer<S> {
  const repeated = Object.entries(event.multiValueQueryStringParameters ?? {}).find(
    ([, all]) => (all?.length ?? 0) > 1,
  );
  if (repeated)
    throw invalid(`query parameter ${repeated[0].slice(0, 64)} is given more than once`);
  const parsed = schema.safeParse(event.queryStringParameters ?? {});
  if (parsed.success) return parsed.data;
  const fields = fieldErrors(parsed.error);
  throw invalid(
    `the query is not valid: ${fields.map((field) => `${field.pointer.slice(1)} ${field.detail}`).join('; ')}`,
    fields,
  );
}

/** A header that decides something may be there once only: proxies differ in which of two they pass on. */
export function singleHeaderOf(event: APIGatewayProxyEvent, name: string): string | null {
  const all = Object.entries(event.multiValueHeaders ?? {})
    .filter(([key]) => key.toLowerCase() === name)
    .flatMap(([, values]) => values ?? []);
  if (all.length > 1) throw invalid(`${name} is given more than once`);
  return headerOf(event, name);
}

/** The Idempotency-Key. @throws KeyturnError `IdempotencyKeyMissing`, `ValidationFailed` */
export function idempotencyKeyOf(event: APIGatewayProxyEvent): string {
  const value = singleHeaderOf(event, 'idempotency-key');
  if (value === null || value === '') {
    throw new KeyturnError(
      'IdempotencyKeyMissing',
      'send an Idempotency-Key header, such as a new UUID per request',
    );
  }
  if (!/^[\x21-\x7e]{1,128}$/.test(value))
    throw invalid('Idempotency-Key must be 1 to 128 printable characters');
  return value;
}

/** The revision in If-Match, or null where there is none. @throws KeyturnError `ValidationFailed` */
export function optionalIfMatchOf(event: APIGatewayProxyEvent): number | null {
  return singleHeaderOf(event, 'if-match') ? ifMatchOf(event) : null;
}

/** The revision in If-Match. @throws KeyturnError `PreconditionRequired`, `ValidationFailed`, `StaleRevision` */
export function ifMatchOf(event: APIGatewayProxyEvent): number {
  const value = singleHeaderOf(event, 'if-match');
  if (value === null || value === '') {
    throw new KeyturnError(
      'PreconditionRequired',
      'send If-Match with the ETag that the key was read with',
    );
  }
  const revision = /^"(\d{1,12})"$/.exec(value)?.[1];
  if (revision === undefined)
    throw invalid('If-Match must be one strong ETag as the key was read with');
  return Number(revision);
}
