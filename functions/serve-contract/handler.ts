// SPDX-License-Identifier: Apache-2.0
// Public routes: is the service up, and what is its contract. Neither says anything about keys or callers.

import { type PublicJwk, publicJwk } from '#adapters/kms/notice-signer.ts';
import { systemClock } from '#adapters/system/system.ts';
import { openApiDocument } from '#core/contract/openapi.ts';
import { activePause } from '#core/operations/pauses.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { apiHandler } from '../shared/api-handler.ts';
import { environmentOf } from '../shared/environment.ts';
import { logger } from '../shared/logging.ts';
import { kmsClient, pauseRows } from '../shared/wiring.ts';

const environment = environmentOf('serve-contract');
const pauses = pauseRows(environment.TABLE_NAME);
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

/** The table is what nothing works without: one row of it is read. @returns null when it cannot be reached */
async function isPaused(): Promise<boolean | null> {
  try {
    return (await activePause({ pauses, clock: systemClock })) !== null;
  } catch (error) {
    logger.error('table not reachable', {
      reason: error instanceof Error ? error.message : 'unknown',
    });
    return null;
  }
}

export const handler = apiHandler(
  {
    getHealth: async () => {
      const paused = await isPaused();
      const status = paused === null ? 'degraded' : 'ok';
      const { STAGE: stage } = environment;
      return { body: { status, stage, version: packageJson.version, isPaused: paused } };
    },
    getNoticeKeys: async () => ({ body: { keys: [await noticeKeyOnce()] } }),
    getOpenApi: async () => ({ body: document }),
  },
  null,
);
