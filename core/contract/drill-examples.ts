// SPDX-License-Identifier: Apache-2.0
// Examples of bodies about drills.
const KEY_ID = '1234abcd-12ab-34cd-56ef-1234567890ab';

const DRILL = {
  id: 'drl_0003',
  keyStore: 'main',
  state: 'failed',
  phase: 'done',
  causes: ['1 of 412 expected versions are not in the backup'],
  startedBy: 'schedule/watch-drills',
  startedAt: '2026-10-13T09:00:00.000Z',
  endedAt: '2026-10-13T11:20:00.000Z',
  sourceClusterId: 'cluster-abcdefghijk',
  backupId: 'backup-abcdefghijk',
  backupAt: '2026-10-13T03:00:00.000Z',
  clusterIds: ['cluster-bcdefghijkl'],
  phases: [
    {
      name: 'find-backup',
      startedAt: '2026-10-13T09:00:00.000Z',
      endedAt: '2026-10-13T09:01:00.000Z',
      seconds: 60,
    },
    {
      name: 'create-cluster',
      startedAt: '2026-10-13T09:01:00.000Z',
      endedAt: '2026-10-13T09:04:00.000Z',
      seconds: 180,
    },
  ],
  removalRefusal: null,
  restoreSeconds: 900,
  quorumSeconds: 1260,
  recoverySeconds: 2100,
  keys: {
    listed: 413,
    expected: 412,
    found: 411,
    missingCount: 1,
    missing: [{ key: 'orders', version: 4, keyId: KEY_ID }],
    lingeringCount: 0,
    lingering: [],
    unknown: 2,
    reportedBy: 'usr_alice',
    reportedAt: '2026-10-13T09:35:00.000Z',
  },
  custodians: {
    required: 3,
    answered: 3,
    isQuorumReached: true,
    answerUntil: '2026-10-14T09:00:00.000Z',
    items: [
      {
        user: 'bob',
        toldAt: '2026-10-13T09:01:00.000Z',
        answeredAt: '2026-10-13T09:08:00.000Z',
        answerSeconds: 480,
      },
      { user: 'carol', toldAt: null, answeredAt: null, answerSeconds: null },
    ],
  },
};

export const DRILL_EXAMPLES = {
  DrillId: 'drl_0003',
  Drill: DRILL,
  DrillPage: { items: [DRILL], nextCursor: null },
  ReportDrillKeysRequest: {
    labels: [KEY_ID, 'arn:aws:kms:eu-west-1:111122223333:key/2345bcde-12ab-34cd-56ef-1234567890ab'],
  },
};
