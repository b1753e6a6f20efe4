// SPDX-License-Identifier: Apache-2.0
// Examples of the bodies of rights for a while; a part of `examples.ts`.
const ELEVATION = {
  id: 'elv_01JD2Q4Y8Z5V7K3M9N6P0R1S2T',
  person: 'usr_carol',
  name: 'carol',
  group: 'grp_operators',
  reason: 'the operator on call cannot be reached',
  approvalId: 'apr_01JD2Q4Y8Z5V7K3M9N6P0R1S2T',
  grantedAt: '2026-11-22T10:00:00.000Z',
  until: '2026-11-22T11:00:00.000Z',
  revokedAt: null,
  revokedBy: null,
  isActive: true,
};

export const ELEVATION_EXAMPLES = {
  ElevationId: ELEVATION.id,
  RequestElevationRequest: {
    group: 'grp_operators',
    seconds: 3600,
    reason: 'the operator on call cannot be reached',
  },
  Elevation: ELEVATION,
  ElevationPage: { items: [ELEVATION], nextCursor: null },
} as const;
