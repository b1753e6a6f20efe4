// SPDX-License-Identifier: Apache-2.0
// `keyturn escrow …`: what a custodian opens on their own machine, with real age keys, and what leaves it.
import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ageSealer } from '#adapters/escrow/age-sealer.ts';
import { digestOfProof, holdingProof } from '#core/escrow/open-share.ts';
import { aSet, opened } from '#test/support/escrow.ts';
import { example, problem, startApi } from '../fake-api.ts';
import { keyturn, localStack, newFile } from '../run-cli.ts';

const KEY = '/v1/keys/orders/escrow';
const around = (url: string) => ({ stack: localStack(url), env: { KEYTURN_TOKEN: 't' } });
const codeOf = (id: string, recipient: string) =>
  createHash('sha256')
    .update(`keyturn-call-back/1\n${id}\n${recipient}`)
    .digest('hex')
    .slice(0, 12);

const made = await aSet(2, 3, randomBytes(32));
const one = await ageSealer.newIdentity();
const SESSION = example('EscrowSession', {
  id: 'ers_1',
  setId: made.set.setId,
  recipient: one.recipient,
});
const CODE = codeOf('ers_1', one.recipient);
const [bob, carol] = made.custodians;
const mine = newFile('age.txt', `# created: today\n# public key: x\n${bob?.identity}\n`);
const others = newFile('age.txt', `${carol?.identity}\n`);

function api(changes: Record<string, unknown> = {}, share = made.envelopes[0]) {
  return startApi({
    [`GET ${KEY}`]: {
      body: example('Escrow', { sessions: [{ ...SESSION, ...changes }] }),
    },
    [`GET ${KEY}/shares`]: { body: { items: share ? [share] : [] } },
    [`PUT ${KEY}/sessions/ers_1/contribution`]: { body: SESSION },
    [`PUT ${KEY}/proof`]: { body: example('EscrowSet') },
  });
}

describe('escrow contribute', () => {
  const contribute = (url: string, code: string, identity = mine) =>
    keyturn(
      ['escrow', 'contribute', 'orders', '--identity', identity, '--code', code],
      around(url),
    );

  it('sends the share sealed to the session, and nothing else of it', async () => {
    const server = await api();

    expect(await contribute(server.url, CODE)).toMatchObject({ code: 0 });

    const sent = server.seen.find(({ method }) => method === 'PUT');
    const { sealed } = JSON.parse(sent?.body ?? '');
    const open = await ageSealer.open(Buffer.from(sealed, 'base64'), one.identity);
    expect(open && Buffer.from(open)).toEqual(Buffer.from(await opened(made, 0)));
    const all = JSON.stringify(server.seen);
    expect(all).not.toContain(Buffer.from(open ?? []).toString('base64'));
    expect(all).not.toContain('AGE-SECRET-KEY');
  });

  it('takes the code as it was read out', async () => {
    const server = await api();
    const spoken = CODE.toUpperCase().replace(/(.{4})(?=.)/g, '$1 ');

    expect((await contribute(server.url, spoken)).code).toBe(0);
  });

  it('opens nothing when the code is another: the key may have been swapped', async () => {
    const server = await api({ recipient: (await ageSealer.newIdentity()).recipient });
    const ran = await contribute(server.url, CODE);

    expect(ran.code).toBe(2);
    expect(ran.err).toContain('the call-back code is not that of this session');
    expect(server.seen.map(({ method }) => method)).toEqual(['GET']);
  });

  it.each([
    ["somebody else's key", others, 'does not open with'],
    ['a file without a key', newFile('age.txt', '# nothing\n'), 'holds no age identity'],
    ['a damaged key', newFile('age.txt', 'AGE-SECRET-KEY-1QQQ\n'), 'is damaged'],
    ['a file that is not there', '/nowhere/age.txt', 'cannot read'],
  ])('with %s says so and sends nothing', async (_name, identity, why) => {
    const server = await api();
    const ran = await contribute(server.url, CODE, identity);

    expect(ran.code).toBe(2);
    expect(ran.err).toContain(why);
    expect(server.seen.some(({ method }) => method === 'PUT')).toBe(false);
  });

  it('does not hand in a share that is not as it was made', async () => {
    const [first] = made.envelopes;
    const server = await api({}, first && { ...first, shareDigest: '0'.repeat(64) });
    const ran = await contribute(server.url, CODE);

    expect(ran.code).toBe(2);
    expect(ran.err).toContain('is not as it was made');
    expect(server.seen.some(({ method }) => method === 'PUT')).toBe(false);
  });

  it('needs an open session, and a share of its generation', async () => {
    const closed = await api({ state: 'done' });
    const older = await api({ generation: 2 });

    expect((await contribute(closed.url, CODE)).err).toContain('no session of orders is open');
    expect((await contribute(older.url, CODE)).err).toContain('you hold no such share of orders');
  });
});

describe('escrow prove', () => {
  it('sends a proof that only the share makes', async () => {
    const server = await api();
    const ran = await keyturn(
      ['escrow', 'prove', 'orders', '--identity', mine],
      around(server.url),
    );

    expect(ran.code).toBe(0);
    const sent = JSON.parse(server.seen.find(({ method }) => method === 'PUT')?.body ?? '');
    expect(sent).toEqual({
      version: 1,
      generation: 1,
      proof: holdingProof(await opened(made, 0)),
    });
    expect(digestOfProof(sent.proof)).toBe(made.envelopes[0]?.shareDigest);
  });
});

describe('escrow recover and reshare', () => {
  it('print the approval, and the code that custodians are told', async () => {
    const accepted = example('EscrowSessionAccepted', { session: SESSION });
    const server = await startApi({ [`POST ${KEY}/sessions`]: { status: 202, body: accepted } });
    const argv = ['escrow', 'recover', 'orders', '--reason', 'it expired', '--key-version', '2'];

    const ran = await keyturn(argv, around(server.url));

    expect(ran.code).toBe(8);
    expect(ran.out.trim()).toBe(accepted['approvalId']);
    expect(ran.err.replaceAll('-', '')).toContain(CODE);
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual({
      purpose: 'recover',
      version: 2,
      reason: 'it expired',
    });
  });

  it('name the circle of a re-share', async () => {
    const accepted = example('EscrowSessionAccepted', { session: SESSION });
    const server = await startApi({ [`POST ${KEY}/sessions`]: { status: 202, body: accepted } });
    const circle = ['--required', '2', '--custodian', 'bob', '--custodian', 'dan'];

    await keyturn(['escrow', 'reshare', 'orders', ...circle], around(server.url));
    const bad = ['escrow', 'reshare', 'orders', '--required', 'two', '--custodian', 'bob'];

    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual({
      purpose: 'reshare',
      required: 2,
      custodians: ['bob', 'dan'],
    });
    expect((await keyturn(bad, around(server.url))).code).toBe(2);
  });
});

describe('escrow status, complete and cancel', () => {
  it('show who holds shares and what a session waits for', async () => {
    const server = await api({ state: 'open' });
    const ran = await keyturn(['escrow', 'status', 'orders'], around(server.url));

    expect(ran.out).toContain('usr_bob');
    expect(ran.out).toMatch(/quorum +2 of 2/);
    expect(ran.out).toMatch(/missing +usr_dan/);
    expect(ran.out.replaceAll('-', '')).toContain(CODE);
  });

  it('say that there is nothing', async () => {
    const server = await startApi({
      [`GET ${KEY}`]: { body: { key: 'orders', sets: [], sessions: [] } },
    });

    expect((await keyturn(['escrow', 'status', 'orders'], around(server.url))).out).toContain(
      'nothing of it is in escrow',
    );
  });

  it('end a session, or say whose shares do not hold', async () => {
    const server = await startApi({
      [`PUT ${KEY}/sessions/ers_1/completion`]: problem(409, 'EscrowIncomplete'),
      [`DELETE ${KEY}/sessions/ers_1`]: { body: SESSION },
    });

    const failed = await keyturn(['escrow', 'complete', 'orders', 'ers_1'], around(server.url));
    expect(failed.code).toBe(6);
    expect(failed.err).toContain('detail of EscrowIncomplete');
    const ended = await keyturn(['escrow', 'cancel', 'orders', 'ers_1'], around(server.url));
    expect(ended.code).toBe(0);
  });
});

describe('key create --escrow', () => {
  const argv = ['key', 'create', 'orders', '--class', 'test', '--owner', 'olga'];
  const rest = ['--purpose', 'p', '--environment', 'development', '--origin', 'EXTERNAL'];

  it('names the circle, and says what is no circle', async () => {
    const accepted = { status: 202, body: { operationId: 'op_1' } };
    const server = await startApi({ 'POST /v1/keys': accepted });

    await keyturn([...argv, ...rest, '--escrow', '2:bob,carol,dan'], around(server.url));
    const bad = await keyturn([...argv, ...rest, '--escrow', 'bob'], around(server.url));

    expect(JSON.parse(server.seen[0]?.body ?? '')).toMatchObject({
      origin: 'EXTERNAL',
      escrow: { required: 2, custodians: ['bob', 'carol', 'dan'] },
    });
    expect(bad).toMatchObject({ code: 2 });
    expect(bad.err).toContain('is no quorum of people');
  });
});
