// SPDX-License-Identifier: Apache-2.0
// Seals are age files: they open with the recipient's identity, and with nothing else.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ageSealer } from '#adapters/escrow/age-sealer.ts';
import { runs } from '#test/support/runs.ts';

const [MINE, OTHER] = await Promise.all([ageSealer.newIdentity(), ageSealer.newIdentity()]);
const TEXT = Buffer.from('a share');

describe('a sealed share', () => {
  it('is an age file that its recipient opens', async () => {
    const sealed = await ageSealer.seal(TEXT, MINE.recipient);

    expect(Buffer.from(sealed).toString('latin1')).toMatch(/^age-encryption\.org\/v1\n-> X25519 /);
    expect(Buffer.from((await ageSealer.open(sealed, MINE.identity)) ?? [])).toEqual(TEXT);
    expect(await ageSealer.open(sealed, OTHER.identity)).toBeNull();
  });

  it('is another one each time', async () => {
    const [one, two] = await Promise.all([
      ageSealer.seal(TEXT, MINE.recipient),
      ageSealer.seal(TEXT, MINE.recipient),
    ]);

    expect(one).not.toEqual(two);
  });

  it('does not open when anything of it is changed', async () => {
    const sealed = await ageSealer.seal(TEXT, MINE.recipient);

    await fc.assert(
      fc.asyncProperty(
        fc.nat(sealed.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, by) => {
          const bent = Uint8Array.from(sealed);
          bent[at] = (bent[at] ?? 0) ^ by;
          expect(await ageSealer.open(bent, MINE.identity)).toBeNull();
        },
      ),
      { numRuns: runs(200) },
    );
  });

  it.each(['', 'age1', 'ssh-ed25519 AAAA', MINE.identity, `${MINE.recipient}x`])(
    'is not made for %j, which is no recipient',
    async (recipient) => {
      await expect(ageSealer.seal(TEXT, recipient)).rejects.toMatchObject({
        code: 'ValidationFailed',
      });
    },
  );
});
