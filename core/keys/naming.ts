// SPDX-License-Identifier: Apache-2.0
// Names derived from a key's name. Consumers encrypt by the key's alias; each version keeps its own for ever, so
// that authorization by alias does not lose the old versions (`docs/architecture.md`, alias contract).

/** Alias consumers use: it moves with every rotation. */
export function keyAlias(stage: string, name: string): string {
  return `alias/keyturn/${stage}/${name}`;
}

/** Permanent alias of one version. */
export function versionAlias(stage: string, name: string, version: number): string {
  return `${keyAlias(stage, name)}/v${version}`;
}
