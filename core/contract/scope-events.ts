// SPDX-License-Identifier: Apache-2.0
// Events of keys that are stopped together; a part of the table of events. Each key has those of its own besides.
import { z } from 'zod';

const BASE = {
  key: z.null().describe('it is about many'),
  containment: z.string().describe('id of the containment of the scope'),
} as const;
const SCOPE = {
  ...BASE,
  scope: z.string().describe('what its keys have in common, such as owner or host'),
  value: z.string(),
} as const;
const STOPPED = {
  ...SCOPE,
  mode: z
    .string()
    .nullable()
    .describe('hard: disabled in KMS; locked: denied by their policies; null: as each class says'),
  keys: z
    .int()
    .describe('found at the denial; where a quorum decided, as many as it took to know so'),
  isEmergency: z.boolean().describe('somebody acted alone where a quorum should decide'),
} as const;

export const SCOPE_EVENTS = {
  'scope.revoking': {
    action: 'scope.revoking',
    summary: 'Every key of a scope is denied from now on, for good; KMS follows key by key',
    members: STOPPED,
  },
  'scope.suspending': {
    action: 'scope.suspending',
    summary: 'Every key of a scope is denied from now on, until it is lifted; KMS follows',
    members: STOPPED,
  },
  'scope.contained': {
    action: 'scope.contained',
    summary: 'Every key of the scope is contained by itself: a pass over all found none left',
    members: { ...BASE, contained: z.int(), already: z.int(), refused: z.int() },
  },
  'scope.lifting': {
    action: 'scope.lifting',
    summary: 'A quorum has lifted the suspension of a scope: its keys open one by one',
    members: SCOPE,
  },
  'scope.lifted': {
    action: 'scope.lifted',
    summary: 'No key is suspended by this containment of a scope any more',
    members: { ...BASE, lifted: z.int(), failed: z.int() },
  },
} as const;
