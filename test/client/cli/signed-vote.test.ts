// SPDX-License-Identifier: Apache-2.0
// `keyturn approval approve --sign` and `verify`: real keys of ssh-keygen, and the commands that the docs name.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newVoteKey } from '#client/cli/vote-key.ts';
import { voteChallenge } from '#core/approvals/vote-signature.ts';
import { voteStatement } from '#core/approvals/vote-statement.ts';
import { VoteSignature } from '#core/contract/approvals.ts';
import { aPasskey, ORIGIN, SoftwarePasskey } from '#test/support/passkey.ts';
import { aRequest, KEYS, signedVote } from '#test/support/signed-approval.ts';
import { sshKey, sshSign, sshVerifies } from '#test/support/ssh.ts';
import { startApi } from '../fake-api.ts';
import { keyturn, localStack, newDirectory, newFile } from '../run-cli.ts';

const request = aRequest();
const PATH = `/v1/approvals/${request.id}`;
const token = (sub: string) =>
  ['{}', JSON.stringify({ sub, exp: 4_000_000_000 }), ''].map((part) =>
    Buffer.from(part).toString('base64url'),
  );
const around = (url: string, sub = 'usr_bob') => ({
  stack: localStack(url),
  env: { KEYTURN_TOKEN: token(sub).join('.') },
});
const api = () =>
  startApi({
    [`GET ${PATH}`]: { body: request },
    [`POST ${PATH}/votes`]: { body: request },
    'POST /token': { body: { token: around('').env.KEYTURN_TOKEN } },
  });

function sent(server: Awaited<ReturnType<typeof api>>): VoteSignature | null {
  const body = server.seen.find(({ path }) => path.endsWith('/votes'))?.body;
  if (body === undefined) return null;
  const { signature = null } = JSON.parse(body);
  return signature && VoteSignature.parse(signature);
}

function holds(signature: VoteSignature | null, line: string, decision: 'approve' | 'deny') {
  if (signature?.kind !== 'ssh-ed25519') return false;
  const { id: requestId, digest } = request;
  const message = voteStatement({ requestId, digest, decision, voter: 'usr_bob' });
  return (
    signature.publicKey === line &&
    sshVerifies(signature.signature, message, { namespace: 'keyturn-vote', line })
  );
}

describe('approval approve --sign', () => {
  const decide = (verb: string, url: string, key: string, sub?: string) =>
    keyturn(['approval', verb, request.id, '--key', key], around(url, sub));

  it.each(['approve', 'deny'] as const)(
    '%ss with a signature that ssh-keygen takes',
    async (verb) => {
      const server = await api();
      const key = sshKey();

      expect(await decide(verb, server.url, key.path)).toMatchObject({ code: 0 });

      const signature = sent(server);
      expect(holds(signature, key.line, verb)).toBe(true);
      expect(holds(signature, key.line, verb === 'deny' ? 'approve' : 'deny')).toBe(false);
      expect(JSON.stringify(server.seen)).not.toContain('PRIVATE KEY');
    },
  );

  it('signs with the key of the local stage, which ssh-keygen reads too', async () => {
    const server = await api();
    const { privateKey, publicKey } = newVoteKey('bob@here');
    const folder = newDirectory();
    mkdirSync(join(folder, 'people', 'bob'), { recursive: true });
    const path = join(folder, 'people', 'bob', 'vote_ed25519');
    writeFileSync(path, privateKey, { mode: 0o600 });
    const stackFile = join(folder, 'stack.json');
    writeFileSync(stackFile, JSON.stringify(localStack(server.url)));

    const argv = ['approval', 'approve', request.id, '--sign', '--user', 'bob'];
    expect(await keyturn([...argv, '--stack-file', stackFile])).toMatchObject({ code: 0 });

    const line = publicKey.split(' ').slice(0, 2).join(' ');
    expect(holds(sent(server), line, 'approve')).toBe(true);
    const read = execFileSync('ssh-keygen', ['-y', '-f', path], { encoding: 'utf8' });
    expect(read).toBe(publicKey);
    const message = Buffer.from('a message');
    const theirs = sshSign({ path, line }, 'file', message);
    expect(sshVerifies(theirs, message, { namespace: 'file', line })).toBe(true);
  });

  describe('with a passphrase', () => {
    const before = { ...process.env };
    afterEach(() => {
      process.env = before;
    });

    it('lets ssh-keygen ask for it', async () => {
      const server = await api();
      const key = sshKey({ passphrase: 'correct horse' });
      const asking = newFile('ask.sh', '#!/bin/sh\necho correct horse\n');
      chmodSync(asking, 0o700);
      process.env = { ...before, SSH_ASKPASS: asking, SSH_ASKPASS_REQUIRE: 'force' };

      expect(await decide('approve', server.url, key.path)).toMatchObject({ code: 0 });

      expect(holds(sent(server), key.line, 'approve')).toBe(true);
    });

    it('sends nothing when it is wrong', async () => {
      const server = await api();
      const key = sshKey({ passphrase: 'correct horse' });
      process.env = { ...before, SSH_ASKPASS: '/bin/false', SSH_ASKPASS_REQUIRE: 'force' };

      const ran = await decide('approve', server.url, key.path);

      expect(ran).toMatchObject({ code: 2, err: expect.stringContaining('did not sign') });
      expect(sent(server)).toBeNull();
    });
  });

  describe('with a key that an agent holds', () => {
    const before = { ...process.env };
    let socket = '';
    let pid = 0;
    beforeAll(() => {
      const said = execFileSync('ssh-agent', ['-s'], { encoding: 'utf8' });
      socket = /SSH_AUTH_SOCK=([^;]+)/.exec(said)?.[1] ?? '';
      pid = Number(/SSH_AGENT_PID=(\d+)/.exec(said)?.[1]);
    });
    afterAll(() => {
      process.env = before;
      if (pid > 0) process.kill(pid);
    });

    it('signs by its public half alone', async () => {
      process.env = { ...before, SSH_AUTH_SOCK: socket };
      const server = await api();
      const key = sshKey();
      execFileSync('ssh-add', ['-q', key.path]);
      rmSync(key.path);

      expect(await decide('approve', server.url, `${key.path}.pub`)).toMatchObject({ code: 0 });

      expect(holds(sent(server), key.line, 'approve')).toBe(true);
    });
  });

  it('sends nothing with a key that others can read, that is none, or of another algorithm', async () => {
    const server = await api();
    const open = sshKey();
    chmodSync(open.path, 0o644);
    const garbage = newFile('key', 'hello');
    chmodSync(garbage, 0o600);
    for (const [key, text] of [
      [open.path, 'can be read by others (mode 644)'],
      [garbage, 'no Ed25519 key'],
      [sshKey({ type: 'ecdsa' }).path, 'not an Ed25519 key'],
      ['/nowhere/key', 'cannot read'],
    ] as const)
      expect(await decide('approve', server.url, key)).toMatchObject({
        code: 2,
        err: expect.stringContaining(text),
      });
    expect(sent(server)).toBeNull();
  });

  it('says so when whoever asks is not on the roster, or no key is named', async () => {
    const server = await api();
    const path = KEYS['bob']?.path ?? '';

    expect(await decide('approve', server.url, path, 'usr_olga')).toMatchObject({
      code: 2,
      err: expect.stringContaining('not among those who decide'),
    });
    const argv = ['approval', 'approve', request.id, '--sign'];
    expect(await keyturn(argv, around(server.url))).toMatchObject({
      code: 2,
      err: expect.stringContaining('KEYTURN_VOTE_KEY'),
    });
    expect(sent(server)).toBeNull();
  });
});

describe('approval verify', () => {
  const approved = {
    ...request,
    votes: [signedVote(request, 'bob'), signedVote(request, 'carol')],
  };
  const signers = Object.entries(KEYS)
    .map(([user, { line }]) => `usr_${user} namespaces="keyturn-vote" ${line} of ${user}\n`)
    .join('');
  const verify = (approval: unknown, keys = signers, ...more: string[]) =>
    keyturn([
      'approval',
      'verify',
      newFile('approval.json', typeof approval === 'string' ? approval : JSON.stringify(approval)),
      '--signers',
      newFile('allowed_signers', keys),
      ...more,
    ]);

  it('takes an export whose quorum is proven', async () => {
    expect(await verify(approved)).toMatchObject({
      code: 0,
      out: `✓ ${request.id}: bob, carol approved, 2 were needed\n`,
    });
    const { out } = await verify(approved, `# keys\n\n${signers}`, '--output', 'json');
    expect(JSON.parse(out)).toMatchObject({ approvedBy: ['bob', 'carol'], findings: [] });
  });

  it.each([
    ['a vote less', { ...approved, votes: approved.votes.slice(1) }, '1 approvals hold'],
    [
      'another request',
      { ...approved, canonical: { ...approved.canonical, version: 7 } },
      'the export says',
    ],
    [
      'a member that nobody knows',
      { ...approved, canonical: { ...approved.canonical, also: 'destroy' } },
      'members that are not known',
    ],
    ['no approval', { state: 'approved' }, 'holds no approval'],
    ['no JSON', 'hello', 'holds no approval'],
  ])('exits with 9 for %s', async (_, approval, text) => {
    expect(await verify(approval)).toMatchObject({ code: 9, out: expect.stringContaining(text) });
  });

  it('exits with 9 when the signers are others, and with 2 for a file that it does not understand', async () => {
    expect(await verify(approved, `usr_bob ${KEYS['dan']?.line}\n`)).toMatchObject({ code: 9 });
    for (const line of [
      'usr_bob ssh-rsa AAAA',
      `* ${KEYS['bob']?.line}`,
      `usr_bob cert-authority ${KEYS['bob']?.line}`,
      'usr_bob',
    ])
      expect(await verify(approved, line)).toMatchObject({
        code: 2,
        err: expect.stringContaining('line 1'),
      });
    expect(
      await keyturn(['approval', 'verify', '/nowhere', '--signers', '/nowhere']),
    ).toMatchObject({ code: 2 });
  });

  it('takes passkeys with the page that they were used on, and wants to know the page', async () => {
    const key = new SoftwarePasskey();
    const { id: requestId, digest } = request;
    const statement = { requestId, digest, decision: 'approve', voter: 'usr_carol' } as const;
    const [bob, carol] = approved.votes;
    const signature = key.get({ challenge: voteChallenge(statement) });
    const file = newFile(
      'approval.json',
      JSON.stringify({ ...approved, votes: [bob, { ...carol, signature }] }),
    );
    const { sub, user, ...passkey } = aPasskey(key, 'carol', {
      id: 'pky_01JD2Q4Y8Z5V7K3M9N6P0R1S2T',
    });
    const listed = (patch: object) =>
      JSON.stringify({
        items: [{ ...passkey, person: sub, name: user, isActive: true, ...patch }],
        nextCursor: null,
      });
    const run = (patch: object, ...more: string[]) => {
      const files = ['--signers', newFile('allowed_signers', signers)];
      const passkeys = ['--passkeys', newFile('passkeys.json', listed(patch))];
      return keyturn(['approval', 'verify', file, ...files, ...passkeys, ...more]);
    };

    expect(await run({}, '--origin', ORIGIN)).toMatchObject({ code: 0 });
    expect(await run({}, '--origin', 'https://elsewhere.example')).toMatchObject({
      code: 9,
      out: expect.stringContaining('another origin'),
    });
    expect(await run({ removedAt: '2026-11-22T10:00:00.000Z' }, '--origin', ORIGIN)).toMatchObject({
      code: 9,
    });
    expect(await run({})).toMatchObject({ code: 2, err: expect.stringContaining('--origin') });
    expect(await keyturn(['approval', 'verify', file])).toMatchObject({ code: 2 });
  });

  it('can be done without Keyturn, by the commands in the docs', () => {
    const folder = newDirectory();
    const docs = readFileSync(new URL('../../../docs/approvals.md', import.meta.url), 'utf8');
    const script = /```sh\n(# without Keyturn[\s\S]*?)```/.exec(docs)?.[1] ?? '';
    writeFileSync(join(folder, 'approval.json'), JSON.stringify(approved));
    writeFileSync(join(folder, 'allowed_signers'), signers);

    const out = execFileSync('sh', ['-eu', '-c', script], {
      cwd: folder,
      encoding: 'utf8',
    });

    expect(out).toContain(request.digest);
    expect(out.match(/Good "keyturn-vote" signature for usr_(bob|carol)/g)).toHaveLength(2);
    const bent = { ...approved, votes: approved.votes.map((one) => ({ ...one, by: 'usr_dan' })) };
    writeFileSync(join(folder, 'approval.json'), JSON.stringify(bent));
    expect(() =>
      execFileSync('sh', ['-eu', '-c', script], { cwd: folder, stdio: 'ignore' }),
    ).toThrow();
  });
});
