// SPDX-License-Identifier: Apache-2.0
// Examples of bodies about HSMs.
const CHANGE = {
  kind: 'replace',
  zone: 'eu-west-1b',
  replaces: 'hsm-abcdefghij2',
  state: 'adding',
  hsmId: null,
  cause: null,
  requestedBy: 'alice',
  startedAt: '2026-11-22T10:00:00.000Z',
  endedAt: null,
};

export const HSM_EXAMPLES = {
  ChangeHsmsRequest: { replaces: 'hsm-abcdefghij2' },
  HsmChange: CHANGE,
  Hsms: {
    keyStore: 'main',
    clusterId: 'cluster-abcdefghijk',
    hsmType: 'hsm2m.medium',
    items: [
      { id: 'hsm-abcdefghij2', zone: 'eu-west-1b', state: 'DEGRADED' },
      { id: 'hsm-abcdefghij3', zone: 'eu-west-1a', state: 'ACTIVE' },
    ],
    zones: ['eu-west-1a', 'eu-west-1b'],
    activeZones: 1,
    occupied: 412,
    capacity: 16_666,
    backupRetentionDays: 90,
    newestBackupAt: '2026-11-22T03:00:00.000Z',
    findings: ['one-zone'],
    change: CHANGE,
  },
};
