// SPDX-License-Identifier: Apache-2.0
// What people may do, by immutable group id. No group may encrypt or decrypt: data is for workloads, and a workload
// may use only the keys whose `access` names its role (`adapters/access-table`).
import type { Action } from '#core/contract/routes.ts';

/** A rule lets a group do actions; `onlyOwned` limits it to keys that the person or their team owns. */
export interface RoleRule {
  readonly id: string;
  readonly group: string;
  readonly actions: readonly Action[];
  readonly onlyOwned?: true;
}

/** What everybody may. People decide only on what they are on the roster of; the engine checks that for every request. */
const READ: readonly Action[] = [
  'elevation:read',
  'elevation:request',
  'signer:read',
  'signer:enroll',
  'approval:read',
  'key:read',
  'key:plan',
  'source:read',
  'consumer:read',
  'operation:read',
  'escrow:read',
  'policy:read',
  'recovery:read',
  'incident:read',
  'scope:read',
  'drill:read',
  'pause:read',
  'brake:read',
];

export const ROLE_RULES: readonly RoleRule[] = [
  {
    id: 'operators-run-the-service',
    group: 'grp_operators',
    actions: [
      ...READ,
      'key:create',
      'key:update',
      'key:rotate',
      'key:adopt',
      'key:release',
      'key:revoke',
      'key:suspend',
      'key:resume',
      'pause:manage',
      'brake:apply',
      'brake:lift',
      'scope:contain',
      'scope:lift',
      'key:destroy',
      'key:stop-destruction',
      'consumer:manage',
      'consumer:acknowledge-purge',
      'rotation:cancel',
      'rotation:extend',
      'rotation:force',
      'approval:cancel',
      'elevation:revoke',
      'signer:remove',
      'escrow:request',
      'escrow:complete',
      'policy:activate',
      'policy:withdraw',
      'source:manage',
      'key:reencrypt',
      'key:hold',
      'key:retire',
      'rotation:roll-back',
      'audit:read',
      'key-store:provision',
      'recovery:request',
      'recovery:resume',
      'incident:manage',
      'key-store:read',
      'hsm:change',
      'drill:run',
      'task:read',
      'task:complete',
    ],
  },
  { id: 'owners-read', group: 'grp_owners', actions: READ },
  { id: 'owners-tell-of-incidents', group: 'grp_owners', actions: ['incident:manage'] },
  { id: 'owners-rotate-their-keys', group: 'grp_owners', actions: ['key:rotate'], onlyOwned: true },
  {
    id: 'owners-manage-their-consumers',
    group: 'grp_owners',
    actions: [
      'consumer:manage',
      'consumer:acknowledge-purge',
      'rotation:cancel',
      'rotation:extend',
      'rotation:roll-back',
    ],
    onlyOwned: true,
  },
  {
    id: 'owners-stop-their-keys',
    group: 'grp_owners',
    actions: ['key:revoke', 'key:suspend', 'key:resume', 'key:stop-destruction'],
    onlyOwned: true,
  },
  {
    id: 'owners-care-for-their-data',
    group: 'grp_owners',
    actions: ['source:manage', 'key:reencrypt', 'key:hold'],
    onlyOwned: true,
  },
  {
    id: 'custodians-decide',
    group: 'grp_custodians',
    actions: [
      ...READ,
      'approval:vote',
      'approval:cancel',
      'elevation:revoke',
      'signer:remove',
      'escrow:contribute',
      'drill:answer',
      'policy:withdraw',
      'key:stop-destruction',
      'incident:manage',
    ],
  },
  {
    id: 'auditors-read',
    group: 'grp_auditors',
    actions: [...READ, 'audit:read', 'key:hold', 'key-store:read'],
  },
];
