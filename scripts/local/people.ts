// SPDX-License-Identifier: Apache-2.0
// Keys of their own for the seeded people, made at the first start and kept: what a person holds on their machine
// lies in `people/NAME/`, mode 0600, and only the public halves go to the deployment.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { newVoteKey } from '#client/cli/vote-key.ts';
import type { People } from '#core/contract/people.ts';
import { DIRECTORY } from '#policies/directory.ts';
import { writePrivate } from './private-file.ts';

/** Whoever may hold a share. */
const CUSTODIANS = 'grp_custodians';
/** Who may have to sign something; auditors only read. */
const GROUPS_WITH_KEYS: readonly string[] = [CUSTODIANS, 'grp_operators', 'grp_owners'];

/** Of a person's key for signed votes; its public half is beside it, as ssh-keygen leaves it. */
const VOTE_KEY = 'vote_ed25519';
/** Public keys of all, by immutable id. */
const SIGNERS = 'allowed_signers';

/** The identity in a file as `age-keygen` writes it; null: there is no such file. */
function identityIn(file: string): string | null {
  try {
    const found = readFileSync(file, 'utf8').match(/^AGE-SECRET-KEY-\S+$/m);
    return found?.[0] ?? null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function ageRecipientOf(folder: string): Promise<string> {
  const file = join(folder, 'age.txt');
  const known = identityIn(file);
  const identity = known ?? (await generateX25519Identity());
  const recipient = await identityToRecipient(identity);
  if (known === null) writePrivate(file, `# public key: ${recipient}\n${identity}\n`);
  return recipient;
}

function signingKeyOf(folder: string, user: string): string {
  const file = join(folder, VOTE_KEY);
  // Both halves are there, or both are made anew: the private one is written last.
  if (!existsSync(file) || !existsSync(`${file}.pub`)) {
    const { privateKey, publicKey } = newVoteKey(`${user}@keyturn-local`);
    writePrivate(`${file}.pub`, publicKey);
    writePrivate(file, privateKey);
  }
  return readFileSync(`${file}.pub`, 'utf8').trim();
}

/** For `keyturn approval verify --signers` and `ssh-keygen -Y verify -f`. */
function allowedSigners(people: People): string {
  const lines = DIRECTORY.local.flatMap(({ user, sub }) =>
    (people[user]?.signingKeys ?? []).map((key) => `${sub} namespaces="keyturn-vote" ${key}\n`),
  );
  return lines.join('');
}

/**
 * Makes what is missing.
 * @param folder `people` of a local stack
 * @returns the public keys by directory name, for the context `people`
 */
export async function ensurePeople(folder: string): Promise<People> {
  const people: Record<string, People[string]> = {};
  for (const { user, groups } of DIRECTORY.local) {
    if (!groups.some((group) => GROUPS_WITH_KEYS.includes(group))) continue;
    const own = join(folder, user);
    mkdirSync(own, { recursive: true, mode: 0o700 });
    const signingKeys = [signingKeyOf(own, user)];
    people[user] = groups.includes(CUSTODIANS)
      ? { ageRecipient: await ageRecipientOf(own), signingKeys }
      : { signingKeys };
  }
  writePrivate(join(folder, SIGNERS), allowedSigners(people));
  return people;
}
