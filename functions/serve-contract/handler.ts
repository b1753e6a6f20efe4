// SPDX-License-Identifier: Apache-2.0
// Public routes: is the service up, and what is its contract. Neither says anything about keys or callers.

import { type PublicJwk, publicJwk } from '#adapters/kms/notice-signer.ts';
import { openApiDocument } from '#core/contract/openapi.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { apiHandler } from '../shared/api-handler.ts';
import { environmentOf } from '../shared/environment.ts';
import { logger } from '../shared/logging.ts';
import { kmsClient, ledger } from '../shared/wiring.ts';

const environment = environmentOf('serve-contract');
const table = ledger(environment.TABLE_NAME);
const document = openApiDocument(packageJson.version);

const kms = kmsClient();
let noticeKey: Promise<PublicJwk> | undefined;

/** Read once: a key of KMS keeps its public half. What failed is asked again. */
function noticeKeyOnce(): Promise<PublicJwk> {
  noticeKey ??= publicJwk(kms, environment.NOTICE_KEY_ARN).catch((error: unknown) => {
    noticeKey = undefined;
    throw error;
  });
  return noticeKey;
}

/** The table is what nothing works without; a read of a row that cannot exist asks it. */
async function isTableReachable(): Promise<boolean> {
  try {
    await table.readKeyStore('health');
    return true;
  } catch (error) {
    logger.error('table not reachable', {
      reason: error instanceof Error ? error.message : 'unknown',
    });
    return false;
  }
}

export const handler = apiHandler(
  {
    getHealth: async () => {
      const status = (await isTableReachable()) ? 'ok' : 'degraded';
      return { body: { status, stage: environment.STAGE, version: packageJson.version } };
    },
    getNoticeKeys: async () => ({ body: { keys: [await noticeKeyOnce()] } }),
    getOpenApi: async () => ({ body: document }),
  },
  null,
);
