// SPDX-License-Identifier: Apache-2.0
// Rights for a while on the running stack: asked for, granted by two others, used, taken back, and ended by the clock
// alone; each API function looks at them under its own role.
import { beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '#client/sdk/index.ts';
import { until } from '#scripts/local/waiting.ts';
import { freshName, keyRequest, person } from './scene.ts';

const PEOPLE = ['ada', 'bob', 'carol', 'dan', 'olga'] as const;
let clients: Record<(typeof PEOPLE)[number], Client>;
beforeAll(async () => {
  const all = await Promise.all(PEOPLE.map(async (user) => [user, await person(user)] as const));
  clients = Object.fromEntries(all) as typeof clients;
});

/** Asks, has two custodians agree, and waits until it is granted. */
async function granted(who: Client, group: string, seconds: number) {
  const { body } = await who.requestElevation({ group, seconds, reason: 'end-to-end test' });
  const approvalId = body.approvalId ?? '';
  const digest = body.digest ?? '';
  await expect(who.castVote(approvalId, { decision: 'approve', digest })).rejects.toMatchObject({
    status: 403,
  });
  for (const voter of [clients.carol, clients.dan])
    await voter.castVote(approvalId, { decision: 'approve', digest });
  return until(
    async () => {
      const { body: page } = await clients.ada.listElevations();
      return page.items.find((one) => one.approvalId === approvalId);
    },
    { timeoutSeconds: 60, what: `${approvalId} to be granted` },
  );
}

/** What only operators may. */
const readStore = (who: Client) => who.getKeyStore('keyturn-local');

describe('rights for a while', () => {
  it('open what they are for until they are taken back, and end by themselves', async () => {
    const { ada, bob, olga } = clients;
    await expect(readStore(bob)).rejects.toMatchObject({ status: 403 });
    await expect(readStore(olga)).rejects.toMatchObject({ status: 403 });
    const short = await granted(olga, 'grp_auditors', 30);
    const long = await granted(bob, 'grp_operators', 3600);
    expect(short).toMatchObject({ person: 'usr_olga', isActive: true });

    expect((await readStore(bob)).status).toBe(200);
    expect((await readStore(olga)).status).toBe(200);
    // Another function, under another role; and nobody else has them.
    const name = freshName('elevated');
    expect((await bob.createKey(keyRequest(name))).status).toBe(202);
    await expect(olga.createKey(keyRequest(freshName('x')))).rejects.toMatchObject({ status: 403 });
    const { body: audit } = await ada.readAudit(name);
    expect(audit.items[0]?.decision.rule).toBe(`operators-run-the-service by ${long.id}`);

    await expect(ada.revokeElevation(long.id)).rejects.toMatchObject({ status: 403 });
    expect((await clients.carol.revokeElevation(long.id)).body).toMatchObject({
      isActive: false,
      revokedBy: 'usr_carol',
    });
    await expect(readStore(bob)).rejects.toMatchObject({ status: 403 });

    await until(
      () =>
        readStore(olga).then(
          () => false,
          (error: { status?: number }) => error.status === 403,
        ),
      { timeoutSeconds: 45, what: `${short.id} to end by the clock` },
    );
    const { body: page } = await ada.listElevations();
    expect(page.items.find(({ id }) => id === short.id)).toMatchObject({
      isActive: false,
      revokedAt: null,
    });
    expect(Date.parse(short.until)).toBeLessThanOrEqual(Date.now());
  });

  it('are never those of who decides', async () => {
    await expect(
      clients.olga.requestElevation({ group: 'grp_custodians', reason: 'to vote' }),
    ).rejects.toMatchObject({ status: 422 });
  });
});
