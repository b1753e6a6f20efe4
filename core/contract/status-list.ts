// SPDX-License-Identifier: Apache-2.0
// The published list of stopped keys: what is signed, and the form that it is served in.
import { z } from 'zod';
import { instant, KeyName } from './api.ts';
import { STAGES } from './vocabulary.ts';

/** `resumed` is not listed: it keeps an entry from coming back. */
export const STATUS_STATES = ['revoking', 'revoked', 'suspending', 'suspended', 'resumed'] as const;
export type StatusState = (typeof STATUS_STATES)[number];
export const STATUS_REASONS = ['key-compromise', 'hold'] as const;
export type StatusReason = (typeof STATUS_REASONS)[number];

/** `typ` of the signature: one made for a notice is none of a list. */
export const STATUS_LIST_TYPE = 'keyturn-status-list';
/** Caches may keep the list so long, in seconds: a stop is denied here at once, and told; this is for who only reads. */
export const STATUS_MAX_AGE_SECONDS = 30;
/** A list is worth something for so long, in seconds: an older one may be a replay. */
export const STATUS_LIFE_SECONDS = 300;

/** What the signature covers. */
export const StatusListPayload = z
  .object({
    type: z.literal('keyturn-status-list/1'),
    stage: z.enum(STAGES),
    iat: z.int().describe('epoch seconds'),
    exp: z.int().describe('epoch seconds: refuse it from then on'),
    entries: z.array(
      z.object({
        key: KeyName,
        version: z.int().positive().nullable().describe('null: every version of the key'),
        state: z.enum(['revoking', 'revoked', 'suspending', 'suspended']),
        since: instant,
        reason: z.enum(STATUS_REASONS),
      }),
    ),
  })
  .meta({ id: 'StatusListPayload' });
export type StatusListPayload = z.infer<typeof StatusListPayload>;

/** Flattened JWS JSON serialization (RFC 7515 §7.2.2), ES256. */
export const StatusList = z
  .object({
    payload: z.string().describe('base64url of StatusListPayload'),
    protected: z.string().describe('base64url of {alg, kid, typ}'),
    signature: z.string().describe('base64url'),
  })
  .meta({ id: 'StatusList' });
export type StatusList = z.infer<typeof StatusList>;
