// SPDX-License-Identifier: Apache-2.0
// The public, signed list of stopped keys. Its role reads rows and signs; it says nothing of keys that are not stopped.
import { KmsListSigner } from '#adapters/kms/list-signer.ts';
import { systemClock } from '#adapters/system/system.ts';
import { STATUS_MAX_AGE_SECONDS } from '#core/contract/status-list.ts';
import { StatusPublisher } from '#core/operations/publish-status.ts';
import { ScopeStatuses } from '#core/operations/scope-statuses.ts';
import { apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { headerOf } from '../shared/api-request.ts';
import { environmentOf } from '../shared/environment.ts';
import { kmsClient, ledger, scopeRows, statusRows } from '../shared/wiring.ts';

const environment = environmentOf('serve-status');
const publisher = new StatusPublisher({
  rows: statusRows(environment.TABLE_NAME),
  scopes: new ScopeStatuses({
    scopes: scopeRows(environment.TABLE_NAME),
    ledger: ledger(environment.TABLE_NAME),
    clock: systemClock,
  }),
  signer: new KmsListSigner(kmsClient(), environment.NOTICE_KEY_ARN),
  clock: systemClock,
  stage: environment.STAGE,
});

/** Weak or strong, one or several: a cache asks with what it has (RFC 9110 §13.1.2). */
const names = (header: string | null, etag: string) =>
  (header ?? '').split(',').some((one) => one.trim().replace(/^W\//, '') === etag);

const getStatusList: RouteHandler = async ({ event }) => {
  const { list, etag } = await publisher.publish();
  const headers = { etag, 'cache-control': `public, max-age=${STATUS_MAX_AGE_SECONDS}` };
  if (names(headerOf(event, 'if-none-match'), etag))
    return { body: '', contentType: 'application/jose+json', status: 304, headers };
  return { body: list, headers };
};

export const handler = apiHandler({ getStatusList }, null);
