// SPDX-License-Identifier: Apache-2.0
// A recovery as the API shows it.
import type { z } from 'zod';
import type * as contract from '#core/contract/recoveries.ts';
import type { KeyStoreRecord } from '#core/provisioning/records.ts';
import { isReviewOpen } from '#core/recovery/emergency.ts';
import type { RecoveryRecord } from '#core/recovery/records.ts';

const secondsOf = (from: string, to: string | null) =>
  to === null ? null : (Date.parse(to) - Date.parse(from)) / 1000;

/** A recovery with the key store as it is now. */
export function recoveryView(
  record: RecoveryRecord,
  of: KeyStoreRecord | null,
): z.infer<typeof contract.Recovery> {
  const { adminRound: _round, survey, phases, ...rest } = record;
  const { cursor: _cursor, ...said } = survey;
  return {
    ...rest,
    isReviewOpen: of !== null && isReviewOpen(of, record.id),
    phases: phases.map((one) => ({ ...one, seconds: secondsOf(one.startedAt, one.endedAt) })),
    recoverySeconds: secondsOf(record.startedAt, record.endedAt),
    survey: {
      ...said,
      missing: [...survey.missing],
      resurrected: [...survey.resurrected],
    },
  };
}
