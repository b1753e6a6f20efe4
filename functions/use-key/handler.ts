// SPDX-License-Identifier: Apache-2.0
// The data plane: encrypt and decrypt for workloads, and wrapped data keys. The only function that ever holds a data
// key in the clear, for one call. Its role reads rows and uses keys; it can change nothing. What fails under the current
// version it tells at once: a rotation that fails its consumers goes back within its bake.

import { UseFailures } from '#adapters/eventbridge/use-failures.ts';
import { KmsCryptoUser } from '#adapters/kms/crypto-user.ts';
import { systemClock, systemRandom } from '#adapters/system/system.ts';
import { DataKeyRequest, DecryptRequest, EncryptRequest, KeyName } from '#core/contract/api.ts';
import { isError, KeyturnError } from '#core/errors.ts';
import type { KeyRecord } from '#core/keys/records.ts';
import { withScopesDenied } from '#core/operations/deny-scopes.ts';
import { fetchDataKey } from '#core/operations/use-data-key.ts';
import { decrypt, encrypt } from '#core/operations/use-key.ts';
import { type ApiRequest, apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { parseBody } from '../shared/api-request.ts';
import { environmentOf } from '../shared/environment.ts';
import { logger } from '../shared/logging.ts';
import { accessObject, existing } from '../shared/views.ts';
import { authorizer, eventBridge, kmsClient, ledger, scopeRows } from '../shared/wiring.ts';

const environment = environmentOf('use-key');
const deps = {
  ledger: withScopesDenied(ledger(environment.TABLE_NAME), scopeRows(environment.TABLE_NAME)),
  crypto: new KmsCryptoUser(kmsClient()),
  random: systemRandom,
};
const failures = new UseFailures(eventBridge(), environment.EVENT_BUS_NAME, (cause) =>
  logger.warn('a failed call could not be told', { cause }),
);

async function usableKey(request: ApiRequest) {
  const name = request.path['name'] ?? '';
  const key = KeyName.safeParse(name).success ? await deps.ledger.readKeyRecord(name) : null;
  await request.authorize(accessObject(key));
  return existing(key, name.slice(0, 64));
}

/** KMS refusing this function's role is about the key's state, not about the caller, whom we permitted. */
async function asKeyState<T>(use: () => Promise<T>, otherwise: KeyturnError): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (isError(error, 'AccessDenied', 'KeyNotYetVisible')) throw otherwise;
    throw error;
  }
}

/** Tells who tried a version that is being destroyed: KMS is not asked, so nobody else sees it. */
async function heard<T>({ principal }: ApiRequest, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    const { key, leavingVersion: keyVersion } = isError(error, 'KeyNotUsable') ? error.details : {};
    if (typeof key === 'string' && typeof keyVersion === 'number')
      await failures.tell({ key, keyVersion, at: systemClock.now(), principal: principal.id });
    throw error;
  }
}

/** Failures of the version, not of the caller or of the way to KMS. */
async function watched<T>(key: KeyRecord, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    const isOfVersion = isError(error, 'AccessDenied', 'KeyNotYetVisible', 'KeyNotUsable');
    const { currentVersion: keyVersion } = key;
    if (isOfVersion && key.state === 'active' && keyVersion !== null)
      await failures.tell({ key: key.name, keyVersion, at: systemClock.now() });
    throw error;
  }
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

const encryptRoute: RouteHandler = async (request) => {
  const key = await usableKey(request);
  const body = parseBody(request.event, EncryptRequest);
  const closed = new KeyturnError('KeyNotUsable', `KMS does not let ${key.name} encrypt now`);
  const plaintext = Buffer.from(body.plaintext, 'base64');
  const context = body.context ?? {};
  const made = await asKeyState(
    () => watched(key, () => encrypt(deps, key, plaintext, context)),
    closed,
  );
  return { body: { ciphertext: base64(made.ciphertext), version: made.version } };
};

const decryptRoute: RouteHandler = async (request) => {
  const key = await usableKey(request);
  const body = parseBody(request.event, DecryptRequest);
  const foreign = new KeyturnError(
    'CiphertextInvalid',
    `no readable version of ${key.name} made this ciphertext`,
  );
  const ciphertext = Buffer.from(body.ciphertext, 'base64');
  const opened = await asKeyState(
    () => heard(request, () => decrypt(deps, key, ciphertext, body.context ?? {})),
    foreign,
  );
  return { body: { plaintext: base64(opened.plaintext), version: opened.version } };
};

const fetchRoute: RouteHandler = async (request) => {
  const key = await usableKey(request);
  const body = parseBody(request.event, DataKeyRequest);
  const { version, dataKey, context } = await heard(request, () =>
    fetchDataKey(deps.ledger, key, body.version ?? null),
  );
  const { wrapped, keyId, keyArn } = dataKey;
  return { body: { wrappedKey: wrapped, version, keyId, keyArn, context } };
};

export const handler = apiHandler(
  { encrypt: encryptRoute, decrypt: decryptRoute, fetchDataKey: fetchRoute },
  authorizer(environment.STAGE),
);
