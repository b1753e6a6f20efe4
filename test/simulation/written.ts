// SPDX-License-Identifier: Apache-2.0
// What was written in a history, and who has to be able to read it.
import type { World } from '#test/support/world.ts';

export interface Written {
  readonly name: string;
  readonly plaintext: Buffer;
  readonly ciphertext: Uint8Array;
}

/** I11: what is registered holds at the vault: an active consumer opens what was written under its key. */
export async function closedConsumers(
  world: World,
  written: readonly Written[],
): Promise<readonly string[]> {
  const violations: string[] = [];
  for (const { name, plaintext, ciphertext } of written) {
    const snapshot = await world.store.readKey(name);
    for (const consumer of snapshot?.consumers ?? []) {
      const principal = `arn:${consumer.principal.slice(4)}` as const;
      const opened = await world.vault
        .cryptoFor(principal)
        .decrypt(ciphertext, {})
        .catch((error: unknown) => error);
      if (opened instanceof Error)
        violations.push(`I11 ${consumer.name} does not open "${plaintext}": ${opened}`);
    }
  }
  return violations;
}
