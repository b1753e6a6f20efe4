// SPDX-License-Identifier: Apache-2.0
// Whether Slack sent a request, just now: its v0 signature over the raw bytes, an honest timestamp, and a key by
// which the caller tells a replay. What the request asks for is read only afterwards (`interaction.ts`).
import { createHmac } from 'node:crypto';
import { equalDigests, sha256Hex } from '#core/crypto/hashing.ts';
import { KeyturnError } from '#core/errors.ts';

/** Seconds by which a timestamp may differ from now, either way. */
export const MAX_SKEW_SECONDS = 300;
/** How long the caller must remember a replay key: as long as a stamp is taken, before and after now. */
export const REPLAY_MEMORY_SECONDS = 2 * MAX_SKEW_SECONDS;
/** Slack puts the whole message into the request; ours are far smaller. */
export const MAX_BODY_BYTES = 262_144;
/** The present secret and the one before it, while Slack changes over. */
const MAX_SECRETS = 2;

/** A request as it came: the body's own bytes, never a text parsed and written again. */
export interface SlackRequest {
  readonly body: Uint8Array;
  /** Header `x-slack-request-timestamp`. */
  readonly timestamp: string | undefined;
  /** Header `x-slack-signature`. */
  readonly signature: string | undefined;
}

export interface SlackTrust {
  /** One signing secret, or two during a change. */
  readonly secrets: readonly string[];
  /** Seconds since 1970. */
  readonly now: number;
}

function unauthenticated(why: string): KeyturnError {
  return new KeyturnError('Unauthenticated', `the request is not from Slack: ${why}`);
}

function checkTimestamp(timestamp: string | undefined, now: number): string {
  // Digits only: a number parser takes blanks, signs, exponents and NaN, and comparisons with NaN are all false.
  if (timestamp === undefined || !/^\d{1,11}$/.test(timestamp))
    throw unauthenticated('it has no timestamp of whole seconds');
  if (!(Math.abs(now - Number(timestamp)) <= MAX_SKEW_SECONDS))
    throw unauthenticated(`its timestamp is more than ${MAX_SKEW_SECONDS} s away from now`);
  return timestamp;
}

/** Bytes of the one version that exists, in the one spelling Slack uses. */
function checkForm(signature: string | undefined): Buffer {
  const [, hex] = /^v0=([0-9a-f]{64})$/.exec(signature ?? '') ?? [];
  if (hex === undefined) throw unauthenticated('it has no signature of version v0');
  return Buffer.from(hex, 'hex');
}

/**
 * Holds a request against the signing secrets.
 * @returns the key to remember for {@link REPLAY_MEMORY_SECONDS}; who has seen it before refuses the request
 * @throws KeyturnError `Unauthenticated`, `PayloadTooLarge`
 * @see https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export function verifySlackRequest(
  { body, timestamp, signature }: SlackRequest,
  { secrets, now }: SlackTrust,
): { readonly replayKey: string } {
  const usable = secrets.filter((secret) => secret !== '').slice(0, MAX_SECRETS);
  if (usable.length === 0)
    throw new KeyturnError('InternalError', 'no Slack signing secret is set; see docs/slack.md');
  if (body.byteLength > MAX_BODY_BYTES)
    throw new KeyturnError('PayloadTooLarge', `the body is larger than ${MAX_BODY_BYTES} bytes`);
  const stamp = checkTimestamp(timestamp, now);
  const offered = checkForm(signature);
  const prefix = Buffer.from(`v0:${stamp}:`);
  // Each secret is tried, so that the time says nothing about which one fits.
  const fits = usable.map((secret) =>
    equalDigests(createHmac('sha256', secret).update(prefix).update(body).digest(), offered),
  );
  if (!fits.includes(true)) throw unauthenticated('its signature does not fit');
  // Of what was signed, not of the signature: with two valid secrets one request has two signatures.
  return { replayKey: sha256Hex(Buffer.concat([prefix, body])) };
}
