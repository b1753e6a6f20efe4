// SPDX-License-Identifier: Apache-2.0
// What is asked for when a recovery is started, and what goes with which kind.
import type { z } from 'zod';
import type { StartRecoveryRequest } from '#core/contract/recoveries.ts';
import { KeyturnError } from '#core/errors.ts';

export type AskedRecovery = z.infer<typeof StartRecoveryRequest>;

/** @throws KeyturnError `ValidationFailed` for members that belong to another kind */
export function requireFitting({ kind, backupId, emergency }: AskedRecovery): void {
  const wrong = (pointer: string, only: AskedRecovery['kind'], message: string) =>
    new KeyturnError('ValidationFailed', message, {
      fields: [{ pointer, detail: `goes with ${only} alone` }],
    });
  if (backupId !== undefined && kind !== 'key-store.restore')
    throw wrong('/backupId', 'key-store.restore', 'only a restore is made of a backup');
  if (emergency && kind !== 'key-store.disconnect')
    throw wrong(
      '/emergency',
      'key-store.disconnect',
      'one person alone disconnects the key store, and recovers nothing',
    );
}
