// SPDX-License-Identifier: Apache-2.0
// Routes of the HSMs of a key store; a part of the route table.
import * as hsms from './hsms.ts';

export const HSM_ROUTES = {
  listHsms: {
    method: 'GET',
    path: '/v1/key-stores/{name}/hsms',
    function: 'manage-hsms',
    action: 'key-store:read',
    status: 200,
    summary: 'Show the HSMs of a key store, their zones, how full they are, and the newest backup',
    response: hsms.Hsms,
  },
  changeHsms: {
    method: 'POST',
    path: '/v1/key-stores/{name}/hsms',
    function: 'manage-hsms',
    action: 'hsm:change',
    status: 200,
    summary: 'Add an HSM to a key store, or replace one; the same request while it goes on is one',
    request: hsms.ChangeHsmsRequest,
    response: hsms.HsmChange,
  },
} as const;
