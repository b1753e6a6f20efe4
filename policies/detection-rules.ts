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
    },
    'repeated-denials': {
      incident: 'leaked-credential',
      means: 'calls are refused again and again',
    },
  },
  denials: 20,
  denialSeconds: 600,
  settledSeconds: 300,
};
