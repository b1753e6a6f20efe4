// SPDX-License-Identifier: Apache-2.0
// How the methods of incidents are called, and the path that must be requested; a part of `client.test.ts`.
import type { Client } from '#client/sdk/index.ts';

type Call = readonly [(client: Client) => Promise<unknown>, string];

export const INCIDENT_CALLS = {
  openIncident: [
    (c) => c.openIncident({ type: 'insider', title: 'case 4711', keys: ['orders'] }),
    '/v1/incidents',
  ],
  listIncidents: [(c) => c.listIncidents(), '/v1/incidents'],
  getIncident: [(c) => c.getIncident('inc_1'), '/v1/incidents/inc_1'],
  addIncidentNote: [
    (c) => c.addIncidentNote('inc_1', { text: 'found', phase: 'identify', keys: [] }),
    '/v1/incidents/inc_1/notes',
  ],
  addIncidentTask: [
    (c) => c.addIncidentTask('inc_1', { text: 'ask', phase: 'identify' }),
    '/v1/incidents/inc_1/tasks',
  ],
  updateIncidentTask: [
    (c) => c.updateIncidentTask({ id: 'inc_1', task: 't1' }, { state: 'done', note: 'asked' }),
    '/v1/incidents/inc_1/tasks/t1',
  ],
  closeIncident: [
    (c) => c.closeIncident('inc_1', { rootCause: 'a log', followUps: ['scan'] }),
    '/v1/incidents/inc_1/closure',
  ],
} satisfies Record<string, Call>;
