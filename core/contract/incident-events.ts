// SPDX-License-Identifier: Apache-2.0
// Events of incidents; a part of the table of events.
import { z } from 'zod';

/** Members of every event about an incident. */
const INCIDENT = {
  key: z.null().describe('null: an incident can be about several keys'),
  incidentId: z.string(),
} as const;

export const INCIDENT_EVENTS = {
  'incident.opened': {
    action: 'incident.opened',
    summary: 'An incident was opened, by a person or by a rule of detection',
    members: { ...INCIDENT, type: z.string(), title: z.string(), keys: z.string() },
  },
  'incident.closed': {
    action: 'incident.closed',
    summary: 'An incident was closed with its root cause',
    members: { ...INCIDENT, rootCause: z.string() },
  },
} as const;
