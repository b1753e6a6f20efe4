// SPDX-License-Identifier: Apache-2.0
// From an HTTP answer to a typed body or a typed error. The contract only ever adds members and enum values, so
// unknown ones pass; anything else that does not fit the schema is an AnswerError.
import type { z } from 'zod';
import { Problem } from '#core/contract/api.ts';
import { ERRORS, type ErrorCode } from '#core/contract/errors.ts';
import { AnswerError, type ProblemBody, ProblemError } from './errors.ts';
import type { HttpResponse } from './transport.ts';

/** A body with what came around it. */
export interface Answer<T> {
  readonly status: number;
  readonly body: T;
  /** The body as it came, byte for byte. */
  readonly text: string;
  readonly etag: string | null;
  readonly location: string | null;
  readonly requestId: string | null;
  /** `Date` header of the server, to compare clocks. */
  readonly date: string | null;
}

/** Which of our names a refusal of API Gateway itself stands for: it knows only the status. */
const GATEWAY_CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'ValidationFailed',
  401: 'Unauthenticated',
  403: 'AccessDenied',
  404: 'RouteNotFound',
  413: 'PayloadTooLarge',
  415: 'UnsupportedMediaType',
  429: 'Throttled',
  502: 'DependencyUnavailable',
  503: 'DependencyUnavailable',
  504: 'DependencyUnavailable',
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function member(value: unknown, ...names: readonly string[]): string | null {
  if (typeof value !== 'object' || value === null) return null;
  for (const name of names) {
    const found: unknown = Reflect.get(value, name);
    if (typeof found === 'string') return found;
  }
  return null;
}

function requestIdOf({ headers }: HttpResponse): string | null {
  return (
    headers['x-amzn-requestid'] ?? headers['x-amz-request-id'] ?? headers['x-request-id'] ?? null
  );
}

/** A problem for an answer that is not problem+json: API Gateway says `{"message": …}` (or `Message`). */
function gatewayProblem({ status }: HttpResponse, body: unknown, id: string | null): ProblemBody {
  const code = GATEWAY_CODES[status] ?? 'InternalError';
  return {
    type: 'about:blank',
    title: ERRORS[code].title,
    status,
    detail: member(body, 'message', 'Message') ?? `the API answered ${status}`,
    instance: id ?? '',
    code,
    retryable: ERRORS[code].retryable,
    errors: [],
  };
}

function toProblem(response: HttpResponse): ProblemError {
  const body = parseJson(response.text);
  const parsed = Problem.safeParse(body);
  const requestId = requestIdOf(response);
  const seconds = Number(response.headers['retry-after']);
  const problem = parsed.success ? parsed.data : gatewayProblem(response, body, requestId);
  return new ProblemError(problem, {
    text: response.text,
    requestId: requestId ?? (problem.instance || null),
    retryAfterSeconds: Number.isFinite(seconds) ? seconds : null,
  });
}

/** True when the value fits, but for enum values the schema does not know yet. */
function misfits(schema: z.ZodType, value: unknown): string[] {
  const parsed = schema.safeParse(value);
  if (parsed.success) return [];
  return parsed.error.issues
    .filter((issue) => issue.code !== 'invalid_value' || value === undefined)
    .map((issue) => `/${issue.path.map(String).join('/')}`);
}

function conforms<T>(schema: z.ZodType<T> | null, value: unknown): value is T {
  if (value === undefined) throw new AnswerError('the answer is not JSON');
  const pointers = schema ? misfits(schema, value) : [];
  if (pointers.length === 0) return true;
  throw new AnswerError(
    `the answer does not fit the contract at ${pointers.join(', ')}; are client and API of the same version?`,
    pointers,
  );
}

/** @throws ProblemError for any status but 2xx; AnswerError when the body does not fit `schema` */
export function readAnswer<T>(schema: z.ZodType<T> | null, response: HttpResponse): Answer<T> {
  if (response.status < 200 || response.status > 299) throw toProblem(response);
  const body = parseJson(response.text);
  if (!conforms(schema, body)) throw new AnswerError('the answer does not fit the contract');
  const { headers } = response;
  return {
    status: response.status,
    body,
    text: response.text,
    etag: headers['etag'] ?? null,
    location: headers['location'] ?? null,
    requestId: requestIdOf(response),
    date: headers['date'] ?? null,
  };
}
