// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MAX_BODY_BYTES, verifySlackRequest } from '#adapters/slack/verify-request.ts';

const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
const OLD_SECRET = 'old-signing-secret-of-the-app-01';
const NOW = 1531420618;
const BODY = 'payload=%7B%22type%22%3A%22block_actions%22%7D';

const sign = (timestamp: string, body = BODY, secret = SECRET, version = 'v0') =>
  `${version}=${createHmac('sha256', secret).update(`${version}:${timestamp}:${body}`).digest('hex')}`;

const verify = (
  request: { body?: string; timestamp?: string | undefined; signature?: string | undefined },
  secrets: readonly string[] = [SECRET],
) => {
  const timestamp = 'timestamp' in request ? request.timestamp : String(NOW);
  const body = request.body ?? BODY;
  const signature = 'signature' in request ? request.signature : sign(timestamp ?? '', body);
  return verifySlackRequest(
    { body: Buffer.from(body), timestamp, signature },
    { secrets, now: NOW },
  );
};

describe('a request of Slack', () => {
  it('passes with the example of Slack’s documentation', () => {
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    const signature = 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503';

    expect(verify({ body, timestamp: '1531420618', signature }).replayKey).toMatch(
      /^[0-9a-f]{64}$/,
    );
  });

  it.each([-300, -1, 0, 1, 300])('passes with a stamp %i s away from now', (offset) => {
    expect(() => verify({ timestamp: String(NOW + offset) })).not.toThrow();
  });

  it('passes under either of two secrets, with one replay key', () => {
    const both = [SECRET, OLD_SECRET];
    const stamp = String(NOW);
    const old = verify({ signature: sign(stamp, BODY, OLD_SECRET) }, both);

    expect(verify({}, both)).toEqual(old);
    expect(verify({ body: `${BODY}x` }, both)).not.toEqual(old);
  });

  const future = String(NOW + 600);
  it.each([
    ['no signature', { signature: undefined }],
    ['an empty signature', { signature: '' }],
    ['a short signature', { signature: sign(String(NOW)).slice(0, -2) }],
    ['a long signature', { signature: `${sign(String(NOW))}00` }],
    ['an upper-case signature', { signature: sign(String(NOW)).toUpperCase().replace('V0', 'v0') }],
    ['another version', { signature: sign(String(NOW), BODY, SECRET, 'v1') }],
    ['a bare hash', { signature: sign(String(NOW)).slice(3) }],
    ['a line break after it', { signature: `${sign(String(NOW))}\n` }],
    ['another secret', { signature: sign(String(NOW), BODY, OLD_SECRET) }],
    ['the signature of another stamp', { signature: sign(String(NOW - 1)) }],
    ['a body encoded again', { body: BODY.replaceAll('%22', '"'), signature: sign(String(NOW)) }],
    ['no stamp', { timestamp: undefined }],
    ['a stamp too old', { timestamp: String(NOW - 301) }],
    ['a stamp too new', { timestamp: String(NOW + 301) }],
    ['a stamp of 10 minutes ahead', { timestamp: future, signature: sign(future) }],
    ['NaN', { timestamp: 'NaN' }],
    ['Infinity', { timestamp: 'Infinity' }],
    ['an empty stamp', { timestamp: '' }],
    ['a fraction', { timestamp: `${NOW}.0` }],
    ['an exponent', { timestamp: '1.531420618e9' }],
    ['a sign', { timestamp: `+${NOW}` }],
    ['a blank', { timestamp: ` ${NOW}` }],
    ['hexadecimal', { timestamp: `0x${NOW.toString(16)}` }],
    ['milliseconds', { timestamp: `${NOW}000` }],
    ['other digits', { timestamp: '١٥٣١٤٢٠٦١٨' }],
    ['a very long stamp', { timestamp: '0'.repeat(5000) + NOW }],
  ])('is refused with %s', (_name, request) => {
    expect(() => verify(request)).toThrow(expect.objectContaining({ code: 'Unauthenticated' }));
  });

  it('is refused when it is too large, before anything is computed', () => {
    const body = 'x'.repeat(MAX_BODY_BYTES + 1);

    expect(() => verify({ body })).toThrow(expect.objectContaining({ code: 'PayloadTooLarge' }));
  });

  it.each([[[]], [['']]])('is never let through without a secret: %j', (secrets) => {
    const signature = sign(String(NOW), BODY, '');

    expect(() => verify({ signature }, secrets)).toThrow(/no Slack signing secret/);
  });
});
