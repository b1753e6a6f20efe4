// SPDX-License-Identifier: Apache-2.0
// Backup ids as CloudHSM requests carry them.
import { text } from '../../protocol/members.ts';

/** e.g. `backup-4kmyxqzwhbc`. */
export const backupIdText = text(1, 64, {
  pattern: /^backup-[2-7a-zA-Z]{11,16}$/,
  patternShown: 'backup-[2-7a-zA-Z]{11,16}',
});

/** A backup id, or the ARN of a backup. */
export const backupIdOrArnText = text(1, 256, {
  pattern: /^(arn:aws(-us-gov)?:cloudhsm:[a-z0-9-]+:[0-9]{12}:backup\/)?backup-[2-7a-zA-Z]{11,16}$/,
});
