// SPDX-License-Identifier: Apache-2.0
// A set of shares, with real arithmetic and real age keys: what is wrong with a share is found and named, and the others
// still rebuild the secret.
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkValue } from '#core/crypto/check-value.ts';
import { envelopeFault, judgeShares, type Submission } from '#core/escrow/judge-shares.ts';
import { digestOfProof, holdingProof } from '#core/escrow/open-share.ts';
import { rebuildSecret } from '#core/escrow/rebuild-secret.ts';
import type { ShareEnvelope, ShareFault } from '#core/escrow/records.ts';
import { sealShares } from '#core/escrow/seal-shares.ts';
import {
  allOpened,
  aSet,
  ESCROW,
  holders,
  type MadeSet,
  opened,
  SET_ID,
} from '#test/support/escrow.ts';
import { runs } from '#test/support/runs.ts';

/** Where an open share has its index, which is 1 in the first. */
const INDEX_AT = 38;
const SECRET = Uint8Array.from(randomBytes(32));

async function rebuild(made: MadeSet, submissions: readonly Submission[]) {
  return rebuildSecret(ESCROW, made.set, made.envelopes, submissions);
}

async function faultsOf(
  made: MadeSet,
  submissions: readonly Submission[],
  envelopes = made.envelopes,
): Promise<readonly (ShareFault | null)[]> {
  const judged = await judgeShares(made.set, envelopes, submissions, ESCROW.verifier);
  return judged.map(({ fault }) => fault);
}

describe('a set of shares', () => {
  it.each([
    [2, 2],
    [2, 3],
    [3, 5],
    [5, 9],
  ])('of %i of %i is rebuilt by any of them that are enough', async (required, total) => {
    const made = await aSet(required, total, SECRET);
    const all = await allOpened(made);

    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(all, { minLength: required, maxLength: total }),
        async (some) => {
          const { secret, judged } = await rebuild(made, some);
          expect(secret).toEqual(SECRET);
          expect(judged.every(({ fault }) => fault === null)).toBe(true);
        },
      ),
      { numRuns: runs(30) },
    );
  });

  it('is not rebuilt by one share fewer than needed, whatever the rest is', async () => {
    const made = await aSet(3, 5, SECRET);
    const all = await allOpened(made);

    await expect(rebuild(made, all.slice(0, 2))).rejects.toMatchObject({
      code: 'EscrowIncomplete',
      message: '2 of 3 needed shares hold',
    });
    await expect(rebuild(made, [])).rejects.toMatchObject({ code: 'EscrowIncomplete' });
  });

  it('holds nothing of the secret in what is stored', async () => {
    const made = await aSet(3, 5, SECRET);
    const text = JSON.stringify(made.envelopes);

    expect(text).not.toContain(Buffer.from(SECRET).toString('base64'));
    for (const { custodian, share } of await allOpened(made)) {
      expect(text, custodian).not.toContain(Buffer.from(share ?? '').toString('base64'));
    }
  });

  it('opens to its custodian alone', async () => {
    const made = await aSet(2, 3, SECRET);
    const sealed = Buffer.from(made.envelopes[0]?.sealed ?? '', 'base64');

    expect(await ESCROW.sealer.open(sealed, made.custodians[1]?.identity ?? '')).toBeNull();
    expect(await ESCROW.sealer.open(sealed, made.custodians[0]?.identity ?? '')).not.toBeNull();
  });

  it('says of its secret only whether another one is the same', () => {
    expect(checkValue(SECRET, SET_ID)).toBe(checkValue(SECRET, SET_ID));
    expect(checkValue(SECRET, SET_ID)).not.toBe(checkValue(SECRET, `${SET_ID.slice(0, -1)}2`));
    expect(checkValue(SECRET, SET_ID)).not.toBe(checkValue(randomBytes(32), SET_ID));
  });

  it('leaves no open share behind in memory', async () => {
    const seen: Uint8Array[] = [];
    const custodians = (await holders(3)).map(({ sub, recipient }) => ({ sub, recipient }));
    const input = {
      setId: SET_ID,
      key: 'orders',
      version: 1,
      generation: 1,
      required: 2,
      custodians,
      createdAt: '2026-01-01T00:00:00.000Z',
    };
    const watched = {
      ...ESCROW,
      splitter: {
        ...ESCROW.splitter,
        split: async (...given: Parameters<typeof ESCROW.splitter.split>) => {
          const shares = await ESCROW.splitter.split(...given);
          seen.push(...shares);
          return shares;
        },
      },
      sealer: {
        ...ESCROW.sealer,
        seal: async (open: Uint8Array, recipient: string) => {
          seen.push(open);
          if (seen.length === 6) throw new Error('the last one fails');
          return ESCROW.sealer.seal(open, recipient);
        },
      },
    };

    await expect(sealShares(watched, input, SECRET)).rejects.toThrow('the last one fails');

    expect(seen).toHaveLength(6);
    for (const bytes of seen) expect([...bytes].every((byte) => byte === 0)).toBe(true);
  });
});

describe('a quorum', () => {
  const attempt = async (required: number, total: number, over = {}) => {
    const custodians = Array.from({ length: total }, (_, at) => ({
      sub: `usr_${at}`,
      recipient: `age1${at}`,
    }));
    const input = { setId: SET_ID, key: 'orders', version: 1, generation: 1 };
    const rest = { required, custodians, createdAt: '2026-01-01T00:00:00.000Z', ...over };
    return sealShares(ESCROW, { ...input, ...rest }, SECRET);
  };

  it.each([
    [0, 0, 'at least 2'],
    [1, 3, 'at least 2'],
    [2.5, 3, 'at least 2'],
    [2, 1, '1 custodians'],
    [3, 2, '2 custodians'],
    [2, 256, '255 shares at most'],
  ])('of %d of %i is refused', async (required, total, why) => {
    await expect(attempt(required, total)).rejects.toMatchObject({
      code: 'ValidationFailed',
      message: expect.stringContaining(why),
    });
  });

  it('gives nobody two shares, and no key two', async () => {
    const twice = [
      { sub: 'usr_bob', recipient: 'age1a' },
      { sub: 'usr_bob', recipient: 'age1b' },
    ];
    const shared = [
      { sub: 'usr_bob', recipient: 'age1a' },
      { sub: 'usr_dan', recipient: 'age1a' },
    ];

    await expect(attempt(2, 2, { custodians: twice })).rejects.toThrow('named twice');
    await expect(attempt(2, 2, { custodians: shared })).rejects.toThrow('same age recipient');
  });

  it('refuses a recipient that is no age key', async () => {
    await expect(attempt(2, 2)).rejects.toMatchObject({ code: 'ValidationFailed' });
  });

  it('refuses a secret that is too short to be hidden behind digests', async () => {
    await expect(aSet(2, 2, SECRET.slice(0, 15))).rejects.toThrow('15 bytes is too short');
  });
});

/** The share with one byte of it other than it was. */
function bentAt(share: Uint8Array, at: number, by: number): Uint8Array {
  const bent = Uint8Array.from(share);
  bent[at] = (bent[at] ?? 0) ^ by;
  return bent;
}

describe.each([
  [3, 5],
  [5, 9],
])('every byte of every share of %i of %i', (required, total) => {
  it('is found when it is bent, and its custodian named, while the others rebuild the secret', async () => {
    const made = await aSet(required, total, SECRET);
    const all = await allOpened(made);
    let found = 0;
    for (const [at, { share }] of all.entries()) {
      for (let byte = 0; byte < (share?.length ?? 0); byte += 1) {
        const bent = bentAt(share ?? new Uint8Array(), byte, 1 << (byte % 8));
        const submissions: Submission[] = all.with(at, {
          custodian: all[at]?.custodian ?? '',
          share: bent,
        });
        const { secret, judged } = await rebuild(made, submissions);
        expect(secret).toEqual(SECRET);
        const named = judged.filter(({ fault }) => fault !== null);
        expect(named.map(({ custodian }) => custodian)).toEqual([all[at]?.custodian]);
        found += 1;
      }
    }
    expect(found).toBe(total * 74);
  });

  it('is found in the sealed form too, character by character of every envelope', async () => {
    const made = await aSet(required, total, SECRET);
    for (const envelope of made.envelopes) {
      expect(await envelopeFault(made.set, envelope, ESCROW.verifier)).toBeNull();
      for (const member of Object.keys(envelope) as (keyof ShareEnvelope)[]) {
        for (const bent of bentValues(envelope[member])) {
          const fault = await envelopeFault(
            made.set,
            { ...envelope, [member]: bent },
            ESCROW.verifier,
          );
          expect(fault, `${member} of ${envelope.index}`).toBe('bad-signature');
        }
      }
    }
  });

  it('that is bent where it is stored costs that share alone', async () => {
    const made = await aSet(required, total, SECRET);
    const all = await allOpened(made);
    const [first] = made.envelopes;
    const envelopes = first ? made.envelopes.with(0, { ...first, checkValue: 'f'.repeat(64) }) : [];

    const { secret, judged } = await rebuildSecret(ESCROW, made.set, envelopes, all);
    expect(secret).toEqual(SECRET);
    expect(judged.map(({ fault }) => fault)).toEqual(
      all.map((_, at) => (at === 0 ? 'bad-signature' : null)),
    );
  });
});

/** A member with each of its characters changed in turn, or another number. */
function bentValues(value: string | number): readonly (string | number)[] {
  if (typeof value === 'number') return [value + 1];
  return [...value].map((character, at) => {
    const other = character === 'A' ? 'B' : 'A';
    return value.slice(0, at) + other + value.slice(at + 1);
  });
}

describe('a share that does not belong', () => {
  it.each<[string, ShareFault, (made: MadeSet) => Promise<Uint8Array | null>]>([
    ['that could not be opened', 'unreadable', async () => null],
    ['that is empty', 'no-share', async () => new Uint8Array()],
    ['that is cut short', 'wrong-length', async (made) => (await opened(made, 0)).subarray(0, -1)],
    [
      'that has a byte too many',
      'wrong-length',
      async (made) => Buffer.concat([await opened(made, 0), Buffer.from([0])]),
    ],
    ['of another custodian', 'another-custodians', async (made) => opened(made, 1)],
    [
      'of another set',
      'foreign-set',
      async () => opened(await aSet(3, 5, SECRET, { setId: `esc_${'0'.repeat(25)}2` }), 0),
    ],
    [
      'of an older generation',
      'other-generation',
      async () => opened(await aSet(3, 5, SECRET, { generation: 0 }), 0),
    ],
    ['of another quorum', 'other-quorum', async () => opened(await aSet(2, 5, SECRET), 0)],
    [
      'of a second split of the same generation',
      'bent',
      async () => opened(await aSet(3, 5, SECRET), 0),
    ],
    [
      'with the index 0',
      'index-out-of-range',
      async (made) => bentAt(await opened(made, 0), INDEX_AT, 1),
    ],
  ])('%s is named %s, and the others are enough', async (_name, fault, shareOf) => {
    const made = await aSet(3, 5, SECRET);
    const all = await allOpened(made);
    const submissions = (all as Submission[]).with(0, {
      custodian: 'usr_bob',
      share: await shareOf(made),
    });

    expect(await faultsOf(made, submissions)).toEqual([fault, null, null, null, null]);
    expect((await rebuild(made, submissions)).secret).toEqual(SECRET);
    await expect(rebuild(made, submissions.slice(0, 3))).rejects.toMatchObject({
      code: 'EscrowIncomplete',
      message: `2 of 3 needed shares hold; refused: usr_bob: ${fault}`,
    });
  });

  it('that comes twice counts once, and from somebody who has none not at all', async () => {
    const made = await aSet(3, 5, SECRET);
    const all = await allOpened(made);
    const [first] = all;
    const submissions = [...all.slice(0, 2), ...(first ? [first] : [])];
    const stranger = { custodian: 'usr_mallory', share: await opened(made, 2) };

    expect(await faultsOf(made, [...submissions, stranger])).toEqual([
      null,
      null,
      'duplicate',
      'no-custodian',
    ]);
    await expect(rebuild(made, submissions)).rejects.toMatchObject({ code: 'EscrowIncomplete' });
  });

  it('of mixed generations never makes a secret', async () => {
    const old = await aSet(3, 5, SECRET, { generation: 1 });
    const made = await aSet(3, 5, SECRET, { generation: 2 });
    const [before, now] = [await allOpened(old), await allOpened(made)];

    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }), async (isOld) => {
        const mixed = now.map((submission, at) => (isOld[at] && before[at]) || submission);
        const good = isOld.filter((one) => !one).length;
        const faults = await faultsOf(made, mixed);
        expect(faults).toEqual(isOld.map((one) => (one ? 'other-generation' : null)));
        const outcome = await rebuild(made, mixed).catch((error: unknown) => error);
        if (good >= 3) expect(outcome).toMatchObject({ secret: SECRET });
        else expect(outcome).toMatchObject({ code: 'EscrowIncomplete' });
      }),
      { numRuns: runs(32) },
    );
  });
});

describe('shares that hold and rebuild another secret', () => {
  it('are not used: the check value decides, and the wrong secret is overwritten', async () => {
    const made = await aSet(2, 3, SECRET);
    const all = await allOpened(made);
    const wrong = Uint8Array.from(randomBytes(32));
    const deps = {
      ...ESCROW,
      splitter: { ...ESCROW.splitter, combine: async () => wrong },
    };

    await expect(rebuildSecret(deps, made.set, made.envelopes, all)).rejects.toMatchObject({
      code: 'EscrowCheckFailed',
    });
    expect([...wrong].every((byte) => byte === 0)).toBe(true);
  });
});

describe('a proof of holding', () => {
  it('is made of the open share alone: what is stored is its digest', async () => {
    const made = await aSet(2, 3, SECRET);
    const proof = holdingProof(await opened(made, 0));

    expect(digestOfProof(proof)).toBe(made.envelopes[0]?.shareDigest);
    expect(JSON.stringify(made)).not.toContain(proof);
    expect(digestOfProof(holdingProof(await opened(made, 1)))).not.toBe(
      made.envelopes[0]?.shareDigest,
    );
  });
});
