// SPDX-License-Identifier: Apache-2.0
// How an error is told: what happened, why, what to type next, request id. Scripts get problem+json.
import { type ProblemBody, ProblemError, UnreachableError } from '../sdk/index.ts';
import { MissingCredentialsError, UsageError } from './failures.ts';
import { type Report, showable } from './report.ts';

/** What to type next, by error name of the contract. */
const HINTS: Readonly<Record<string, string>> = {
  ValidationFailed: 'correct the members named above; "keyturn COMMAND --help" shows examples',
  IdempotencyKeyReused: 'leave --idempotency-key out, or repeat exactly the first command',
  Unauthenticated: 'set KEYTURN_TOKEN to a fresh token, or use --user NAME on the local stage',
  AccessDenied: 'ask an operator of this stage; docs/api.md lists who may do what',
  KeyNotFound: 'keyturn key list',
  OperationNotFound: 'keyturn key show NAME (it names the operation that holds the key)',
  KeyStoreNotFound: 'keyturn key-store provision NAME',
  TaskNotFound: 'keyturn key-store tasks NAME',
  RouteNotFound: 'check --endpoint-url: it must end before /v1',
  KeyAlreadyExists: 'keyturn key show NAME, or choose another name',
  TransitionForbidden: 'keyturn key show NAME (it tells the state)',
  StaleRevision: 'somebody changed it meanwhile: run the same command again',
  NotServedHere: 'use the endpoint and --stage of the deployment that serves it',
  Throttled: 'wait a moment, then run the same command again',
  KeyStoreUnavailable: 'keyturn key-store show NAME; running operations go on when it is back',
};

function hintOf(error: unknown): string | null {
  if (error instanceof UsageError || error instanceof MissingCredentialsError) return error.hint;
  if (error instanceof UnreachableError) {
    return error.untrusted
      ? 'set KEYTURN_CA_FILE to the CA of this endpoint; for a local stack run "npm start" again'
      : 'keyturn doctor';
  }
  if (!(error instanceof ProblemError)) return null;
  const { operationId } = error.problem;
  if (error.code === 'OperationInProgress' && operationId !== undefined)
    return `keyturn operation watch ${operationId}`;
  return HINTS[error.code] ?? (error.retryable ? 'run the same command again' : null);
}

/** The error as problem+json on one line; the API's own body unchanged but for line breaks. */
function asProblem(error: unknown): ProblemBody {
  if (error instanceof ProblemError) return error.problem;
  const known = error instanceof Error ? error : new Error(String(error));
  return {
    type: 'about:blank',
    title: 'The command failed',
    status: 0,
    detail: known.message,
    instance: '',
    code: known.name,
    retryable: error instanceof UnreachableError && !error.untrusted,
    errors: [],
  };
}

function problemLine(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof ProblemError)) return asProblem(error);
  try {
    const sent: unknown = JSON.parse(error.text);
    if (typeof sent === 'object' && sent !== null && 'code' in sent) return { ...sent };
  } catch {
    // API Gateway may refuse without JSON: our own form of it is shown.
  }
  return asProblem(error);
}

function linesOf(error: unknown): string[] {
  if (!(error instanceof ProblemError))
    return [showable(error instanceof Error ? error.message : String(error))];
  const { title, detail, errors } = error.problem;
  return [
    showable(title),
    ...(detail && detail !== title ? [`  why: ${showable(detail)}`] : []),
    ...errors.map((field) => `  ${showable(field.pointer)}: ${showable(field.detail)}`),
  ];
}

/** Tells an error on standard error. @param extra lines that only this call knows, such as how to resume */
export function explain(report: Report, error: unknown, extra: readonly string[] = []): void {
  const hint = hintOf(error);
  const requestId = error instanceof ProblemError ? error.requestId : null;
  const [first, ...more] = linesOf(error);
  const lines = [
    `${report.paint.red('✗')} ${first ?? 'failed'}`,
    ...more,
    ...(hint ? [`  next: ${hint}`] : []),
    ...extra.map((line) => `  next: ${line}`),
    ...(requestId ? [`  request id: ${showable(requestId)}`] : []),
  ];
  report.notice(lines.join('\n'), problemLine(error));
}
