// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { isCsrfToken } from '#adapters/mail/link-token.ts';
import { MAIL_PAGE_HEADERS, mailPage, mailPageView } from '#adapters/mail/page.ts';
import { PAGE_SCRIPT } from '#adapters/mail/page-script.ts';
import { aNotice } from '#test/core/approvals/notice-scene.ts';

const SECRET = 'A'.repeat(43);
describe('the page of a link', () => {
  it('lets run what its policy names by hash, and nothing else', () => {
    const policy = MAIL_PAGE_HEADERS['content-security-policy'] ?? '';
    const scripts = [...mailPage().matchAll(/<script>([\s\S]*?)<\/script>/g)].map(
      ([, text]) => text ?? '',
    );
    const styles = [...mailPage().matchAll(/<style>([\s\S]*?)<\/style>/g)].map(
      ([, text]) => text ?? '',
    );
    const hash = (text: string) => createHash('sha256').update(text).digest('base64');

    expect(scripts).toHaveLength(1);
    expect(policy).toContain(`script-src 'sha256-${hash(scripts[0] ?? '')}'`);
    expect(policy).toContain(`style-src 'sha256-${hash(styles[0] ?? '')}'`);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(mailPage()).not.toMatch(/\son[a-z]+=|style=|src=|<form|<iframe|<meta http-equiv/);
  });

  it('is neither kept, framed nor named to others', () => {
    expect(MAIL_PAGE_HEADERS).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringMatching(
        /^default-src 'none';.*frame-ancestors 'none'$/,
      ),
    });
  });

  it('shows the fields, and a token that holds for exactly this request', () => {
    const notice = aNotice();
    const view = mailPageView(notice, SECRET, null, null);

    expect(view).toMatchObject({ mayVote: true, why: '', digest: notice.digest });
    expect(view.fields.map(({ name }) => name)).toEqual([
      'What',
      'Who',
      'Why',
      'Blast radius',
      'When',
      'Digest',
    ]);
    expect(isCsrfToken(view.csrf, SECRET, notice)).toBe(true);
    expect(JSON.stringify(view)).not.toContain(SECRET);
  });

  it('offers no vote on a decided request, nor where mail is not enough', () => {
    expect(mailPageView(aNotice({ kind: 'denied' }), SECRET, null, null).mayVote).toBe(false);
    expect(mailPageView(aNotice(), SECRET, 'It needs a signature.', null)).toMatchObject({
      mayVote: false,
      why: 'It needs a signature.',
    });
  });
});

describe('the script of the page', () => {
  /** The elements, address and fetch that the script uses; what it did with them. */
  function aBrowser(fragment: string, pathname = '/mail/x') {
    const posts: Record<string, unknown>[] = [];
    const addresses: string[] = [];
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
    const fetched = (_url: string, { body }: { body: string }) => {
      posts.push(JSON.parse(body));
      const json = { title: 't', fields: [], digest: 'd', csrf: 'c', mayVote: true, why: '' };
      return Promise.resolve({ ok: true, status: 200, json: () => Promise.resolve(json) });
    };
    runInContext(
      PAGE_SCRIPT,
      createContext({
        location: { hash: fragment, pathname },
        history: {
          replaceState: (_state: null, _title: string, url: string) => addresses.push(url),
        },
        document: { getElementById: element, querySelectorAll: () => [], createElement: node },
        fetch: fetched,
      }),
    );
    const click = async (id: string, isTrusted = true) => {
      for (const listener of element(id).listeners) listener({ isTrusted });
      await new Promise(setImmediate);
    };
    return { posts, addresses, element, click };
  }

  it('does nothing by itself, nor for a click that a script made', async () => {
    const { posts, click } = aBrowser(`#${SECRET}`);
    for (const id of ['show', 'approve', 'deny']) await click(id, false);

    expect(posts).toEqual([]);
  });

  it('posts the secret on a click, takes it out of the address, and votes with what it was shown', async () => {
    const { posts, addresses, element, click } = aBrowser(`#${SECRET}`);
    await click('show');
    await click('approve');
    await click('deny');
    element('reason').value = ' not now ';
    await click('deny');

    const vote = { do: 'vote', secret: SECRET, csrf: 'c', digest: 'd' };
    expect(addresses).toEqual(['/mail/x']);
    expect(posts).toEqual([
      { do: 'show', secret: SECRET },
      { ...vote, decision: 'approve' },
      { ...vote, decision: 'deny', reason: 'not now' },
    ]);
  });

  it('says whose link opens it, where Slack led to it without one', () => {
    const said = aBrowser('', '/mail/apr_01JD2Q4Y8Z5V7K3M9N6P0R1S2T').element('status').textContent;
    expect(said).toMatch(/your own mail.*approval show apr_01JD2Q4Y8Z5V7K3M9N6P0R1S2T$/);
  });

  it('says so when the mail program cut the link', () => {
    expect(aBrowser('').element('status').textContent).toMatch(/not whole/);
  });
});
