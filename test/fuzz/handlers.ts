// SPDX-License-Identifier: Apache-2.0
// The handlers of all API functions, over the world in memory. Import `#test/support/functions.ts` before.
import type { APIGatewayProxyEvent } from 'aws-lambda';

type Handler = (
  event: APIGatewayProxyEvent,
  context?: unknown,
) => Promise<{ statusCode: number; headers: Readonly<Record<string, string>>; body: string }>;
/** By the folder of the function. */
export const HANDLERS: Readonly<Record<string, Handler>> = {
  'change-keys': (await import('#functions/change-keys/handler.ts')).handler,
  'read-approvals': (await import('#functions/read-approvals/handler.ts')).handler,
  'answer-mail': (await import('#functions/answer-mail/handler.ts')).handler,
  'manage-hsms': (await import('#functions/manage-hsms/handler.ts')).handler,
  'manage-drills': (await import('#functions/manage-drills/handler.ts')).handler,
  'manage-incidents': (await import('#functions/manage-incidents/handler.ts')).handler,
  'manage-brakes': (await import('#functions/manage-brakes/handler.ts')).handler,
  'manage-pauses': (await import('#functions/manage-pauses/handler.ts')).handler,
  'manage-elevations': (await import('#functions/manage-elevations/handler.ts')).handler,
  'manage-signers': (await import('#functions/manage-signers/handler.ts')).handler,
  'manage-recoveries': (await import('#functions/manage-recoveries/handler.ts')).handler,
  'cast-vote': (await import('#functions/cast-vote/handler.ts')).handler,
  'manage-policy': (await import('#functions/manage-policy/handler.ts')).handler,
  'read-calendar': (await import('#functions/read-calendar/handler.ts')).handler,
  'read-usage': (await import('#functions/read-usage/handler.ts')).handler,
  'manage-consumers': (await import('#functions/manage-consumers/handler.ts')).handler,
  'acknowledge-rotation': (await import('#functions/acknowledge-rotation/handler.ts')).handler,
  'plan-changes': (await import('#functions/plan-changes/handler.ts')).handler,
  'manage-reencryption': (await import('#functions/manage-reencryption/handler.ts')).handler,
  'manage-holds': (await import('#functions/manage-holds/handler.ts')).handler,
  'manage-escrow': (await import('#functions/manage-escrow/handler.ts')).handler,
  'recover-escrow': (await import('#functions/recover-escrow/handler.ts')).handler,
  'manage-destruction': (await import('#functions/manage-destruction/handler.ts')).handler,
  'judge-retirement': (await import('#functions/judge-retirement/handler.ts')).handler,
  'watch-rotation': (await import('#functions/watch-rotation/handler.ts')).handler,
  'release-keys': (await import('#functions/release-keys/handler.ts')).handler,
  'serve-status': (await import('#functions/serve-status/handler.ts')).handler,
  'contain-keys': (await import('#functions/contain-keys/handler.ts')).handler,
  'manage-adoptions': (await import('#functions/manage-adoptions/handler.ts')).handler,
  'read-keys': (await import('#functions/read-keys/handler.ts')).handler,
  'use-key': (await import('#functions/use-key/handler.ts')).handler,
  'manage-key-stores': (await import('#functions/manage-key-stores/handler.ts')).handler,
  'serve-contract': (await import('#functions/serve-contract/handler.ts')).handler,
};
