// SPDX-License-Identifier: Apache-2.0
// The scripts of both pages with a browser's passkeys: what they ask the authenticator for, and what they post of it.
import { createHash, randomBytes } from 'node:crypto';
import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { ENROLL_PAGE_HEADERS, ENROLL_SCRIPT, enrollPage } from '#adapters/mail/enroll-page.ts';
import { PAGE_SCRIPT } from '#adapters/mail/page-script.ts';
import { assertionFault } from '#core/crypto/webauthn.ts';
import { type Registration, registrationFault } from '#core/crypto/webauthn-registration.ts';
import { RP_ID, SITE, SoftwarePasskey } from '#test/support/passkey.ts';

const SECRET = 'A'.repeat(43);
const challenge = randomBytes(32);
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
const buffer = (member: string) => Uint8Array.from(Buffer.from(member, 'base64url')).buffer;

interface Options {
  readonly publicKey: {
    readonly challenge: Uint8Array;
    readonly userVerification?: string;
    readonly allowCredentials?: readonly { readonly id: Uint8Array }[];
    readonly excludeCredentials?: readonly { readonly id: Uint8Array }[];
    readonly attestation?: string;
    readonly authenticatorSelection?: object;
  };
}

/** A page with its elements, address, fetch and passkeys. */
function aBrowser(script: string, shown: object, key: SoftwarePasskey | null) {
  const posts: Record<string, unknown>[] = [];
  const options: Options[] = [];
  const node = () => ({
    textContent: '',
    hidden: false,
    disabled: false,
    value: '',
    listeners: [] as ((event: object) => void)[],
    addEventListener(_type: string, listener: (event: object) => void) {
      this.listeners.push(listener);
    },
    append() {},
    replaceChildren() {},
    focus() {},
  });
  const elements = new Map<string, ReturnType<typeof node>>();
  const element = (id: string) => {
    const found = elements.get(id) ?? node();
    elements.set(id, found);
    return found;
  };
  const refused = () => Promise.reject(Object.assign(new Error('no'), { name: 'NotAllowedError' }));
  const answered = (members: Record<string, string>, given: object) => ({
    rawId: buffer(key?.credentialId ?? ''),
    response: {
      ...Object.fromEntries(Object.entries(members).map(([name, it]) => [name, buffer(it)])),
      ...given,
    },
  });
  const credentials = {
    async get(asked: Options) {
      options.push(asked);
      if (!key) return refused();
      const { kind: _kind, credentialId: _id, ...members } = key.get(asked.publicKey);
      return answered(members, {});
    },
    async create(asked: Options) {
      options.push(asked);
      if (!key) return refused();
      const { clientDataJSON, authenticatorData, publicKey } = key.create(asked.publicKey);
      return answered(
        { clientDataJSON },
        {
          getAuthenticatorData: () => buffer(authenticatorData),
          getPublicKey: () => buffer(publicKey),
          getTransports: () => ['usb'],
        },
      );
    },
  };
  runInContext(
    script,
    createContext({
      ...{
        atob,
        btoa,
        Uint8Array,
        window: { PublicKeyCredential: {} },
        navigator: { credentials },
      },
      location: { hash: `#${SECRET}`, pathname: '/p' },
      history: { replaceState() {} },
      document: { getElementById: element, querySelectorAll: () => [], createElement: node },
      fetch: async (_url: string, { body }: { body: string }) => {
        posts.push(JSON.parse(body));
        return { ok: true, status: 200, json: async () => shown };
      },
    }),
  );
  const click = async (id: string, isTrusted = true) => {
    for (const listener of element(id).listeners) listener({ isTrusted });
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  };
  return { posts, options, element, click };
}

describe('the page of a mail where a signature is asked for', () => {
  const asked = (id: string) => ({
    ...{ title: 't', fields: [], digest: 'd', csrf: 'c', mayVote: true, why: '' },
    passkey: {
      rpId: RP_ID,
      challenge: text(challenge),
      credentials: [{ id, transports: ['usb'] }],
    },
  });

  it('approves with what the passkey signed, and denies with a click', async () => {
    const key = new SoftwarePasskey();
    const { posts, options, element, click } = aBrowser(PAGE_SCRIPT, asked(key.credentialId), key);
    await click('show');
    expect(element('approve').textContent).toBe('Approve with a passkey');
    await click('approve');

    expect(options[0]?.publicKey).toMatchObject({ userVerification: 'required', rpId: RP_ID });
    expect(options[0]?.publicKey.allowCredentials?.map(({ id }) => text(id))).toEqual([
      key.credentialId,
    ]);
    const { signature } = posts[1] as { signature: ReturnType<SoftwarePasskey['get']> };
    expect(signature).toMatchObject({ kind: 'webauthn', credentialId: key.credentialId });
    expect(assertionFault(signature, challenge, key.publicKey, SITE)).toBeNull();

    element('reason').value = 'not now';
    await click('deny');
    expect(posts[2]).toMatchObject({ decision: 'deny' });
    expect(posts[2]).not.toHaveProperty('signature');
    expect(options).toHaveLength(1);
  });

  it('sends nothing when the passkey does not answer, nor for a click that a script made', async () => {
    const { posts, element, click } = aBrowser(PAGE_SCRIPT, asked('AAAA'), null);
    await click('show');
    await click('approve', false);
    await click('approve');

    expect(posts).toHaveLength(1);
    expect(element('status').textContent).toContain('NotAllowedError');
  });
});

describe('the page on which a passkey is made', () => {
  const shown = {
    ...{ rpId: RP_ID, name: 'carol', userId: 'AAAA', challenge: text(challenge), csrf: 'c' },
    credentials: [{ id: 'BBBB', transports: [] }],
    detail: 'Two others decide.',
  };

  it('lets run what its policy names by hash, and nothing else', () => {
    const hash = createHash('sha256').update(ENROLL_SCRIPT).digest('base64');
    const policy = ENROLL_PAGE_HEADERS['content-security-policy'];
    expect(policy).toContain(`script-src 'sha256-${hash}'`);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(enrollPage()).toContain(`<script>${ENROLL_SCRIPT}</script>`);
    expect(enrollPage()).not.toMatch(/\son[a-z]+=|style=|src=|<form|<iframe|<meta http-equiv/);
  });

  it.each(['ES256', 'EdDSA', 'RS256'] as const)('posts a new %s key', async (algorithm) => {
    const key = new SoftwarePasskey(algorithm);
    const { posts, options, element, click } = aBrowser(ENROLL_SCRIPT, shown, key);
    element('label').value = ' blue key ';
    await click('register', false);
    expect(posts).toEqual([]);
    await click('register');

    expect(options[0]?.publicKey).toMatchObject({
      attestation: 'none',
      authenticatorSelection: { userVerification: 'required' },
    });
    expect(options[0]?.publicKey.excludeCredentials?.map(({ id }) => text(id))).toEqual(['BBBB']);
    expect(posts[1]).toMatchObject({ do: 'register', secret: SECRET, csrf: 'c' });
    const { registration } = posts[1] as { registration: Registration & { label: string } };
    expect(registration).toMatchObject({ label: 'blue key', transports: ['usb'] });
    expect(registrationFault(registration, challenge, SITE)).toBeNull();
    expect(element('status').textContent).toBe('Two others decide.');
  });

  it('posts nothing when there is no passkey', async () => {
    const { posts, element, click } = aBrowser(ENROLL_SCRIPT, shown, null);
    await click('register');

    expect(posts).toHaveLength(1);
    expect(element('status').textContent).toContain('nothing was sent');
  });
});
