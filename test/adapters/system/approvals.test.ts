// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { refusingApprovals } from '#adapters/system/approvals.ts';
import { ERRORS } from '#core/contract/errors.ts';

it('approvals cannot be given yet: whoever needs one is told so', async () => {
  const request = { act: 'rotation.force', key: 'orders', operationId: 'op_1', requestedBy: 'usr' };

  await expect(refusingApprovals.require(request)).rejects.toMatchObject({
    name: 'ApprovalRequired',
    message: expect.stringContaining('rotation.force on orders'),
    details: { act: 'rotation.force', key: 'orders', operationId: 'op_1' },
  });
  expect(ERRORS.ApprovalRequired.status).toBe(403);
});
