// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { EXIT_CODES } from '#client/cli/exit-codes.ts';
import { ERROR_CODES, ERRORS, type ErrorCode } from '#core/contract/errors.ts';
import { example, problem, type Reply, startApi } from '../fake-api.ts';
import { keyturn, localStack, remote } from '../run-cli.ts';

async function showKey(reply: Reply) {
  const api = await startApi({ 'GET /v1/keys/orders': reply });
  return keyturn(['key', 'show', 'orders'], remote(api.url));
}

/** Names that callers can get, with the exit code each must have; workflow-only names fall back to their status. */
const EXPECTED: Partial<Record<ErrorCode, number>> = {
  ValidationFailed: 2,
  IdempotencyKeyMissing: 2,
  IdempotencyKeyReused: 6,
  Unauthenticated: 4,
  AccessDenied: 3,
  KeyNotFound: 5,
  OperationNotFound: 5,
  KeyStoreNotFound: 5,
  TaskNotFound: 5,
  RouteNotFound: 5,
  KeyAlreadyExists: 6,
  OperationInProgress: 6,
  TransitionForbidden: 6,
  KeyNotUsable: 6,
  RevisionConflict: 6,
  StaleRevision: 6,
  PayloadTooLarge: 2,
  UnsupportedMediaType: 2,
  NotServedHere: 2,
  UnknownOwner: 2,
  CiphertextInvalid: 2,
  PreconditionRequired: 6,
  Throttled: 7,
  KeyStoreUnavailable: 7,
  DependencyUnavailable: 7,
  InternalError: 1,
};

describe('exit codes of refusals', () => {
  it.each(Object.entries(EXPECTED))('%s exits %i', async (code, expected) => {
    const { status } = ERRORS[code as ErrorCode];

    const ran = await showKey(problem(status, code));

    expect(ran.code).toBe(expected);
    expect(ran.out).toBe('');
    expect(ran.err).toContain(`title of ${code}`);
    expect(ran.err).toContain('request id: req_1');
  });

  it('has a class of exit code for every error name of the contract', async () => {
    const known: readonly number[] = Object.values(EXIT_CODES).map(({ code }) => code);
    for (const name of ERROR_CODES) {
      const ran = await showKey(problem(ERRORS[name].status, name));
      expect(known).toContain(ran.code);
      expect(ran.code).not.toBe(0);
    }
  });

  it.each([
    [401, 'Unauthorized', 4],
    [403, 'Forbidden', 3],
    [403, 'Missing Authentication Token', 3],
    [429, 'Too Many Requests', 7],
    [504, 'Endpoint request timed out', 7],
    [500, 'Internal server error', 1],
  ])('API Gateway refusing with %i "%s" exits %i', async (status, message, expected) => {
    const ran = await showKey({ status, body: { message } });

    expect(ran.code).toBe(expected);
    expect(ran.err).toContain(message);
  });
});

describe('exit codes of the command line itself', () => {
  it.each([
    ['an unknown command', ['ky']],
    ['an unknown option', ['key', 'list', '--bogus']],
    ['a missing argument', ['key', 'show']],
    ['an argument too many', ['key', 'show', 'a', 'b']],
    ['a missing required option', ['key', 'create', 'orders', '--class', 'test']],
    ['an unknown output form', ['key', 'list', '--output', 'xml']],
    ['a noun without a verb', ['key']],
    ['an empty name', ['key', 'show', '']],
    ['a name that leads to another route', ['key', 'show', '..']],
    ['access without rights', ['key', 'create', 'o', '--access', 'arn:aws:iam::1:role/x']],
    ['an unknown right', ['key', 'create', 'o', '--access', 'arn:aws:iam::1:role/x=sign']],
    ['an instant without a zone', ['key', 'due', 'orders', '--at', '2026-12-01T09:00:00']],
    ['an instant that is none', ['key', 'due', 'orders', '--at', '2026-13-45T99:00:00Z']],
    ['a page size that is none', ['key', 'list', '--limit', 'many']],
    ['a stage that is none', ['key', 'list', '--stage', 'prod']],
    ['an endpoint that is no URL', ['key', 'list', '--endpoint-url', 'ftp://x']],
    ['a stack file that is not there', ['key', 'list', '--stack-file', '/nowhere/stack.json']],
    ['a head without a file', ['audit', 'verify', '--head', `1:${'a'.repeat(64)}`]],
    ['no help of that name', ['help', 'nonsense']],
  ])('%s exits 2 and sends nothing', async (_, argv) => {
    const api = await startApi({});

    const ran = await keyturn(argv, remote(api.url));

    expect(ran.code).toBe(2);
    expect(ran.out).toBe('');
    expect(ran.err).not.toBe('');
    expect(api.seen).toEqual([]);
  });

  it('no endpoint exits 2 and says what to do', async () => {
    const ran = await keyturn(['key', 'list']);

    expect(ran.code).toBe(2);
    expect(ran.err).toContain('npm start');
  });

  it('no identity exits 4', async () => {
    const api = await startApi({});

    const ran = await keyturn(['key', 'list'], remote(api.url, { KEYTURN_TOKEN: '' }));

    expect(ran.code).toBe(4);
    expect(ran.err).toContain('KEYTURN_TOKEN');
  });

  it('nobody answering exits 7', async () => {
    const ran = await keyturn(['key', 'list'], remote('http://127.0.0.1:9'));

    expect(ran.code).toBe(7);
    expect(ran.err).toContain('keyturn doctor');
  });

  it('an answer that breaks the contract exits 1', async () => {
    expect((await showKey({ body: '<html>' })).code).toBe(1);
  });

  it('success exits 0', async () => {
    expect((await showKey({ body: example('Key') })).code).toBe(0);
  });
});

describe('errors', () => {
  it('name the members at fault', async () => {
    const errors = [{ pointer: '/owner', detail: 'must not be empty' }];
    const api = await startApi({
      'POST /v1/keys': problem(400, 'ValidationFailed', { errors }),
    });
    const argv = ['key', 'create', 'orders', '--class', 'test', '--owner', '', '--purpose', 'p'];

    const ran = await keyturn([...argv, '--environment', 'test'], {
      stack: localStack(api.url),
      env: { KEYTURN_TOKEN: 't' },
    });

    expect(ran.code).toBe(2);
    expect(ran.err).toContain('/owner: must not be empty');
  });

  it('lead to the operation that is in the way', async () => {
    const ran = await showKey(problem(409, 'OperationInProgress', { operationId: 'op_7' }));

    expect(ran.err).toContain('next: keyturn operation watch op_7');
  });

  it('cannot rewrite the terminal', async () => {
    const detail = 'a\u001B[2Jb\u202Ec\r\nd';
    const ran = await showKey(problem(404, 'KeyNotFound', { detail }));

    expect(ran.err).toContain('a\uFFFD[2Jb\uFFFDc\uFFFD\uFFFDd');
  });
});
