// SPDX-License-Identifier: Apache-2.0
// What routes below `/v1/keys/{name}` begin with: the key, and the decision that the caller may do this to it.
import { KeyName } from '#core/contract/api.ts';
import { KeyturnError } from '#core/errors.ts';
import type { KeySnapshot, Ledger } from '#core/ports/ledger.ts';
import type { Decision } from '#core/ports/platform.ts';
import type { ApiRequest } from './api-handler.ts';
import { accessObject, existing } from './views.ts';

/** The key of the path, once the caller was found to be allowed. @throws KeyturnError `AccessDenied`, `KeyNotFound` */
export async function decidedSnapshot(
  ledger: Ledger,
  request: ApiRequest,
): Promise<{ snapshot: KeySnapshot; decision: Decision }> {
  const name = request.path['name'] ?? '';
  const snapshot = KeyName.safeParse(name).success ? await ledger.readKey(name) : null;
  const decision = await request.authorize(accessObject(snapshot?.key ?? null));
  const key = existing(snapshot?.key ?? null, name.slice(0, 64));
  if (!snapshot) throw new KeyturnError('KeyNotFound', `no key is named ${key.name}`);
  return { snapshot, decision };
}

/** A name in the path. @throws KeyturnError `ValidationFailed` for what cannot be one */
export function nameInPath(request: ApiRequest, part: 'source' | 'hold'): string {
  const name = KeyName.safeParse(request.path[part] ?? '');
  if (name.success) return name.data;
  throw new KeyturnError(
    'ValidationFailed',
    `the ${part} in the path must match ^[a-z][a-z0-9-]{0,62}$`,
    {
      fields: [{ pointer: `/${part}`, detail: 'is no name' }],
    },
  );
}

/** @throws KeyturnError `ValidationFailed` */
export function versionInPath(request: ApiRequest): number {
  const text = request.path['version'] ?? '';
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text);
  throw new KeyturnError('ValidationFailed', 'the version in the path must be a number such as 3', {
    fields: [{ pointer: '/version', detail: 'is no version number' }],
  });
}
