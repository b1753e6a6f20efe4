// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { buttonValue } from '#adapters/slack/button-value.ts';
import { readInteraction } from '#adapters/slack/interaction.ts';
import { reasonRefused, reasonView } from '#adapters/slack/reason-view.ts';

const HOME = { teamId: 'T0LOCAL', appId: 'A0KEYTURN', channelId: 'C0APPROVALS' };
const SUBJECT = { approvalId: 'apr_01K0000000000000000000000A', digest: 'ab'.repeat(32) };
const PLACE = { userId: 'U0BOB', channelId: 'C0APPROVALS', messageTs: '1764152257.000100' };

const aClick = (changes: object = {}, action: object = {}) => ({
  type: 'block_actions',
  api_app_id: 'A0KEYTURN',
  team: { id: 'T0LOCAL', domain: 'local' },
  user: { id: 'U0BOB', team_id: 'T0LOCAL' },
  channel: { id: 'C0APPROVALS' },
  message: { ts: PLACE.messageTs },
  trigger_id: '1.2.abc',
  actions: [
    { action_id: 'keyturn_approve', block_id: 'vote', value: buttonValue(SUBJECT), ...action },
  ],
  ...changes,
});

const METADATA = reasonView({ ...SUBJECT, ...PLACE }).private_metadata;
const aSubmission = (value: unknown, changes: object = {}, view: object = {}) => ({
  type: 'view_submission',
  api_app_id: 'A0KEYTURN',
  team: { id: 'T0LOCAL' },
  user: { id: 'U0BOB' },
  view: {
    callback_id: 'keyturn_reason',
    private_metadata: METADATA,
    state: { values: { reason: { text: { type: 'plain_text_input', value } } } },
    ...view,
  },
  ...changes,
});

const form = (payload: unknown) => `payload=${encodeURIComponent(JSON.stringify(payload))}`;
const read = (body: string | Uint8Array) => readInteraction(Buffer.from(body), HOME);

describe('what Slack asks for', () => {
  it.each([
    ['keyturn_approve', 'approve'],
    ['keyturn_deny', 'ask-reason'],
  ])('is read from %s', (action_id, kind) => {
    expect(read(form(aClick({}, { action_id })))).toEqual({
      kind,
      ...SUBJECT,
      ...PLACE,
      triggerId: '1.2.abc',
    });
  });

  it('is nothing for the link to the page', () => {
    expect(read(form(aClick({}, { action_id: 'keyturn_page' })))).toEqual({
      kind: 'opened-page',
      userId: 'U0BOB',
    });
  });

  it('is a denial with its reason when the view is submitted', () => {
    expect(read(form(aSubmission(' not now ')))).toEqual({
      kind: 'deny',
      ...SUBJECT,
      ...PLACE,
      reason: 'not now',
    });
  });

  it.each([
    ['nothing', ''],
    ['no payload', 'token=x'],
    ['a payload twice', `${form(aClick())}&${form(aClick())}`],
    ['something beside the payload', `${form(aClick())}&x=1`],
    ['a command', 'command=%2Fkeyturn&text=approve'],
    ['JSON instead of a form', JSON.stringify(aClick())],
    ['the check of an address', JSON.stringify({ type: 'url_verification', challenge: 'x' })],
    ['a payload that is not JSON', 'payload={'],
    ['a payload of bytes that are not text', Buffer.from('payload=\xff', 'latin1')],
    ['null', form(null)],
    ['a list', form([aClick()])],
    ['another type', form(aClick({ type: 'message_action' }))],
    ['no action', form(aClick({ actions: [] }))],
    ['two actions', form(aClick({ actions: [aClick().actions[0], aClick().actions[0]] }))],
    ['an unknown action', form(aClick({}, { action_id: 'keyturn_execute' }))],
    ['an action of Object', form(aClick({}, { action_id: 'constructor' }))],
    ['no value', form(aClick({}, { value: undefined }))],
    ['an empty value', form(aClick({}, { value: '' }))],
    ['an oversize value', form(aClick({}, { value: 'x'.repeat(2001) }))],
    ['a value of three parts', form(aClick({}, { value: `${buttonValue(SUBJECT)}:x` }))],
    ['a short digest', form(aClick({}, { value: `${SUBJECT.approvalId}:abab` }))],
    [
      'an upper-case digest',
      form(aClick({}, { value: `${SUBJECT.approvalId}:${'AB'.repeat(32)}` })),
    ],
    ['a value that is a number', form(aClick({}, { value: 7 }))],
    ['no trigger', form(aClick({ trigger_id: undefined }))],
    ['no message', form(aClick({ message: undefined }))],
    ['no channel', form(aClick({ channel: undefined }))],
    ['no person', form(aClick({ user: undefined }))],
    ['no workspace', form(aClick({ team: null }))],
    ['another view', form(aSubmission('x', {}, { callback_id: 'other' }))],
    ['a view of nothing', form(aSubmission('x', {}, { private_metadata: '{}' }))],
    ['a view with broken data', form(aSubmission('x', {}, { private_metadata: '{' }))],
    ['a view without answers', form(aSubmission('x', {}, { state: { values: {} } }))],
  ])('is refused as invalid: %s', (_name, body) => {
    expect(() => read(body)).toThrow(expect.objectContaining({ code: 'ValidationFailed' }));
  });

  it.each([
    ['another workspace', form(aClick({ team: { id: 'T0OTHER' } }))],
    ['a person of another workspace', form(aClick({ user: { id: 'U0BOB', team_id: 'T0OTHER' } }))],
    ['another app', form(aClick({ api_app_id: 'A0OTHER' }))],
    ['another channel', form(aClick({ channel: { id: 'C0OTHER' } }))],
    [
      'a view opened in another channel',
      form(aSubmission('x', {}, { private_metadata: METADATA?.replace('C0APPROVALS', 'C0OTHER') })),
    ],
    ['a view opened for somebody else', form(aSubmission('x', { user: { id: 'U0EVE' } }))],
  ])('is refused as not allowed: %s', (_name, body) => {
    expect(() => read(body)).toThrow(expect.objectContaining({ code: 'AccessDenied' }));
  });

  it.each([null, '', '   ', 'a\nb', 'pay\u202eload', 'x'.repeat(2001)])(
    'points at the reason when only that is wrong: %j',
    (value) => {
      expect(() => read(form(aSubmission(value)))).toThrow(
        expect.objectContaining({
          code: 'ValidationFailed',
          fields: [expect.objectContaining({ pointer: '/reason' })],
        }),
      );
    },
  );

  it('never repeats what was sent in its refusal', () => {
    const marker = 'SENT-BY-A-STRANGER';
    const bodies = [
      form(aClick({}, { value: marker })),
      `payload=${marker}`,
      form(aClick({ type: marker })),
    ];
    for (const body of bodies) expect(() => read(body)).not.toThrow(new RegExp(marker));
  });
});

it('keeps the view open with what is wrong', () => {
  expect(reasonRefused('too long')).toEqual({
    response_action: 'errors',
    errors: { reason: 'too long' },
  });
});
