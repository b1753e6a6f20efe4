// SPDX-License-Identifier: Apache-2.0
// Keys of their own for the seeded custodians, made at the first start and kept: what a person holds on their machine
// lies in `people/NAME/`, mode 0600, and only the public halves go to the deployment.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import type { People } from '#core/contract/people.ts';
import { DIRECTORY } from '#policies/directory.ts';
import { writePrivate } from './private-file.ts';

/** Whoever may hold a share. */
const CUSTODIANS = 'grp_custodians';

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

/**
 * Makes what is missing.
 * @param folder `people` of a local stack
 * @returns the public keys by directory name, for the context `people`
 */
export async function ensurePeople(folder: string): Promise<People> {
  const people: Record<string, People[string]> = {};
  for (const { user, groups } of DIRECTORY.local) {
    if (!groups.includes(CUSTODIANS)) continue;
    const own = join(folder, user);
    mkdirSync(own, { recursive: true, mode: 0o700 });
    people[user] = { ageRecipient: await ageRecipientOf(own) };
  }
  return people;
}
