// SPDX-License-Identifier: Apache-2.0
// Names derived from a key's name. Consumers encrypt by the key's alias; each version keeps its own for ever, so
// that authorization by alias does not lose the old versions (`docs/architecture.md`, alias contract).

/** Encryption context name that marks canaries; key policies grant the verifier nothing without it. */
export const CANARY_CONTEXT_KEY = 'keyturn:canary';

/** Encryption context name that every wrapped data key lies under; callers of the API cannot use it. */
export const DATA_KEY_CONTEXT_KEY = 'keyturn:data-key';

/** Encryption context of one version of a data key: KMS opens it under no other. */
export function dataKeyContext(name: string, version: number): Readonly<Record<string, string>> {
  return { [DATA_KEY_CONTEXT_KEY]: `${name}/v${version}` };
}

/** The version of a data key that an encryption context names; null: it names none. */
export function dataKeyNamed(
  context: Readonly<Record<string, string>>,
): { readonly name: string; readonly version: number } | null {
  const [, name, version] =
    /^([\w-]{1,63})\/v(\d{1,8})$/.exec(context[DATA_KEY_CONTEXT_KEY] ?? '') ?? [];
  return name === undefined ? null : { name, version: Number(version) };
}

/** Alias consumers use: it moves with every rotation. */
export function keyAlias(stage: string, name: string): string {
  return `alias/keyturn/${stage}/${name}`;
}

/** Name under which keys of tier `data` are counted at the key that wraps them; never that of a key store. */
export function wrappedBy(parent: string): string {
  return `wrapped-by/${parent}`;
}

/** Permanent alias of one version. */
export function versionAlias(stage: string, name: string, version: number): string {
  return `${keyAlias(stage, name)}/v${version}`;
}

/** Execution name of one attempt of an operation: the operation's id itself for the first. */
export function executionName(operationId: string, attempt: number): string {
  return attempt === 1 ? operationId : `${operationId}-${attempt}`;
}

/**
 * The attempt of a look by the clock: two looks in one minute are one, and no later one meets an old name.
 * @param now RFC 3339
 */
export function attemptOfMinute(now: string): number {
  return Math.floor(Date.parse(now) / 60_000);
}
