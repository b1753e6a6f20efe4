// SPDX-License-Identifier: Apache-2.0
// A key of a history that nobody generates: somebody else made it, its user encrypts by an alias of theirs, and it is
// taken over instead of created.
import type { IdempotencyClaim } from '#core/operations/admit-operation.ts';
import { consolePolicy } from '#test/support/foreign-keys.ts';
import { CONSUMER, type World } from '#test/support/world.ts';

export const FOREIGN_POLICY = consolePolicy(CONSUMER);

/** The alias that its user encrypts by: before, through and after all that happens. */
export const legacyAlias = (name: string) => `alias/legacy-of/${name}`;

/** Makes the foreign key of a name. */
export function makeForeign(world: World, name: string): void {
  world.vault.addForeignKey(FOREIGN_POLICY, [legacyAlias(name)]);
}

/** Asks for its adoption. */
export function adopt(world: World, name: string, claim: IdempotencyClaim): Promise<string> {
  const alias = legacyAlias(name);
  return world.admitAdoption({ name, kmsKey: alias, aliases: [alias] }, claim);
}
