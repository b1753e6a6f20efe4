// SPDX-License-Identifier: Apache-2.0
// The page behind a mail's link where the rule wants signatures: it asks the voter's passkey, and takes nothing less.
import '#test/support/functions.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { TableSigners } from '#adapters/access-table/signers.ts';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { voteVerifierOf } from '#core/approvals/vote-signature.ts';
import { DIRECTORY } from '#policies/directory.ts';
import { approvalOf, ask } from '#test/support/approvals.ts';
import { current, renewWorld, request } from '#test/support/functions.ts';
import { type Link, linkOf } from '#test/support/mail-links.ts';
import { type Asked, RP_ID, SITE, SoftwarePasskey } from '#test/support/passkey.ts';
import { enrolled } from '#test/support/signers.ts';
import { withActiveKey } from '#test/support/steps.ts';

const { handler } = await import('#functions/answer-mail/handler.ts');

let approval: ApprovalRecord;
let key: SoftwarePasskey;
beforeEach(async () => {
  const world = await withActiveKey(await renewWorld());
  key = new SoftwarePasskey();
  await enrolled(world, 'bob', key);
  const rows = world.store;
  world.verifier = voteVerifierOf(new TableSigners(DIRECTORY.local, {}, { site: SITE, rows }));
  approval = await ask(world, 'key-store.recover', {
    parameters: { keyStore: 'main', kind: 'key-store.reconnect', backup: null },
  });
  expect(approval.rule.signed).toBe(true);
});

const post = (id: string, body: unknown) =>
  request(handler, 'answerMail', { as: null, path: { id }, body });
const show = async ({ id, secret }: Link) => (await post(id, { do: 'show', secret })).body;
const votes = async () => (await approvalOf(current.world, approval.id)).votes;
async function cast(user: string, asked: Partial<Asked> | null, patch: object = {}) {
  const link = await linkOf(current.world, user, approval);
  const { csrf, digest, passkey } = await show(link);
  const challenge = Buffer.from(passkey?.challenge ?? 'AAAA', 'base64url');
  const signature = asked && { signature: key.get({ challenge, ...asked }) };
  const body = { do: 'vote', secret: link.secret, csrf, digest, decision: 'approve' };
  return post(link.id, { ...body, ...signature, ...patch });
}

describe('a vote by mail that needs a signature', () => {
  it('is cast with the passkey that the page was told of', async () => {
    const shown = await show(await linkOf(current.world, 'bob', approval));
    expect(shown).toMatchObject({
      mayVote: true,
      why: '',
      passkey: { rpId: RP_ID, credentials: [{ id: key.credentialId, transports: ['usb', 'nfc'] }] },
    });

    expect((await cast('bob', {})).status).toBe(200);
    expect(await votes()).toMatchObject([
      { by: 'usr_bob', channel: 'email', decision: 'approve', signature: { kind: 'webauthn' } },
    ]);
  });

  it.each<[string, Partial<Asked> | null, string]>([
    ['without one', null, 'SignatureRequired'],
    ['over something else', { challenge: Buffer.alloc(32, 1) }, 'SignatureInvalid'],
    ['on another page', { origin: 'https://evil.example' }, 'SignatureInvalid'],
    ['without verification', { flags: 0x01 }, 'SignatureInvalid'],
  ])('is refused %s', async (_name, asked, code) => {
    expect((await cast('bob', asked)).body.code).toBe(code);
    expect(await votes()).toEqual([]);
  });

  it('takes no signature of an SSH key, whose bytes a page has no way to make', async () => {
    const signature = { kind: 'ssh-ed25519', publicKey: 'a', signature: 'a' };
    expect((await cast('bob', null, { signature })).status).toBe(400);
  });

  it('is a denial without any signature: that only stops', async () => {
    const denial = { decision: 'deny', reason: 'not now' };
    expect((await cast('bob', null, denial)).status).toBe(200);
    expect(await votes()).toMatchObject([{ decision: 'deny', signature: null }]);
  });

  it('is not offered to who has no passkey; the page names the two ways', async () => {
    const shown = await show(await linkOf(current.world, 'carol', approval));
    expect(shown).toMatchObject({ mayVote: false, passkey: null });
    expect(shown.why).toContain('keyturn signer enroll');
    expect(shown.why).toContain('--sign');
    expect((await cast('carol', {})).body.code).toBe('SignatureRequired');
    expect(await votes()).toEqual([]);
  });
});
