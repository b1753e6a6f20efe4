// SPDX-License-Identifier: Apache-2.0
// Events of the pause; a part of the table of events.
import { z } from 'zod';
import { instant } from './api.ts';

const PAUSE = {
  key: z.null().describe('it is about all keys'),
  pause: z.string().describe('id of the pause'),
  until: instant.describe('when it ends, or would have ended, by itself'),
} as const;

export const PAUSE_EVENTS = {
  'pause.started': {
    action: 'pause.started',
    summary: 'Nothing that changes keys begins by schedule from now on',
    members: PAUSE,
  },
  'pause.ended': {
    action: 'pause.ended',
    summary: 'A person ended the pause: what is due begins again',
    members: PAUSE,
  },
  'pause.expired': {
    action: 'pause.expired',
    summary: 'A sweep saw that the pause had run out: what is due begins again',
    members: PAUSE,
  },
} as const;
