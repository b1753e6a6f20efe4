// SPDX-License-Identifier: Apache-2.0
// Events about caches of stopped keys; a part of the table of events.
import { z } from 'zod';
import { instant } from './api.ts';

export const PURGE_EVENTS = {
  'key.purge-overdue': {
    action: 'consumers.purge-overdue',
    summary: 'Consumers of a stopped key have not said in time that their caches are empty',
    members: {
      lagging: z.array(z.string()).describe('consumers that have not said so'),
      owner: z.string().describe('accountable person or team of the key'),
      since: instant.describe('when the key, or the version, was denied'),
    },
  },
} as const;
