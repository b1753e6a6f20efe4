// SPDX-License-Identifier: Apache-2.0
import { MemoryRoleBrake } from '#adapters/memory/role-brake.ts';
import { describeRoleBrake } from '#test/adapters/contract/role-brake.contract.ts';

const ARN = 'arn:aws:iam::000000000000:role/';

describeRoleBrake('MemoryRoleBrake', async () => {
  const brake = new MemoryRoleBrake();
  brake.roles.add('orders-api').add('billing');
  return { brake, roles: [`${ARN}Orders-API`, `${ARN}billing`], missing: `${ARN}gone` };
});
