// SPDX-License-Identifier: Apache-2.0
// Which odd uses of keys open an incident by themselves, and of which type. One a day for each key and rule.
import type { DetectionRules } from '#core/policies/detection-rules.ts';

export const DETECTION_RULES: DetectionRules = {
  rules: {
    'stopped-key-used': {
      incident: 'leaked-credential',
      means: 'a stopped key is used, or tried',
    },
    'replaced-version-encrypts': {
      incident: 'insider',
      means: 'something was encrypted under a replaced version',
    },
    'unknown-principal': {
      incident: 'leaked-credential',
      means: 'the key is used by a role that nobody registered',
      // Of a class whose outage hurts nobody; add others when you have watched what is found.
      suspends: ['test'],
    },
    'repeated-denials': {
      incident: 'leaked-credential',
      means: 'calls are refused again and again',
    },
    'volume-spike': {
      incident: 'leaked-credential',
      means: 'the key is used far more than in the days before',
    },
    'off-hours': {
      incident: 'insider',
      means: 'the key is used outside of the hours of its class',
    },
    'decrypt-without-consumer': {
      incident: 'insider',
      means: 'data is opened by a role that is no consumer of the key',
    },
  },
  denials: 20,
  denialSeconds: 600,
  settledSeconds: 300,
  spike: { factor: 10, floor: 1000, days: 7, knownDays: 2 },
  // Such as { 'internal-data': { timeZone: 'Europe/Berlin', windows: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '07:00', to: '20:00' }] } }.
  hours: {},
  maxSuspensionsPerHour: 5,
};
