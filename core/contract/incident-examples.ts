// SPDX-License-Identifier: Apache-2.0
// Examples of the bodies of incidents; a part of `examples.ts`.
const SUMMARY = {
  id: 'inc_0123456789abcdef0123456789',
  type: 'leaked-credential',
  title: 'the role of orders-api was used from an unknown address',
  state: 'open',
  keys: ['orders'],
  owners: ['payments'],
  openedBy: 'usr_alice',
  openedAt: '2026-11-22T10:00:00.000Z',
  occurredAt: '2026-11-21T22:10:00.000Z',
  closedAt: null,
  openTasks: 1,
  revision: 2,
};

export const INCIDENT_EXAMPLES = {
  IncidentId: SUMMARY.id,
  OpenIncidentRequest: {
    type: 'leaked-credential',
    title: 'the role of orders-api was used from an unknown address',
    keys: ['orders'],
    occurredAt: '2026-11-21T22:10:00.000Z',
  },
  AddIncidentNoteRequest: { text: 'the address is a host of ours', phase: 'identify', keys: [] },
  AddIncidentTaskRequest: { text: 'ask the owner of the host', phase: 'identify', owner: 'olga' },
  UpdateIncidentTaskRequest: { state: 'done', note: 'asked; it was taken over' },
  CloseIncidentRequest: {
    rootCause: 'a token in a public log',
    followUps: ['logs are scanned before they are published'],
  },
  IncidentSummary: SUMMARY,
  IncidentPage: { items: [SUMMARY], nextCursor: null },
  Incident: {
    ...SUMMARY,
    tasks: [
      {
        id: 't1',
        phase: 'identify',
        text: 'See who used the key, and how: orders',
        command: 'keyturn key usage orders',
        owner: null,
        state: 'open',
        note: null,
        by: null,
        at: null,
      },
    ],
    timeline: [
      {
        at: '2026-11-22T10:01:00.000Z',
        phase: 'revoke',
        what: 'key.revoking: keyVersions 3, mode locked',
        by: 'usr_alice',
        key: 'orders',
        operationId: 'op_01JD8Z6Y3W9V5T7R2Q4N8M6K1H',
        auditHash: 'a5'.repeat(32),
      },
    ],
    affected: [
      {
        key: 'orders',
        owner: 'payments',
        class: 'internal-data',
        state: 'compromised',
        substate: null,
        currentVersion: 3,
        revokedVersions: [3],
        consumers: ['orders-api'],
        ciphertexts: [{ source: 'archive', version: 3, count: 48_211 }],
      },
    ],
    operations: ['op_01JD8Z6Y3W9V5T7R2Q4N8M6K1H'],
    rootCause: null,
    followUps: [],
    auditHead: 'b6'.repeat(32),
  },
} as const;
