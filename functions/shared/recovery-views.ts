// SPDX-License-Identifier: Apache-2.0
// A recovery as the API shows it.
import type { z } from 'zod';
import type * as contract from '#core/contract/recoveries.ts';
import type { Ledger } from '#core/ports/ledger.ts';
import { taskIdOf } from '#core/provisioning/provision-key-store.ts';
import { isReviewOpen } from '#core/recovery/emergency.ts';
import type { RecoveryRecord } from '#core/recovery/records.ts';
import { secondsBetween } from './views.ts';

/** What stands beside the records of recoveries and says how things are now. */
export async function besideRecoveries(ledger: Ledger, keyStore: string) {
  const [of, tasks] = await Promise.all([
    ledger.readKeyStore(keyStore),
    ledger.readTasks(keyStore),
  ]);
  return { of, tasks };
}

/** A recovery with its key store and tasks as they are now. */
export function recoveryView(
  record: RecoveryRecord,
  { of, tasks }: Awaited<ReturnType<typeof besideRecoveries>>,
): z.infer<typeof contract.Recovery> {
  const deletion = tasks.find(({ id }) => id === taskIdOf('delete-objects', record.id));
  const { adminRound: _round, survey, phases, ...rest } = record;
  const { cursor: _cursor, ...said } = survey;
  return {
    ...rest,
    isReviewOpen: of !== null && isReviewOpen(of, record.id),
    phases: phases.map((one) => ({ ...one, seconds: secondsBetween(one.startedAt, one.endedAt) })),
    recoverySeconds: secondsBetween(record.startedAt, record.endedAt),
    survey: {
      ...said,
      missing: [...survey.missing],
      resurrected: [...survey.resurrected],
    },
    deletion: deletion ? { task: deletion.id, state: deletion.state } : null,
  };
}
