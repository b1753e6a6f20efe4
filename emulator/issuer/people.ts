// SPDX-License-Identifier: Apache-2.0
// Who can get a token: a JSON file of people with their immutable ids and groups.
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const People = z.array(
  z.strictObject({
    user: z.string().min(1),
    sub: z.string().min(1),
    groups: z.array(z.string().min(1)),
  }),
);

/** One person. */
export type Person = z.infer<typeof People>[number];

/** Reads the file; without one there is nobody. @throws Error naming what is wrong */
export function readPeople(path: string | undefined): readonly Person[] {
  return path === undefined ? [] : People.parse(JSON.parse(readFileSync(path, 'utf8')));
}
