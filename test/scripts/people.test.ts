// SPDX-License-Identifier: Apache-2.0
// The seeded custodians' own keys: private to the user, made once, and of use with the public half that is deployed.
import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Decrypter, Encrypter } from 'age-encryption';
import { describe, expect, it } from 'vitest';
import { People } from '#core/contract/people.ts';
import { ensurePeople } from '#scripts/local/people.ts';

describe('the keys of local custodians', () => {
  it('are made once, one for each, in files that nobody else reads', async () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'keyturn-people-')), 'people');

    const people = People.parse(await ensurePeople(folder));

    expect(Object.keys(people)).toEqual(['alice', 'olga', 'bob', 'carol', 'dan', 'erin', 'frank']);
    const recipients = Object.values(people).flatMap(({ ageRecipient }) => ageRecipient ?? []);
    expect(new Set(recipients).size).toBe(5);
    const keys = Object.values(people).flatMap(({ signingKeys }) => signingKeys ?? []);
    expect(new Set(keys).size).toBe(7);
    // A function's variables are 4 kB in all.
    expect(JSON.stringify(people).length).toBeLessThan(2500);
    expect(statSync(join(folder, 'olga', 'vote_ed25519')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'bob', 'age.txt')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'bob')).mode & 0o777).toBe(0o700);
    expect(JSON.stringify(people)).not.toContain('SECRET');
    expect(await ensurePeople(folder)).toEqual(people);
  });

  it('open what is sealed to the public half', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keyturn-people-'));
    const { dan } = await ensurePeople(folder);
    const encrypter = new Encrypter();
    encrypter.addRecipient(dan?.ageRecipient ?? '');
    const sealed = await encrypter.encrypt('a share');

    const [identity = ''] =
      readFileSync(join(folder, 'dan', 'age.txt'), 'utf8').match(/^AGE-SECRET-KEY-\S+$/m) ?? [];
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);

    expect(await decrypter.decrypt(sealed, 'text')).toBe('a share');
  });
});
