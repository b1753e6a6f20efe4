// SPDX-License-Identifier: Apache-2.0
// Refuses every act that needs approvals: there is no way to give any yet.
import { KeyturnError } from '#core/errors.ts';
import type { ApprovalRequest, Approvals } from '#core/ports/approvals.ts';

export const refusingApprovals: Approvals = {
  require: async ({ act, key, operationId }: ApprovalRequest) => {
    throw new KeyturnError(
      'ApprovalRequired',
      `${act} on ${key} needs the approval of several people, which this version cannot collect yet; nothing was done`,
      { details: { act, key, operationId } },
    );
  },
};
